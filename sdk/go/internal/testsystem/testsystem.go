// Package testsystem starts TSS from this checkout for tests, on free ports and in a folder of its own.
package testsystem

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// System is a program of TSS that serves.
type System struct {
	Address string
	Key     string
	// Folder it was started in.
	Folder   string
	settings []string
	program  []string
	ready    string
	mu       sync.Mutex
	cmd      *exec.Cmd
	ended    chan struct{}
}

// StartDev is "tss dev": coordinator, gateway and agent in one process.
func StartDev(settings ...string) (*System, error) {
	folder, err := os.MkdirTemp("", "tss-go-dev-")
	if err != nil {
		return nil, err
	}
	listen := []string{"TSS_COORDINATOR_LISTEN=127.0.0.1:0", "TSS_GATEWAY_LISTEN=127.0.0.1:0"}
	system := &System{Folder: folder, program: []string{"bin/tss.cjs", "dev"}, ready: "Now try:", settings: append(listen, settings...)}
	output, err := system.run()
	if err != nil {
		return nil, err
	}
	system.Address = find(output, `(?m)^ +coordinator +(\S+)`)
	key, err := os.ReadFile(filepath.Join(folder, ".tss/credentials"))
	system.Key = strings.TrimSpace(string(key))
	return system, err
}

// StartCoordinator is "tss-coordinator" alone, on a port that stays the same over restarts.
func StartCoordinator(settings ...string) (*System, error) {
	folder, err := os.MkdirTemp("", "tss-go-coordinator-")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	system := &System{Folder: folder, program: []string{"bin/tss-coordinator.cjs"}, ready: "listens on", settings: append([]string{
		"TSS_DATABASE_URL=sqlite:" + filepath.Join(folder, "tss.db"),
		fmt.Sprintf("TSS_COORDINATOR_LISTEN=127.0.0.1:%d", port),
	}, settings...)}
	init := system.command("bin/tss.cjs", "db", "init")
	if said, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("tss db init: %w: %s", err, said)
	}
	output, err := system.run()
	system.Address = find(output, `listens on (\S+)`)
	system.Key = find(output, `(tss_\w+)`)
	return system, err
}

// Restart starts it again on the same database and port.
func (s *System) Restart() error {
	_, err := s.run()
	return err
}

// Stop sends a signal and waits for the end.
func (s *System) Stop(signal syscall.Signal) {
	s.mu.Lock()
	cmd, ended := s.cmd, s.ended
	s.mu.Unlock()
	_ = cmd.Process.Signal(signal)
	<-ended
}

// Close ends it and removes its folder.
func (s *System) Close() {
	s.Stop(syscall.SIGKILL)
	_ = os.RemoveAll(s.Folder)
}

// Root is the folder of the checkout.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "../../../..")
}

func (s *System) command(arguments ...string) *exec.Cmd {
	root := Root()
	arguments[0] = filepath.Join(root, arguments[0])
	// The Node that the project brings, not the launcher's child of it: signals are to reach the program itself.
	cmd := exec.Command(filepath.Join(root, "node_modules/.bin/node"), arguments...)
	cmd.Dir = s.Folder
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(s.Folder, "no-home"), "TSS_LOG_LEVEL=error"}, s.settings...)
	return cmd
}

// run starts the program and returns what it has said when it serves.
func (s *System) run() (string, error) {
	cmd := s.command(append([]string{}, s.program...)...)
	said := &listener{text: s.ready, heard: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = said, said
	if err := start(cmd); err != nil {
		return "", err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	s.mu.Lock()
	s.cmd, s.ended = cmd, ended
	s.mu.Unlock()
	select {
	case <-said.heard:
		return said.String(), nil
	case <-ended:
		return "", fmt.Errorf("%s ended: %s", s.program[0], said.String())
	}
}

// listener keeps what a program says and tells when it has said a text.
type listener struct {
	mu    sync.Mutex
	bytes bytes.Buffer
	text  string
	heard chan struct{}
	once  sync.Once
}

func (l *listener) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytes.Write(data)
	if strings.Contains(l.bytes.String(), l.text) {
		l.once.Do(func() { close(l.heard) })
	}
	return len(data), nil
}

func (l *listener) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes.String()
}

func find(text, pattern string) string {
	if match := regexp.MustCompile(pattern).FindStringSubmatch(text); match != nil {
		return match[1]
	}
	return ""
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
