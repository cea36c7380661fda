package workload

import "testing"

// Agree lets every contender answer all questions.
func Agree[W Workload](t *testing.T, w W, contenders []Contender[W]) {
	t.Helper()
	allowed := 0
	for i := range w.Len() {
		if w.Expected(i) {
			allowed++
		}
	}
	if allowed == 0 || allowed == w.Len() {
		t.Fatalf("%d of %d questions are to be allowed", allowed, w.Len())
	}
	for _, c := range contenders {
		t.Run(c.Name, func(t *testing.T) {
			engine, err := c.Build(w)
			if err != nil {
				t.Fatal(err)
			}
			if err := Check(w, engine(), 1); err != nil {
				t.Error(err)
			}
		})
	}
}
