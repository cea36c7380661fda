package e2e

import (
	"os/exec"
	"syscall"
)

// dieWithParent covers the end of the test process that runs no cleanup: a
// time-out or a panic.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
