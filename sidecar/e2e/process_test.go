package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// process is a child that does not outlive its test.
type process struct {
	name           string
	cmd            *exec.Cmd
	stdout, stderr lines
	ended          chan struct{}
	err            error // how it ended; after ended
	abandoned      bool  // how it ended is nobody's concern
}

// startProcess starts cmd and stops it at the end of the test. Its stdin is
// open until then: a child that watches it notices when this process is gone.
func startProcess(t testing.TB, name string, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{name: name, cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.stdout, &p.stderr
	cmd.WaitDelay = 5 * time.Second
	dieWithParent(cmd)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", name, err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		if err := p.stop(30 * time.Second); err != nil && !p.abandoned {
			t.Errorf("stopping %s: %v", name, err)
		}
		_ = stdin.Close()
		if t.Failed() {
			t.Logf("last lines of %s's stderr:\n%s", name, p.stderr.tail(15))
		}
	})
	return p
}

// signal sends a signal to the process itself.
func (p *process) signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatalf("sending %v to %s: %v", s, p.name, err)
	}
}

// stop sends SIGTERM and waits, see wait. Stopping what has ended gives how it
// ended.
func (p *process) stop(within time.Duration) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return p.wait(within)
}

// wait gives how the process ends; after within it kills, and that is an error.
func (p *process) wait(within time.Duration) error {
	select {
	case <-p.ended:
		return p.err
	case <-time.After(within):
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
	return fmt.Errorf("killed: still there after %s", within)
}

// hasEnded tells whether the process is gone.
func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}
