package peerbench

import (
	"errors"
	"testing"
)

// agree lets every contender answer all questions. Small workloads do: what
// the rules say does not depend on how many there are.
func agree[W interface{ Expected(int) bool }](t *testing.T, w W, n int, contenders []Contender[W]) {
	t.Helper()
	allowed := 0
	for i := range n {
		if w.Expected(i) {
			allowed++
		}
	}
	if allowed == 0 || allowed == n {
		t.Fatalf("%d of %d questions are to be allowed", allowed, n)
	}
	for _, c := range contenders {
		t.Run(c.Name, func(t *testing.T) {
			build, err := c.Build(w)
			if err != nil {
				t.Fatal(err)
			}
			worker, err := build()
			if err != nil {
				t.Fatal(err)
			}
			if err := Check(worker, n, 1, w.Expected); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRoutesAgree(t *testing.T) {
	w := NewRoutes(20)
	agree(t, w, len(w.Questions), RouteContenders())
}

func TestMixAgrees(t *testing.T) {
	w := NewMix()
	agree(t, w, len(w.Questions), MixContenders())
}

func TestCrowdAgrees(t *testing.T) {
	w := NewCrowd(400)
	agree(t, w, len(w.Questions), CrowdContenders())
}

func TestDriveAgrees(t *testing.T) {
	w, err := ReadDrive()
	if errors.Is(err, ErrNoDrive) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	agree(t, w, len(w.Questions), DriveContenders())
}

// TestCheckFindsAWrongAnswer keeps the comparison itself honest.
func TestCheckFindsAWrongAnswer(t *testing.T) {
	w := NewRoutes(10)
	wrong := func(i int) bool { return w.Expected(i) != (i == 517) }
	var m *Mismatch
	if err := Check(wrong, len(w.Questions), 1, w.Expected); !errors.As(err, &m) || m.Question != 517 {
		t.Errorf("got %v, want a mismatch at question 517", err)
	}
	if err := Check(w.Expected, len(w.Questions), 1, w.Expected); err != nil {
		t.Error(err)
	}
}
