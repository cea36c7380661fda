package mapping

import (
	"fmt"
	"strconv"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy/document"
)

// toNative gives an input the Go form that CEL reads: integers as int64, other
// numbers as float64.
func toNative(in slot.Input) any {
	if members := in.Members(); members != nil {
		out := make(map[string]any, len(members))
		for _, e := range members {
			out[e.Key] = toNative(e.Value)
		}
		return out
	}
	if in.IsList() {
		out := make([]any, 0, len(in.Items()))
		for _, x := range in.Items() {
			out = append(out, toNative(x))
		}
		return out
	}
	if in.IsNull() {
		return nil
	}
	return in.Scalar()
}

func (e *entry) eval(claims map[string]any) (slot.Input, error) {
	out, _, err := e.program.Eval(map[string]any{"claims": claims})
	if err != nil {
		return slot.Input{}, fmt.Errorf("mapping user.%s: %w", e.attribute, err)
	}
	return fromCEL(out)
}

// fromCEL gives the result of an expression back as an input.
func fromCEL(v ref.Val) (slot.Input, error) {
	switch x := v.(type) {
	case types.Null:
		return slot.Input{}, nil
	case types.Bool:
		return slot.FromBool(bool(x)), nil
	case types.Int:
		return slot.FromNumber(strconv.FormatInt(int64(x), 10)), nil
	case types.Double:
		return number(strconv.FormatFloat(float64(x), 'g', -1, 64))
	case types.String:
		return slot.Quoted(string(x)), nil
	case types.Timestamp:
		return slot.Quoted(x.Time.UTC().Format(time.RFC3339Nano)), nil
	case types.Duration:
		return slot.Quoted(x.Duration.String()), nil
	case *types.Optional:
		if !x.HasValue() {
			return slot.Input{}, nil
		}
		return fromCEL(x.GetValue())
	case traits.Mapper:
		var entries []slot.InputEntry
		for it := x.Iterator(); it.HasNext() == types.True; {
			k := it.Next()
			name, ok := k.(types.String)
			if !ok {
				return slot.Input{}, fmt.Errorf("a key of the mapped value is no string")
			}
			in, err := fromCEL(x.Get(k))
			if err != nil {
				return in, err
			}
			entries = append(entries, slot.InputEntry{Key: string(name), Value: in})
		}
		return slot.FromObject(entries), nil
	case traits.Lister:
		var items []slot.Input
		for it := x.Iterator(); it.HasNext() == types.True; {
			in, err := fromCEL(it.Next())
			if err != nil {
				return in, err
			}
			items = append(items, in)
		}
		return slot.FromList(items), nil
	}
	return slot.Input{}, fmt.Errorf("the expression gives a %s, which no attribute can hold", v.Type().TypeName())
}

func number(text string) (slot.Input, error) {
	if _, ok := document.ParseDouble(text); !ok {
		return slot.Input{}, fmt.Errorf("the expression gives a number that is not finite")
	}
	return slot.FromNumber(text), nil
}
