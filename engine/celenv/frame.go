package celenv

import (
	"errors"
	"fmt"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/gwctl/gwctl/engine/slot"
)

// AttributeError is the evaluation error of reading an attribute that has no
// value. State says why.
type AttributeError struct {
	Attribute string
	State     slot.State
	Err       error // what the provider said, for operators
}

func (e *AttributeError) Error() string {
	if e.State == slot.Unavailable {
		return e.Attribute + " is unavailable: its provider did not answer"
	}
	return e.Attribute + " is " + e.State.String()
}

func (e *AttributeError) Unwrap() error { return e.Err }

// Frame is one request's values as one scope sees them. Variables are
// evaluated when they are first read, once. A Frame belongs to one goroutine.
type Frame struct {
	scope   *Scope
	values  *slot.Values
	objects [slot.Roots]object
	vars    object
	consts  object
	libs    map[string]*object
	memo    map[string]result
	wholes  []whole
	// Trace receives the evaluation of each variable as it happens; nil on
	// the request path.
	trace func(name string, f *Frame, e *Expr) (ref.Val, error)
}

// whole is a list, map or object that was read, in CEL's form: a loop may read
// it once for each of thousands of items.
type whole struct {
	index slot.Index
	value ref.Val
}

// NewFrame binds values to a scope.
func (s *Scope) NewFrame(v *slot.Values) *Frame {
	f := &Frame{scope: s, values: v}
	for r := range f.objects {
		f.objects[r] = object{frame: f, root: slot.Root(r), typ: rootType(slot.Root(r))}
	}
	f.vars = object{frame: f, typ: varsType}
	f.consts = object{frame: f, typ: constsType}
	return f
}

// ResolveName implements CEL's Activation.
func (f *Frame) ResolveName(name string) (any, bool) {
	switch name {
	case "vars":
		return &f.vars, true
	case "consts":
		return &f.consts, true
	}
	for r := range slot.Body {
		if r.String() == name {
			return &f.objects[r], true
		}
	}
	if lib, ok := f.scope.libs[name]; ok {
		return f.library(name, lib), true
	}
	return nil, false
}

// library is an imported library as an object. Its variables are evaluated in
// a frame of its own over the same values.
func (f *Frame) library(name string, lib *Scope) *object {
	if o, ok := f.libs[name]; ok {
		return o
	}
	inner := lib.NewFrame(f.values)
	if f.trace != nil {
		inner.trace = func(v string, at *Frame, e *Expr) (ref.Val, error) { return f.trace(name+"."+v, at, e) }
	}
	if f.libs == nil {
		f.libs = map[string]*object{}
	}
	f.libs[name] = &object{frame: inner, typ: libType(name), lib: true}
	return f.libs[name]
}

// Parent implements CEL's Activation.
func (f *Frame) Parent() cel.Activation { return nil }

// single gives the one value of a header or query parameter as an optional.
func (f *Frame) single(from slot.Index, key string) ref.Val {
	v, state := f.values.Get(from)
	if state != slot.Present {
		return types.WrapErr(f.absent(from, state))
	}
	for _, e := range v.Entries() {
		if e.Key != key {
			continue
		}
		if items := e.Value.Items(); len(items) == 1 {
			return types.OptionalOf(celValue(items[0]))
		}
		return types.WrapErr(&AttributeError{Attribute: f.values.Layout().Attr(from).FullName(), State: slot.Malformed})
	}
	return types.OptionalNone
}

func (f *Frame) absent(i slot.Index, state slot.State) error {
	return &AttributeError{Attribute: f.values.Layout().Attr(i).FullName(), State: state, Err: f.values.Err(i)}
}

// present gives a value that is there.
func (f *Frame) present(i slot.Index, v slot.Value) ref.Val {
	if !isWhole(v) {
		return celValue(v)
	}
	for _, w := range f.wholes {
		if w.index == i {
			return w.value
		}
	}
	out := celValue(v)
	f.wholes = append(f.wholes, whole{i, out})
	return out
}

