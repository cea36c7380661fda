package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Markers of the page between which the tables stand.
const (
	begin = "<!-- proxy: begin, written by make bench-proxy -->\n"
	end   = "<!-- proxy: end -->"
)

// report prints the tables, or writes them into the page.
func (b *bench) report(servers []*server) error {
	text := b.markdown(servers)
	if b.page == "" {
		_, err := os.Stdout.WriteString(text)
		return err
	}
	page, err := os.ReadFile(b.page)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(page), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return fmt.Errorf("%s has no place for the tables", b.page)
	}
	return os.WriteFile(b.page, []byte(before+begin+text+end+after), 0o644)
}

func (b *bench) markdown(servers []*server) string {
	var out strings.Builder
	fmt.Fprintf(&out, "Measured on %s %s, %s, %d cores: medians of %d rounds of %d requests over %d connections.\n\n",
		runtime.GOOS, runtime.GOARCH, runtime.Version(), runtime.NumCPU(), b.rounds, b.requests, connections)
	b.table(&out, servers, "proxy", bare, "times a bare Go ReverseProxy")
	out.WriteString("\n")
	b.table(&out, servers, "decision", constant, "times a constant handler")
	out.WriteString("\n| target | measured | met |\n|---|--:|--:|\n")
	verdict := func(text string, value, most float64) {
		met := "yes"
		if value > most {
			met = "no"
		}
		fmt.Fprintf(&out, "| %s | %.2f | %s |\n", text, value, met)
	}
	for _, s := range servers {
		switch s.name {
		case known:
			verdict("the whole proxy path, tokens known: at most 1.1 times a bare ReverseProxy", ratio(s, named(servers, bare)), 1.1)
			verdict("the same: below it, at most 0.8 times", ratio(s, named(servers, bare)), 0.8)
			verdict("idle with 1,000 policies: at most 40 MiB resident", s.idle, 40)
			verdict("ready, in milliseconds: at most 150", float64(s.ready.Microseconds())/1000, 150)
		case forward:
			verdict("forward-auth: at most 2 times a constant handler", ratio(s, named(servers, constant)), 2)
		}
	}
	return out.String()
}

func (b *bench) table(out *strings.Builder, servers []*server, group, base, times string) {
	fmt.Fprintf(out, "| server | %s | CPU µs of a request | idle MiB | ready ms |\n|---|--:|--:|--:|--:|\n", times)
	for _, s := range servers {
		if s.group != group {
			continue
		}
		ready := "–"
		if s.readyURL != "" {
			ready = fmt.Sprintf("%.0f", float64(s.ready.Microseconds())/1000)
		}
		fmt.Fprintf(out, "| %s | %.2f | %.1f | %.0f | %s |\n", s.name, ratio(s, named(servers, base)), float64(median(s.cost).Nanoseconds())/1000, s.idle, ready)
	}
}

func named(servers []*server, name string) *server {
	i := slices.IndexFunc(servers, func(s *server) bool { return s.name == name })
	if i < 0 {
		return nil
	}
	return servers[i]
}

// ratio is the median of the ratios within a round.
func ratio(s, base *server) float64 {
	if base == nil {
		return 0
	}
	var list []float64
	for i := range s.cost {
		list = append(list, float64(s.cost[i])/float64(base.cost[i]))
	}
	slices.Sort(list)
	return list[len(list)/2]
}

func median(list []time.Duration) time.Duration {
	list = slices.Clone(list)
	slices.Sort(list)
	return list[len(list)/2]
}
