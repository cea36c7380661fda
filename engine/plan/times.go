package plan

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gwctl/gwctl/engine/celenv"
)

// ownInstant plans the functions that give a timestamp.
func (b *builder) ownInstant(x ast.Expr) fn[moment] {
	if x.Kind() != ast.CallKind {
		return nil
	}
	args := x.AsCall().Args()
	switch x.AsCall().FunctionName() {
	case operators.Add:
		if kindOf(b.typeOf(args[0])) == span {
			return binary(b.span(args[0]), b.instant(args[1]), func(d time.Duration, t moment) (moment, error) { return t.later(d) })
		}
		return binary(b.instant(args[0]), b.span(args[1]), moment.later)
	case operators.Subtract:
		return binary(b.instant(args[0]), b.span(args[1]), func(t moment, d time.Duration) (moment, error) {
			if d == math.MinInt64 {
				return t, errOverflow
			}
			return t.later(-d)
		})
	case "timestamp":
		return b.toInstant(args[0])
	}
	return nil
}

// toInstant plans timestamp(x). How one is written is CEL's to say.
func (b *builder) toInstant(x ast.Expr) fn[moment] {
	switch kindOf(b.typeOf(x)) {
	case instant:
		return b.instant(x).eval
	case text:
		return converted(b.text(x).eval, func(s string) (moment, error) {
			return asTime(types.String(s).ConvertToType(types.TimestampType))
		})
	case whole:
		return converted(b.whole(x).eval, func(n int64) (moment, error) {
			return asTime(types.Int(n).ConvertToType(types.TimestampType))
		})
	}
	return nil
}

func asTime(v ref.Val) (moment, error) {
	if t, ok := v.(types.Timestamp); ok {
		return momentAt(t.Time), nil
	}
	return moment{}, asError(v)
}

func asSpan(v ref.Val) (time.Duration, error) {
	if d, ok := v.(types.Duration); ok {
		return d.Duration, nil
	}
	return 0, asError(v)
}

func asError(v ref.Val) error {
	if err, ok := v.(*types.Err); ok {
		return err
	}
	return errUnheld
}

// ownSpan plans the functions that give a duration.
func (b *builder) ownSpan(x ast.Expr) fn[time.Duration] {
	if x.Kind() != ast.CallKind {
		return nil
	}
	args := x.AsCall().Args()
	switch x.AsCall().FunctionName() {
	case operators.Add:
		return binary(b.span(args[0]), b.span(args[1]), func(x, y time.Duration) (time.Duration, error) {
			sum, err := add(int64(x), int64(y))
			return time.Duration(sum), err
		})
	case operators.Subtract:
		if kindOf(b.typeOf(args[0])) == instant {
			return binary(b.instant(args[0]), b.instant(args[1]), moment.since)
		}
		return binary(b.span(args[0]), b.span(args[1]), func(x, y time.Duration) (time.Duration, error) {
			diff, err := subtract(int64(x), int64(y))
			return time.Duration(diff), err
		})
	case "duration":
		if kindOf(b.typeOf(args[0])) == span {
			return b.span(args[0]).eval
		}
		return converted(b.text(args[0]).eval, func(s string) (time.Duration, error) {
			return asSpan(types.String(s).ConvertToType(types.DurationType))
		})
	}
	return nil
}

// timeParts are the functions that take a timestamp apart.
var timeParts = map[string]func(time.Time) int64{
	"getFullYear":     func(t time.Time) int64 { return int64(t.Year()) },
	"getMonth":        func(t time.Time) int64 { return int64(t.Month()) - 1 },
	"getDayOfYear":    func(t time.Time) int64 { return int64(t.YearDay()) - 1 },
	"getDayOfMonth":   func(t time.Time) int64 { return int64(t.Day()) - 1 },
	"getDate":         func(t time.Time) int64 { return int64(t.Day()) },
	"getDayOfWeek":    func(t time.Time) int64 { return int64(t.Weekday()) },
	"getHours":        func(t time.Time) int64 { return int64(t.Hour()) },
	"getMinutes":      func(t time.Time) int64 { return int64(t.Minute()) },
	"getSeconds":      func(t time.Time) int64 { return int64(t.Second()) },
	"getMilliseconds": func(t time.Time) int64 { return int64(t.Nanosecond()) / int64(time.Millisecond) },
}

// spanParts are the functions that count the units in a duration.
var spanParts = map[string]func(time.Duration) int64{
	"getHours":        func(d time.Duration) int64 { return int64(d.Hours()) },
	"getMinutes":      func(d time.Duration) int64 { return int64(d.Minutes()) },
	"getSeconds":      func(d time.Duration) int64 { return int64(d.Seconds()) },
	"getMilliseconds": time.Duration.Milliseconds,
}

// timePart plans t.getHours() and its like.
func (b *builder) timePart(call ast.CallExpr) fn[int64] {
	part, ok := timeParts[call.FunctionName()]
	if !ok || !call.IsMemberFunction() {
		return nil
	}
	if kindOf(b.typeOf(call.Target())) == span {
		return mapped(b.span(call.Target()).eval, spanParts[call.FunctionName()])
	}
	zone := time.UTC
	if args := call.Args(); len(args) == 1 {
		if zone = b.zone(args[0]); zone == nil {
			return nil
		}
	}
	return mapped(b.instant(call.Target()).eval, func(t moment) int64 { return part(t.time().In(zone)) })
}

// zone gives a zone that is known at load: a name, or an offset such as
// +05:30.
func (b *builder) zone(x ast.Expr) *time.Location {
	name := b.text(x)
	if !name.literal {
		b.refuse("the time zone is not known at load")
		return nil
	}
	hours, minutes, isOffset := strings.Cut(name.value, ":")
	if !isOffset {
		l, err := b.expr.Scope().Zone(name.value)
		if err != nil {
			return nil
		}
		return l
	}
	h, errHours := strconv.Atoi(hours)
	min, errMinutes := strconv.Atoi(minutes)
	if errHours != nil || errMinutes != nil || h < -23 || h > 23 || min < 0 || min > 59 {
		return nil
	}
	if hours[0] == '-' {
		min = -min
	}
	return time.FixedZone("", (h*60+min)*60)
}

// wholeMinutes is the Unix time since when all zones have been a number of
// whole minutes away from UTC: the last one that was not ended in 1972.
const wholeMinutes = 100_000_000

// calendar plans date, clock and weekday. What they gave last is kept: it is
// the same for as long as a day, an hour and a minute.
func (b *builder) calendar(function string, args []ast.Expr) fn[string] {
	write, ok := celenv.CalendarText(function)
	if !ok || len(args) != 2 {
		return nil
	}
	name := b.text(args[1])
	if !name.literal {
		b.refuse("the time zone is not known at load")
		return nil
	}
	zone, err := b.expr.Scope().Zone(name.value)
	if err != nil {
		return nil
	}
	at := b.instant(args[0]).eval
	outside := fmt.Errorf("the year is outside 1 to 9999 in %s", name.value)
	type minute struct {
		since int64 // Unix
		text  string
	}
	var last atomic.Pointer[minute]
	return func(m *Machine) (string, bool) {
		t, ok := at(m)
		if !ok {
			return "", false
		}
		since := t.seconds - (t.seconds%60+60)%60
		if l := last.Load(); l != nil && l.since == since {
			return l.text, true
		}
		local := t.time().In(zone)
		if y := local.Year(); y < 1 || y > 9999 {
			m.fail(outside)
			return "", false
		}
		l := &minute{since, write(local)}
		if since > wholeMinutes {
			last.Store(l)
		}
		return l.text, true
	}
}
