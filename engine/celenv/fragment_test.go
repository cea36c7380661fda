package celenv

import (
	"errors"
	"testing"

	"cel.dev/cel-go/common/types"

	"github.com/gwctl/gwctl/engine/slot"
)

// TestFragment: a part evaluated alone comes to what it comes to in place.
func TestFragment(t *testing.T) {
	r := newRig(t, "mine = user.flag").full()
	for source, want := range map[string]any{
		"user.country + 'x' == 'DEx'": "DEx", "vars.mine == true": true, "user.clearance * 2 == 8": int64(8), "size(user.tags) == 1": int64(1),
	} {
		e, problems := r.scope.CompileUnguarded(source, nil)
		if len(problems) > 0 {
			t.Fatalf("%s: %+v", source, problems)
		}
		part := e.AST().Expr().AsCall().Args()[0]
		f, err := e.Fragment(part)
		if err != nil {
			t.Fatal(err)
		}
		got, steps, err := f.Eval(e.Scope().NewFrame(r.values))
		if err != nil || got.Value() != want || steps == 0 {
			t.Errorf("%s: %v in %d steps, %v; want %v", source, got, steps, err, want)
		}
	}
}

// TestFragmentFails: an attribute's state and a used-up budget come through.
func TestFragmentFails(t *testing.T) {
	r := newRig(t)
	for source, check := range map[string]func(error) bool{
		"user.country == 'DE'": func(err error) bool { _, state := stateOf(err); return state == slot.Absent },
		"consts.many.exists(a, consts.many.exists(b, a + b + consts.big == 'y'))": func(err error) bool { return errors.Is(err, ErrBudget) },
	} {
		e, problems := r.scope.CompileUnguarded(source, nil)
		if len(problems) > 0 {
			t.Fatalf("%s: %+v", source, problems)
		}
		f, err := e.Fragment(e.AST().Expr())
		if err != nil {
			t.Fatal(err)
		}
		if v, steps, err := f.Eval(e.Scope().NewFrame(r.values)); v != nil || err == nil || !check(err) || steps == 0 {
			t.Errorf("%s: %v in %d steps, %v", source, v, steps, err)
		}
	}
}

// TestSlotValue: what goes to CEL and back is the same.
func TestSlotValue(t *testing.T) {
	r := newRig(t).full()
	for i := range r.scope.layout.Len() {
		v, state := r.values.Get(slot.Index(i))
		if state != slot.Present {
			continue
		}
		if back, ok := SlotValue(CELValue(v)); !ok || !back.Equal(v) {
			t.Errorf("%s comes back as %s, %t", v.Text(), back.Text(), ok)
		}
	}
	object := &slot.Type{Kind: slot.Object, Name: "user.o", Fields: []*slot.Attr{{Name: "a", Type: mustType(t, "int"), Optional: true}}}
	made, _, err := (&slot.Attr{Root: slot.User, Name: "o", Type: object}).Convert(slot.FromObject([]slot.InputEntry{{Key: "a", Value: slot.Plain("1")}}))
	if err != nil {
		t.Fatal(err)
	}
	if back, ok := SlotValue(CELValue(made)); !ok || !back.Equal(made) {
		t.Errorf("an object comes back as %s, %t", back.Text(), ok)
	}
	if _, ok := SlotValue(types.Uint(1)); ok {
		t.Error("a slot holds a uint")
	}
	if _, ok := SlotValue(types.NewDynamicList(types.DefaultTypeAdapter, []uint64{1})); ok {
		t.Error("a slot holds a list of uints")
	}
	if _, ok := SlotValue(types.NewDynamicMap(types.DefaultTypeAdapter, map[int64]string{1: "x"})); ok {
		t.Error("a slot holds a map by number")
	}
}

func TestScopeParts(t *testing.T) {
	r := newRig(t)
	if v, ok := r.scope.Const("n"); !ok || v != types.Int(3) {
		t.Errorf("%v, %t", v, ok)
	}
	for name, want := range map[string]bool{"user": true, "vars": true, "consts": true, "request": true, "nobody": false} {
		if got := r.scope.IsRoot(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if _, ok := r.scope.Library("nobody"); ok {
		t.Error("a library out of nowhere")
	}
	for name, want := range map[string]bool{"Europe/Berlin": true, "Local": false, "+01:00": false} {
		if l, err := r.scope.Zone(name); (err == nil) != want || want && l.String() != name {
			t.Errorf("%s: %v, %v", name, l, err)
		}
	}
	for name, want := range map[string]bool{"date": true, "clock": true, "weekday": true, "size": false} {
		if _, ok := CalendarText(name); ok != want {
			t.Errorf("%s: %t", name, ok)
		}
	}
}
