//go:build !linux

package testsystem

import "os/exec"

func start(cmd *exec.Cmd) error { return cmd.Start() }
