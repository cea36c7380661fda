package suite

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/explain"
)

// Result is what one case came to.
type Result struct {
	Case     *Case
	Skipped  bool // nothing was decided; Case.Skip says why
	Decision engine.Decision
	Wrong    string               // why the case cannot be asked, "" if it can
	Failures []Difference         // from the expectation
	Why      *explain.Explanation // of a failed case; nil if no rule was asked
}

// Passed tells whether everything expected came true.
func (r *Result) Passed() bool { return !r.Skipped && !r.Failed() }

// Failed tells whether something did not, or could not be asked.
func (r *Result) Failed() bool { return r.Wrong != "" || len(r.Failures) > 0 }

// Options say how cases are run.
type Options struct {
	Workers  int             // goroutines; 1 if it is less
	FailFast bool            // no case is begun after one failed; those before it are all there
	Progress func(done int)  // told now and then, by any goroutine; may be nil
	Observe  func() Observer // makes one for each goroutine; may be nil
}

// Observer is shown every case that reaches the rules, with its request, and
// decides it in place of the set: in the same way.
type Observer func(c *Case, r *engine.Request) engine.Decision

// chunk is how many cases a goroutine takes at once.
const chunk = 64

// Run decides the cases and compares. The results are in the order of the
// cases, whatever the number of goroutines.
func (r *Runner) Run(cases []*Case, o Options) []Result {
	out := make([]Result, len(cases))
	var next, done atomic.Int64
	var first atomic.Int64 // the first case that failed
	first.Store(int64(len(cases)))
	var all sync.WaitGroup
	for range max(1, min(o.Workers, (len(cases)+chunk-1)/chunk)) {
		all.Add(1)
		go func() {
			defer all.Done()
			w := &worker{binder: newBinder(r)}
			if o.Observe != nil {
				w.observer = o.Observe()
			}
			for {
				from := int(next.Add(chunk)) - chunk
				if from >= len(cases) || o.FailFast && from > int(first.Load()) {
					return
				}
				to := min(from+chunk, len(cases))
				for i := from; i < to; i++ {
					w.run(cases[i], &out[i])
					if out[i].Failed() && o.FailFast {
						lower(&first, int64(i))
						break
					}
				}
				if n := done.Add(int64(to - from)); o.Progress != nil {
					o.Progress(int(n))
				}
			}
		}()
	}
	all.Wait()
	if o.FailFast {
		out = out[:min(len(out), int(first.Load())+1)]
	}
	return out
}

// lower makes v the least of what was stored.
func lower(to *atomic.Int64, v int64) {
	for {
		was := to.Load()
		if v >= was || to.CompareAndSwap(was, v) {
			return
		}
	}
}

type worker struct {
	*binder
	observer Observer
}

// Run decides one case and compares.
func (c *Case) Run() Result {
	var res Result
	(&worker{binder: newBinder(c.runner)}).run(c, &res)
	return res
}

func (w *worker) run(c *Case, res *Result) {
	res.Case = c
	if c.Skip != "" {
		res.Skipped = true
		return
	}
	req, err := w.bind(c)
	var refused *Refused
	switch {
	case err == nil && w.observer != nil:
		res.Decision = w.observer(c, req)
	case err == nil:
		res.Decision = w.runner.set.Decide(req)
	case errors.As(err, &refused):
		res.Decision = engine.Decision{Reason: refused.Reason, Status: refused.Status, SetDigest: w.runner.set.Digest()}
	default:
		res.Wrong = "the case cannot be asked: " + err.Error()
		return
	}
	if res.Failures = c.compare(&res.Decision); len(res.Failures) == 0 || refused != nil {
		return
	}
	if again, err := c.Bind(); err == nil {
		x := explain.Explain(w.runner.set, again)
		res.Why = &x
	}
}
