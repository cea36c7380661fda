package command

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/engine/coverage"
	"github.com/gwctl/gwctl/engine/suite"
)

func runTest(o *testOptions) error {
	out, code := o.test()
	if o.update {
		written, found, err := updateHeaders(o.results)
		if err != nil {
			return err
		}
		if written > 0 {
			fmt.Fprintf(o.streams.Err, "%d expectations written\n", written)
			out, code = o.test()
		}
		out.Diagnostics = append(out.Diagnostics, found...)
		code = max(code, findingsCode(found, false))
	}
	if err := o.writeCoverage(out, code == exitFine); err != nil {
		return err
	}
	if err := out.Write(o.streams.Out, o.output, o.streams.Color, code == exitFine); err != nil {
		return internal(err, "")
	}
	return exitWith(code)
}

// test runs the suites of every path.
func (o *testOptions) test() (*report.Test, int) {
	out := &report.Test{Envelope: report.NewEnvelope("policy test"), Now: o.streams.Now()}
	o.results = nil
	code := exitFine
	suites := false
	for _, path := range o.paths {
		l, err := load(path)
		if err != nil {
			out.Diagnostics = append(out.Diagnostics, notLoaded(path, err))
			code = exitInternal
			continue
		}
		if l.set != nil && o.config != "" {
			if err := configure(l, o.config); err != nil {
				found, worse := findingsOf(err)
				out.Diagnostics = append(out.Diagnostics, found...)
				code = max(code, worse)
				continue
			}
		}
		out.Diagnostics = append(out.Diagnostics, l.found...)
		code = max(code, findingsCode(l.found, o.strict))
		if l.set == nil {
			code = max(code, exitNotLoad)
			continue
		}
		all := l.runner.Cases()
		if len(all) == 0 {
			out.Diagnostics = append(out.Diagnostics, setProblem(path, "no_suite", "no test suite found", "add a TestSuite in a file whose name ends in _test.yaml"))
			code = max(code, exitFindings)
			continue
		}
		suites = true
		if o.failFast && out.Summary.Failed > 0 {
			continue
		}
		o.decide(l, all, out)
	}
	if suites && out.Summary.Cases == 0 && o.shard == "" { // a part may be empty
		out.Diagnostics = append(out.Diagnostics, setProblem(o.paths[0], "no_case", "no case matches "+o.wanted(), "a case's name is SUITE/CASE; tags stand in cases and suites"))
		code = max(code, exitFindings)
	}
	if out.Summary.Failed > 0 {
		code = max(code, exitFindings)
	}
	for i := range out.Coverage {
		for _, below := range out.Coverage[i].Below(o.minimums) {
			out.Diagnostics = append(out.Diagnostics, setProblem(out.Coverage[i].Set, "coverage_too_low", below, "see what is missing with --coverage, or in the page of --coverage-out cover.html"))
			code = max(code, exitFindings)
		}
	}
	return out, code
}

func (o *testOptions) wanted() string {
	out := strings.TrimSpace(o.run)
	if len(o.tags) > 0 {
		out = strings.TrimSpace(out + " --tags " + strings.Join(o.tags, ","))
	}
	return out
}

// decide runs the cases of one set that were picked.
func (o *testOptions) decide(l *loaded, all []*suite.Case, out *report.Test) {
	cases := suite.Select(all, o.selection)
	run := suite.Options{Workers: runtime.GOMAXPROCS(0), FailFast: o.failFast}
	var recorder *coverage.Recorder
	if o.coverage {
		recorder = coverage.NewRecorder(l.set)
		run.Observe = recorder.Observe
	}
	bar := &progress{streams: o.streams, total: len(cases)}
	if o.streams.Terminal && o.output == "text" {
		run.Progress = bar.at
	}
	results := l.runner.Run(cases, run)
	bar.clear()
	out.Add(results)
	if o.update {
		o.results = append(o.results, results...)
	}
	if recorder != nil {
		files := map[string][]string{}
		for _, f := range l.files.List {
			files[f.Path] = strings.Split(string(f.Data), "\n")
		}
		out.Coverage = append(out.Coverage, report.SetCoverage{Set: l.path, Report: recorder.Report(all), Files: files})
	}
}

// progress shows on a terminal how far a long run is.
type progress struct {
	streams Streams
	total   int
	mu      sync.Mutex
	last    time.Time
	shown   bool
}

// often is how often it is drawn; short runs never are.
const often = 200 * time.Millisecond

func (p *progress) at(done int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch now := p.streams.Now(); {
	case p.last.IsZero():
		p.last = now
	case now.Sub(p.last) >= often:
		p.last, p.shown = now, true
		fmt.Fprintf(p.streams.Err, "\r%d of %d cases", done, p.total)
	}
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprintf(p.streams.Err, "\r%*s\r", len(fmt.Sprintf("%d of %d cases", p.total, p.total)), "")
	}
}
