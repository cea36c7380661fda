package slot

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/gwctl/gwctl/policy/document"
)

// InvalidError says which rule a value breaks. It names the attribute and the
// rule, never the value.
type InvalidError struct {
	Attribute string
	Rule      string
}

func (e *InvalidError) Error() string { return e.Attribute + " " + e.Rule }

// Convert gives an input its type and checks every bound. ok is false when
// the input means that there is no value: null, or an empty string where that
// means absent. The error is an *InvalidError.
func (a *Attr) Convert(in Input) (v Value, ok bool, err error) {
	if in.IsNull() {
		return Value{}, false, nil
	}
	if text, isText := in.Text(); isText && text == "" && a.EmptyIsAbsent() {
		return Value{}, false, nil
	}
	v, rule := a.Type.convert(in, a)
	if rule == "" {
		rule = a.check(v)
	}
	if rule != "" {
		return Value{}, false, &InvalidError{Attribute: a.FullName(), Rule: rule}
	}
	return v, true, nil
}

// convert gives the value, or the rule that is broken.
func (t *Type) convert(in Input, a *Attr) (Value, string) {
	switch t.Kind {
	case List:
		return t.convertList(in, a)
	case Map:
		return t.convertMap(in, a)
	case Object:
		return t.convertObject(in)
	}
	if in.shape == list || in.shape == object || in.shape == null {
		return Value{}, t.wrong()
	}
	return t.convertScalar(in, a)
}

// wrong is the rule that a value of another type breaks.
func (t *Type) wrong() string { return "must be a " + t.String() }

func (t *Type) convertScalar(in Input, a *Attr) (Value, string) {
	switch t.Kind {
	case Bool:
		if in.shape == truth {
			return BoolValue(in.b), ""
		}
		if b, ok := document.ParseBool(in.text); ok && in.shape == plain {
			return BoolValue(b), ""
		}
		return Value{}, t.wrong()
	case Int:
		if i, ok := document.ParseInt(in.text); ok && (in.shape == plain || in.shape == number) {
			return IntValue(i), ""
		}
		return Value{}, t.wrong()
	case Double:
		if f, ok := document.ParseDouble(in.text); ok && (in.shape == plain || in.shape == number) {
			return DoubleValue(f), ""
		}
		return Value{}, t.wrong()
	}
	if in.shape != plain && in.shape != quoted {
		return Value{}, t.wrong()
	}
	return t.convertText(in.text, a)
}

// timeForm is stricter than time.Parse, which takes hours of one digit, a comma
// and any number of decimals.
var timeForm = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$`)

func (t *Type) convertText(text string, a *Attr) (Value, string) {
	switch t.Kind {
	case String:
		if !utf8.ValidString(text) {
			return Value{}, "must be valid UTF-8"
		}
		if limit := orDefault(a.MaxLength, DefaultMaxLength); len(text) > limit {
			return Value{}, fmt.Sprintf("must have at most %d bytes", limit)
		}
		return StringValue(text), ""
	case Timestamp:
		at, err := time.Parse("2006-01-02T15:04:05.999999999Z", text)
		if err != nil || at.Year() < 1 || !timeForm.MatchString(text) {
			return Value{}, "must be a timestamp such as 2026-01-15T10:00:00Z"
		}
		return TimeValue(at), ""
	case Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return Value{}, "must be a duration such as 90s"
		}
		return DurationValue(d), ""
	case IP:
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" || addr.String() != text || addr.Is4In6() {
			return Value{}, "must be an IP address in its usual spelling"
		}
		return IPValue(addr), ""
	case CIDR:
		p, err := netip.ParsePrefix(text)
		if err != nil || p.String() != text || p.Masked() != p || p.Addr().Is4In6() {
			return Value{}, "must be a network without host bits, such as 192.0.2.0/24"
		}
		return CIDRValue(p), ""
	}
	return Value{}, t.wrong()
}

func (t *Type) convertList(in Input, a *Attr) (Value, string) {
	if in.shape != list {
		return Value{}, t.wrong()
	}
	if limit := orDefault(a.MaxItems, DefaultMaxItems); len(in.items) > limit {
		return Value{}, fmt.Sprintf("must have at most %d items", limit)
	}
	out := make([]Value, 0, len(in.items))
	for _, x := range in.items {
		v, rule := t.Elem.convert(x, a)
		if rule != "" {
			return Value{}, "has an item that " + rule
		}
		out = append(out, v)
	}
	return listValue(out), ""
}

func (t *Type) convertMap(in Input, a *Attr) (Value, string) {
	if in.shape != object {
		return Value{}, t.wrong()
	}
	if limit := orDefault(a.MaxEntries, DefaultMaxEntries); len(in.entries) > limit {
		return Value{}, fmt.Sprintf("must have at most %d entries", limit)
	}
	out := make([]Entry, 0, len(in.entries))
	for _, e := range in.entries {
		if len(e.Key) > DefaultMaxLength {
			return Value{}, fmt.Sprintf("has a key of more than %d bytes", DefaultMaxLength)
		}
		v, rule := t.Elem.convert(e.Value, a)
		if rule != "" {
			return Value{}, "has an entry that " + rule
		}
		out = append(out, Entry{Key: e.Key, Value: v})
	}
	return mapValue(out), ""
}

// convertObject keeps the declared fields; what is not declared is dropped.
func (t *Type) convertObject(in Input) (Value, string) {
	if in.shape != object {
		return Value{}, "must be an object"
	}
	var out []Entry
	for _, f := range t.Fields {
		member, _ := in.Member(f.Name)
		v, ok, err := f.Convert(member)
		switch {
		case err != nil:
			var invalid *InvalidError
			if errors.As(err, &invalid) {
				return Value{}, "has a field " + f.Name + " that " + invalid.Rule
			}
			return Value{}, "has a field " + f.Name + " that cannot be used"
		case ok:
			out = append(out, Entry{Key: f.Name, Value: v})
		case !f.Optional:
			return Value{}, "lacks its field " + f.Name
		}
	}
	return objectValue(t, out), ""
}

// check holds a value to the attribute's constraints; the elements of a list
// are held to enum, pattern, min and max one by one.
func (a *Attr) check(v Value) string {
	switch v.kind {
	case List:
		for _, x := range v.Items() {
			if rule := a.check(x); rule != "" {
				return "has an item that " + rule
			}
		}
		return ""
	case Map:
		for _, e := range v.Entries() {
			if rule := a.check(e.Value); rule != "" {
				return "has an entry that " + rule
			}
		}
		return ""
	case Object:
		return "" // its fields were held to their own constraints
	case Double:
		if math.IsNaN(v.Double()) || math.IsInf(v.Double(), 0) {
			return "must be a finite number"
		}
	}
	switch {
	case len(a.Enum) > 0 && !slices.ContainsFunc(a.Enum, v.Equal):
		return "must be one of its enum"
	case a.Pattern != nil && !a.Pattern.MatchString(v.str):
		return "must match its pattern"
	case a.Min.kind != Invalid && less(v, a.Min):
		return "must be at least " + a.Min.Text()
	case a.Max.kind != Invalid && less(a.Max, v):
		return "must be at most " + a.Max.Text()
	}
	return ""
}

// less orders two values of the same ordered kind.
func less(a, b Value) bool {
	switch a.kind {
	case Double:
		return a.Double() < b.Double()
	case Timestamp:
		return a.Int() < b.Int() || a.num == b.num && a.small < b.small
	}
	return a.Int() < b.Int()
}

func orDefault(v, def int) int {
	if v > 0 {
		return v
	}
	return def
}
