package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a running contender.
type server struct {
	contender
	cmd   *exec.Cmd
	out   bytes.Buffer
	ready time.Duration   // from its start
	idle  float64         // MiB resident without requests
	cost  []time.Duration // CPU time of a request, by round
}

// start starts a contender and waits until it answers.
func (c contender) start(dir string) (*server, error) {
	s := &server{contender: c}
	s.cmd = exec.Command(c.command[0], c.command[1:]...)
	s.cmd.Dir = dir
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	s.cmd.Env = append(os.Environ(), "HOME="+dir)
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := began.Add(20 * time.Second); ; {
		if s.answers() {
			s.ready = time.Since(began)
			return s, nil
		}
		if time.Now().After(deadline) {
			s.stop()
			return nil, fmt.Errorf("it never answered:\n%s", s.out.Bytes())
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// answers asks once, for readiness where there is a word for it.
func (s *server) answers() bool {
	if s.readyURL == "" {
		c, err := net.DialTimeout("tcp", s.address, time.Second)
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	}
	resp, err := http.Get(s.readyURL)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	ended := make(chan struct{})
	go func() {
		_ = s.cmd.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		_ = s.cmd.Process.Kill()
		<-ended
	}
}

// pids are the process and its children: nginx works in those.
func (s *server) pids() ([]int, error) {
	own := s.cmd.Process.Pid
	out := []int{own}
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		fields, err := statOf(file)
		if err != nil {
			continue // it has ended
		}
		if parent, err := strconv.Atoi(fields[1]); err == nil && parent == own {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			if err != nil {
				return nil, err
			}
			out = append(out, pid)
		}
	}
	return out, nil
}

// statOf gives the fields of /proc/PID/stat from the state on.
func statOf(file string) ([]string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	_, rest, ok := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 {
		return nil, fmt.Errorf("%s cannot be read", file)
	}
	return fields, nil
}

// ticks is the length of a tick of CPU time; Linux has 100 of them a second
// everywhere.
const ticks = 10 * time.Millisecond

// cpu is the CPU time that the server has taken.
func (s *server) cpu() (time.Duration, error) {
	pids, err := s.pids()
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, pid := range pids {
		fields, err := statOf(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return 0, err
		}
		for _, f := range fields[11:13] { // user and system
			n, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				return 0, err
			}
			sum += time.Duration(n) * ticks
		}
	}
	return sum, nil
}

// memory is what is resident, in MiB.
func (s *server) memory() (float64, error) {
	pids, err := s.pids()
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, pid := range pids {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return 0, err
		}
		_, rest, _ := strings.Cut(string(data), "VmRSS:")
		kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
		if err != nil {
			return 0, err
		}
		sum += kib / 1024
	}
	return sum, nil
}
