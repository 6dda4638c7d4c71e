package testsystem

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

var starts = sync.OnceValue(func() chan func() {
	work := make(chan func())
	go func() {
		// The kernel ends the children when the thread that started them ends: this one stays.
		runtime.LockOSThread()
		for start := range work {
			start()
		}
	}()
	return work
})

// start makes sure that the child does not outlive this process.
func start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	done := make(chan error)
	starts() <- func() { done <- cmd.Start() }
	return <-done
}
