// Command conformance is the conformance program of the Go SDK: it obeys the driver protocol of
// sdk/conformance/README.md on its standard input and output.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

const maxLine = 16 << 20

// call is what the runner asks.
type call struct {
	ID   json.RawMessage `json:"id"`
	Do   string          `json:"do"`
	With json.RawMessage `json:"with"`
}

type object = map[string]any

// program answers calls side by side.
type program struct {
	mu      sync.Mutex
	output  *json.Encoder
	clients clients
	workers workers
	gates   gates
}

func main() {
	// Standard output is the protocol's.
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
	p := &program{output: json.NewEncoder(os.Stdout)}
	p.say(object{"event": "ready", "protocol": 1, "sdk": "go", "can": []string{"bytes", "codecs", "signals", "stop", "attempts"}})
	terminated, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		<-terminated.Done()
		p.workers.drainAll()
		os.Exit(0)
	}()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var asked call
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, "a call is not JSON:", err)
			os.Exit(1)
		}
		go p.obey(asked)
	}
}

func (p *program) obey(asked call) {
	do := p.calls()[asked.Do]
	if do == nil {
		p.say(object{"id": asked.ID, "error": object{"code": "PROGRAM", "message": "the program does not know " + asked.Do}})
		return
	}
	answer, err := do(context.Background(), asked.With)
	if err != nil {
		p.say(object{"id": asked.ID, "error": describeError(err)})
		return
	}
	p.say(object{"id": asked.ID, "ok": answer})
}

func (p *program) say(line any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.output.Encode(line); err != nil {
		fmt.Fprintln(os.Stderr, "a line cannot be said:", err)
		os.Exit(1)
	}
}

// read is a call's arguments as T.
func read[T any](with json.RawMessage) (T, error) {
	var made T
	if len(with) == 0 {
		return made, nil
	}
	err := json.Unmarshal(with, &made)
	return made, err
}
