package celenv

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gwctl/gwctl/engine/slot"
)

// record is a value of type object in CEL. A field without a value is absent:
// reading it is an error. It belongs to one Frame.
type record struct {
	value  slot.Value
	fields map[string]ref.Val // lists, maps and objects that were read
}

func (r *record) field(index ref.Val) (name string, declared bool) {
	s, ok := index.(types.String)
	if !ok {
		return "", false
	}
	_, declared = r.value.ObjectType().Field(string(s))
	return string(s), declared
}

// Get implements traits.Indexer.
func (r *record) Get(index ref.Val) ref.Val {
	name, declared := r.field(index)
	if !declared {
		return types.NewErr("no such field: %s.%s", r.value.ObjectType().Name, name)
	}
	if v, ok := r.fields[name]; ok {
		return v
	}
	v, ok := r.value.Entry(name)
	if !ok {
		return types.WrapErr(&AttributeError{Attribute: r.value.ObjectType().Name + "." + name, State: slot.Absent})
	}
	out := celValue(v)
	if isWhole(v) {
		if r.fields == nil {
			r.fields = map[string]ref.Val{}
		}
		r.fields[name] = out
	}
	return out
}

// IsSet implements traits.FieldTester.
func (r *record) IsSet(field ref.Val) ref.Val {
	name, declared := r.field(field)
	if !declared {
		return types.NewErr("no such field: %s.%s", r.value.ObjectType().Name, name)
	}
	_, ok := r.value.Entry(name)
	return types.Bool(ok)
}

// ConvertToNative implements ref.Val; a record has no native form.
func (r *record) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s cannot be converted", r.value.ObjectType().Name)
}

// ConvertToType implements ref.Val; a record converts to nothing.
func (r *record) ConvertToType(ref.Type) ref.Val {
	return types.NewErr("%s cannot be converted", r.value.ObjectType().Name)
}

// Equal implements ref.Val.
func (r *record) Equal(other ref.Val) ref.Val {
	o, ok := other.(*record)
	return types.Bool(ok && r.value.Equal(o.value))
}

// Type implements ref.Val.
func (r *record) Type() ref.Type { return types.NewObjectType("@" + r.value.ObjectType().Name) }

// Value implements ref.Val.
func (r *record) Value() any { return r }

// String gives the record as JSON, for explanations.
func (r *record) String() string { return string(r.value.AppendJSON(nil)) }
