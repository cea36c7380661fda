package command

import (
	"errors"
	"fmt"
	"io"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/policy"
)

// caseOfDecision prints a recorded decision as a suite. What the record lacks,
// and how the set decides the case now, is told beside it.
func caseOfDecision(o *testOptions) error {
	l, err := mustLoad(o.paths[0])
	if err != nil {
		return err
	}
	found, err := (&recordLog{id: o.decision}).find(o.log)
	switch {
	case errors.Is(err, errNoRecord), err == nil && found.Kind != record.KindDecision:
		return usage("the id stands in decision_id of a record", "%s has no decision %q", o.log, o.decision)
	case err != nil:
		return internal(fmt.Errorf("reading the decision records: %w", err), "give the file that the sidecar writes")
	}
	out, err := l.runner.FromRecord(found.Event)
	if err != nil {
		return &failure{code: exitFindings, err: err, hint: "only answered requests become cases"}
	}
	if _, err := io.WriteString(o.streams.Out, out.YAML); err != nil {
		return internal(err, "")
	}
	for _, n := range out.Notes {
		fmt.Fprintf(o.streams.Err, "note: %s\n", n)
	}
	return o.tryCase(l, out)
}

// tryCase runs the case that was made, so that nobody pastes one that does not
// load.
func (o *testOptions) tryCase(l *loaded, out *suite.Regression) error {
	const name = "from_decision_test.yaml"
	src, found := policy.Load(append(l.files.List[:len(l.files.List):len(l.files.List)], policy.File{Path: name, Data: []byte(out.YAML)}))
	var set *engine.Set
	if !found.HasErrors() {
		set, found = engine.Compile(src)
	}
	if set == nil {
		return &failure{code: exitFindings, err: errors.New("the case does not load as it is"), hint: "mend what is said above", found: found}
	}
	for _, c := range l.runner.Over(set).Cases() {
		if c.Suite != out.Name || c.Span.Path != name {
			continue
		}
		r := c.Run()
		if r.Wrong != "" {
			fmt.Fprintf(o.streams.Err, "note: %s\n", r.Wrong)
		}
		for _, f := range r.Failures {
			fmt.Fprintf(o.streams.Err, "note: the set decides otherwise: %s\n", f)
		}
	}
	return nil
}
