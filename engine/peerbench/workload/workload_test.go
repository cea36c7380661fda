package workload

import (
	"errors"
	"testing"
)

// TestCheckFindsAWrongAnswer keeps the comparison itself honest.
func TestCheckFindsAWrongAnswer(t *testing.T) {
	w := NewRoutes(10)
	wrong := func(i int) bool { return w.Expected(i) != (i == 517) }
	var m *Mismatch
	if err := Check(w, wrong, 1); !errors.As(err, &m) || m.Question != 517 {
		t.Errorf("got %v, want a mismatch at question 517", err)
	}
	if err := Check(w, w.Expected, 1); err != nil {
		t.Error(err)
	}
}

// TestWorkloads: at least 1,024 distinct requests, half of them denied, and
// the same in every run.
func TestWorkloads(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func() (Workload, []Question)
	}{
		{"10 routes", func() (Workload, []Question) { w := NewRoutes(10); return w, w.Questions }},
		{"1,000 routes", func() (Workload, []Question) { w := NewRoutes(1000); return w, w.Questions }},
		{"mix", func() (Workload, []Question) { w := NewMix(); return w, w.Questions }},
		{"crowd", func() (Workload, []Question) { w := NewCrowd(1000); return w, w.Questions }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, list := tt.make()
			_, again := tt.make()
			seen, allowed := map[string]bool{}, 0
			for i, q := range list {
				seen[key(&q)] = true
				if w.Expected(i) {
					allowed++
				}
				if key(&q) != key(&again[i]) {
					t.Fatalf("question %d is %s, and then %s", i, key(&q), key(&again[i]))
				}
			}
			if len(seen) < 1024 || w.Len() != len(list) || allowed*2 != len(list) {
				t.Errorf("%d distinct of %d, %d allowed", len(seen), len(list), allowed)
			}
		})
	}
}
