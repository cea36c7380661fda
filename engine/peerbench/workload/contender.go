package workload

import "fmt"

// Worker answers the workload's question of a number. It belongs to one
// goroutine.
type Worker func(i int) bool

// Engine is an engine with its rules loaded, and with the input prepared where
// the contender takes it so. Each call makes a worker.
type Engine func() Worker

// Shared is the engine whose one worker keeps no state and serves everyone.
func Shared(w Worker) Engine { return func() Worker { return w } }

// Contender is one way of answering a workload W.
type Contender[W Workload] struct {
	Name  string
	Build func(w W) (Engine, error)
}

// Loader reads the rules of a workload. Prepare writes them in the engine's
// language; what it gives reads them and returns all that has to stay in
// memory for decisions.
type Loader struct {
	Name    string
	Prepare func(w *Routes) (load func() (any, error))
}

// Mismatch says that a contender's answer is not the expected one.
type Mismatch struct {
	Question int
	Allowed  bool // what the contender said
}

func (m *Mismatch) Error() string {
	return fmt.Sprintf("question %d: allowed %t, expected %t", m.Question, m.Allowed, !m.Allowed)
}

// Check asks every step-th question and compares with what is expected. The
// error is a *Mismatch.
func Check(w Workload, ask Worker, step int) error {
	for i := 0; i < w.Len(); i += step {
		if got := ask(i); got != w.Expected(i) {
			return &Mismatch{Question: i, Allowed: got}
		}
	}
	return nil
}
