package celenv

import (
	"fmt"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones mean the same on every machine, also on one without zone files

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// zones are the time zones that expressions name, by IANA name. A zone is
// read once: reading one anew takes as long as a hundred comparisons.
type zones struct{ byName sync.Map }

// load gives a zone. Only names of the IANA database are accepted: offsets
// know no daylight saving, and the machine's own zone differs by machine.
func (z *zones) load(name string) (*time.Location, error) {
	if l, ok := z.byName.Load(name); ok {
		return l.(*time.Location), nil
	}
	if !isZoneName(name) {
		return nil, fmt.Errorf("%q is not the name of a time zone", name)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("there is no time zone %q", name)
	}
	z.byName.Store(name, l)
	return l, nil
}

// isZoneName leaves out what only looks like a zone: the machine's own, and
// the copies that some systems keep with leap seconds counted in.
func isZoneName(name string) bool {
	for _, prefix := range []string{"posix/", "right/", "posixrules", "localtime", "Factory"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return name != "" && name != "Local" && name[0] >= 'A' && name[0] <= 'Z'
}

// calendarFunction is one of date, clock and weekday.
type calendarFunction struct {
	name string
	size uint64 // of the result, at most
	text func(time.Time) string
}

func calendarFunctions() []calendarFunction {
	return []calendarFunction{
		{"date", 10, func(t time.Time) string { return t.Format(time.DateOnly) }},
		{"clock", 5, func(t time.Time) string { return t.Format(clockLayout) }},
		{"weekday", 9, func(t time.Time) string { return strings.ToLower(t.Weekday().String()) }},
	}
}

// clockLayout is 24 hours with leading zeros, so that times of day compare as
// text.
const clockLayout = "15:04"

// options declares date(t, zone), such as '2026-01-15', clock(t, zone), such
// as '09:05', and weekday(t, zone), 'monday' to 'sunday'.
func (z *zones) options() []cel.EnvOption {
	var out []cel.EnvOption
	for _, f := range calendarFunctions() {
		id := f.name + "_timestamp_string"
		out = append(out,
			cel.Function(f.name, cel.Overload(id, []*cel.Type{cel.TimestampType, cel.StringType}, cel.StringType, cel.BinaryBinding(z.calendar(f)))),
			cel.CostModel(cost.Overload(id, cost.EvalCost(cost.Const(2)), cost.ResultSize(cost.AtMost(cost.Const(f.size))))))
	}
	return out
}

func (z *zones) calendar(f calendarFunction) func(t, zone ref.Val) ref.Val {
	return func(t, zone ref.Val) ref.Val {
		at, isTime := t.(types.Timestamp)
		name, isString := zone.(types.String)
		if !isTime || !isString {
			return types.MaybeNoSuchOverloadErr(t)
		}
		l, err := z.load(string(name))
		if err != nil {
			return types.WrapErr(err)
		}
		local := at.Time.In(l)
		if y := local.Year(); y < 1 || y > 9999 {
			return types.NewErr("the year is outside 1 to 9999 in %s", name)
		}
		return types.String(f.text(local))
	}
}
