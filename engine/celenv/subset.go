package celenv

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/env"
)

// removal is a function of CEL's standard library that conditions do not
// have.
type removal struct {
	name   string
	reason string // for readers of the documentation
	hint   string // for authors who used it
}

// removals are what the language leaves out of CEL's standard library. Both
// functions exist to step outside the declared types, and with them a
// misspelt comparison would be found by a request and not when the set loads.
// The conversions int(), uint(), double(), string(), bytes(), bool(),
// timestamp() and duration() stay.
func removals() []removal {
	return []removal{
		{"dyn", "turns the type check off for a value: 'x' == dyn(1) loads and never matches", "attributes have declared types: compare without dyn(…), or convert with int(…), string(…) and their like"},
		{"type", "asks at run time what the Schema says at load time", "attributes have declared types: there is nothing to ask for"},
	}
}

// standardLibrary is CEL's standard library without the removals, so that the
// checker itself knows of no such function.
func standardLibrary() cel.EnvOption {
	subset := env.NewLibrarySubset()
	for _, r := range removals() {
		subset.AddExcludedFunctions(env.NewFunction(r.name))
	}
	return cel.StdLib(cel.StdLibSubset(subset))
}

// removedHint tells what to write in place of a removed function.
func removedHint(name string) (string, bool) {
	for _, r := range removals() {
		if r.name == name {
			return r.hint, true
		}
	}
	return "", false
}
