package command

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/gwctl/gwctl/engine/explain"
	"github.com/gwctl/gwctl/engine/suite"
)

// What explain says is what is decided, on every case of every example: by
// request, by resource and action, and in a matrix.
func TestExplainAgreesWithDecide(t *testing.T) {
	const examples = "../../../examples"
	sets, asked := 0, 0
	err := filepath.WalkDir(examples, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || path == examples {
			return err
		}
		l, err := load(path)
		if err != nil || l.set == nil || len(l.runner.Cases()) == 0 {
			return err
		}
		sets++
		for _, c := range l.runner.Cases() {
			decided, bindErr := c.Bind()
			var refused *suite.Refused
			if errors.As(bindErr, &refused) {
				continue // neither decides what never reaches a rule
			}
			explained, again := c.Bind()
			if bindErr != nil || again != nil {
				t.Errorf("%s: %v, %v", c.FullName(), bindErr, again)
				continue
			}
			want, err := json.Marshal(l.set.Decide(decided))
			if err != nil {
				return err
			}
			got, err := json.Marshal(explain.Explain(l.set, explained).Decision)
			if err != nil {
				return err
			}
			if string(got) != string(want) {
				t.Errorf("%s: explained %s, decided %s", c.FullName(), got, want)
			}
			asked++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if sets < 2 || asked < 80 {
		t.Errorf("%d cases of %d sets were asked", asked, sets)
	}
}