func isWhole(v slot.Value) bool {
	return v.Kind() == slot.List || v.Kind() == slot.Map || v.Kind() == slot.Object
}

// result is what a variable came to.
type result struct {
	value ref.Val
	err   error
}

func (f *Frame) variable(name string) ref.Val {
	m, ok := f.memo[name]
	if !ok {
		e, declared := f.scope.vars[name]
		if !declared {
			return types.NewErr("no such variable: %s", name)
		}
		if f.trace != nil {
			m.value, m.err = f.trace(name, f, e)
		} else {
			m.value, m.err = e.eval(f)
		}
		if f.memo == nil {
			f.memo = map[string]result{}
		}
		f.memo[name] = m
	}
	var spent interpreter.EvalCancelledError
	switch {
	case errors.As(m.err, &spent):
		panic(spent) // ends the reader's evaluation, too: an `|| true` there must not hide it
	case m.err != nil:
		return types.WrapErr(m.err)
	}
	return m.value
}

// object is a root such as `user`, or `vars` or `consts`, in CEL. Field access
// comes through Get and has() through IsSet, so that an absent attribute is an
// error and an unavailable one is an error even to has().
type object struct {
	frame *Frame
	root  slot.Root
	typ   *types.Type
	lib   bool
}

func (o *object) lookup(index ref.Val) (name string, i slot.Index, ok bool) {
	s, isString := index.(types.String)
	if !isString {
		return "", 0, false
	}
	i, ok = o.frame.values.Layout().Lookup(o.root, string(s))
	return string(s), i, ok
}

// Get implements traits.Indexer.
func (o *object) Get(index ref.Val) ref.Val {
	name, i, ok := o.lookup(index)
	switch {
	case o.lib:
		if v, found := o.frame.scope.consts[name]; found {
			return v
		}
		return o.frame.variable(name)
	case o.root == slot.Request && name == "body" && o == &o.frame.objects[slot.Request]:
		return &o.frame.objects[slot.Body]
	case o == &o.frame.vars:
		return o.frame.variable(name)
	case o == &o.frame.consts:
		if v, found := o.frame.scope.consts[name]; found {
			return v
		}
		return types.NewErr("no such constant: %s", name)
	case !ok:
		return types.NewErr("no such attribute: %s.%s", o.root, name)
	}
	v, state := o.frame.values.Get(i)
	if state != slot.Present {
		return types.WrapErr(o.frame.absent(i, state))
	}
	return o.frame.present(i, v)
}

// IsSet implements traits.FieldTester.
func (o *object) IsSet(field ref.Val) ref.Val {
	if o == &o.frame.vars || o == &o.frame.consts || o.lib {
		return types.True
	}
	name, i, ok := o.lookup(field)
	if o.root == slot.Request && name == "body" {
		return types.Bool(o.frame.values.HasBody())
	}
	if !ok {
		return types.NewErr("no such attribute: %s.%s", o.root, name)
	}
	switch _, state := o.frame.values.Get(i); state {
	case slot.Present:
		return types.True
	case slot.Absent:
		return types.False
	default:
		return types.WrapErr(o.frame.absent(i, state))
	}
}

// ConvertToNative implements ref.Val; an object has no native form.
func (o *object) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s cannot be used as a value", o.typ)
}

// ConvertToType implements ref.Val; an object converts to nothing.
func (o *object) ConvertToType(ref.Type) ref.Val {
	return types.NewErr("%s cannot be converted", o.typ)
}

// Equal implements ref.Val; objects cannot be compared.
func (o *object) Equal(ref.Val) ref.Val { return types.NewErr("%s cannot be compared", o.typ) }

// Type implements ref.Val.
func (o *object) Type() ref.Type { return o.typ }

// Value implements ref.Val.
func (o *object) Value() any { return o }
