// Command proxybench measures what a request costs behind gwctl, beside a bare
// Go ReverseProxy, Caddy and nginx, in one run.
//
// `make bench-proxy` builds and runs it. It starts every server itself, on
// loopback and on ports that are free, drives each with the same requests over
// 32 connections, and reads the CPU time of the server's processes; the rounds
// are interleaved. With -w it writes its tables into a page. It needs Linux,
// nginx and Caddy, and refuses to measure a server that gives a wrong answer.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == "serve" {
		fail(serve(os.Args[2], os.Args[3]))
		return
	}
	b := &bench{}
	flag.StringVar(&b.gwctl, "gwctl", "", "the gwctl to measure")
	flag.IntVar(&b.rounds, "rounds", 5, "how often everything is measured")
	flag.IntVar(&b.requests, "requests", 20000, "requests to a server in a round")
	flag.StringVar(&b.page, "w", "", "page whose tables are replaced")
	flag.StringVar(&b.profile, "profile", "", "with the name of a server: only drive it, for a profiler")
	flag.Parse()
	fail(b.run())
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "proxybench:", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	gwctl, page, profile string
	rounds, requests     int
	dir                  string
}

func (b *bench) run() (err error) {
	if b.gwctl == "" {
		return errors.New("say which gwctl to measure: -gwctl bin/gwctl")
	}
	if b.gwctl, err = filepath.Abs(b.gwctl); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "proxybench"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	w, err := newWorld(b.dir)
	if err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	defer w.close()
	var servers []*server
	defer func() {
		for _, s := range servers {
			s.stop()
		}
	}()
	for _, c := range contenders(b.gwctl, w) {
		if b.profile != "" && b.profile != c.name {
			continue
		}
		s, err := c.start(b.dir)
		if err != nil {
			return fmt.Errorf("starting %s: %w", c.name, err)
		}
		servers = append(servers, s)
	}
	// What is idle has settled.
	time.Sleep(2 * time.Second)
	for _, s := range servers {
		if s.idle, err = s.memory(); err != nil {
			return err
		}
	}
	for _, s := range servers { // connections, caches
		if _, err := s.drive(2 * len(w.requests[s.requests])); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	for round := range b.rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, b.rounds)
		for _, s := range servers {
			cpu, err := s.drive(b.requests)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			s.cost = append(s.cost, cpu)
		}
	}
	return b.report(servers)
}
