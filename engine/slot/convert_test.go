package slot

import (
	"errors"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func typed(t testing.TB, text string) *Type {
	t.Helper()
	typ, err := ParseType(text)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

// attr makes env.x, where an empty string is a value like any other.
func attr(t testing.TB, typ string, change ...func(*Attr)) *Attr {
	t.Helper()
	a := &Attr{Root: Env, Name: "x", Type: typed(t, typ)}
	for _, f := range change {
		f(a)
	}
	return a
}

// TestConvert pairs, for every type, what is read with what is nearly that.
func TestConvert(t *testing.T) {
	const jan = "2026-01-15T10:00:00Z"
	at := TimeValue(time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC))
	half := TimeValue(time.Date(2026, 1, 15, 10, 0, 0, 500_000_000, time.UTC))
	v4, net4 := netip.MustParseAddr("192.0.2.1"), netip.MustParsePrefix("192.0.2.0/24")
	tests := []struct {
		typ  string
		good map[string]Value // text → value, as plain text
		bad  []string
	}{
		{"bool", map[string]Value{"true": BoolValue(true), "false": BoolValue(false)}, []string{"True", "yes", "1", "0", "", " true", "t"}},
		{"int", map[string]Value{"0": IntValue(0), "-7": IntValue(-7), "9223372036854775807": IntValue(math.MaxInt64)},
			[]string{"007", "-0", "+1", "1_000", "0x1", "1.0", "1e3", "9223372036854775808", "", " 1", "１"}},
		{"double", map[string]Value{"0": DoubleValue(0), "-1.5": DoubleValue(-1.5), "1e3": DoubleValue(1000), "2": DoubleValue(2)},
			[]string{"NaN", "Inf", "-Inf", "+Inf", "1e400", "-1e400", ".5", "1.", "01", "0x1p4", "1_0", "", "Infinity"}},
		{"string", map[string]Value{"": StringValue(""), "017": StringValue("017"), "yes": StringValue("yes"), "é": StringValue("é")}, []string{"\xff", "a\xc0\xae"}},
		{"timestamp", map[string]Value{jan: at, "2026-01-15T10:00:00.5Z": half, "2026-01-15T10:00:00.500Z": half},
			[]string{"2026-01-15T10:00:00+00:00", "2026-01-15T10:00:00z", "2026-01-15 10:00:00Z", "2026-01-15", "2026-01-15T9:00:00Z", "2026-01-15T10:00:00,5Z",
				"2026-01-15T10:00:00.1234567891Z", "2026-02-30T10:00:00Z", "2026-01-15T24:00:00Z", "2026-01-15T10:00:60Z", "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", ""}},
		{"duration", map[string]Value{"90s": DurationValue(90 * time.Second), "1h30m": DurationValue(90 * time.Minute), "-1s": DurationValue(-time.Second)}, []string{"90", "1d", "", "s"}},
		{"ip", map[string]Value{"192.0.2.1": IPValue(v4), "2001:db8::1": IPValue(netip.MustParseAddr("2001:db8::1"))},
			[]string{"192.0.2.01", "192.0.2", "2001:DB8::1", "2001:db8:0::1", "::ffff:192.0.2.1", "fe80::1%eth0", "192.0.2.1:80", "[::1]", ""}},
		{"cidr", map[string]Value{"192.0.2.0/24": CIDRValue(net4)}, []string{"192.0.2.1/24", "192.0.2.0", "192.0.2.0/33", "192.0.2.0/024", "::ffff:192.0.2.0/120", "2001:DB8::/32", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.typ, func(t *testing.T) {
			a := attr(t, tt.typ)
			for text, want := range tt.good {
				if got, ok, err := a.Convert(Plain(text)); err != nil || !ok || !got.Equal(want) || got.Kind() != a.Type.Kind {
					t.Errorf("%q: %s (%t, %v), want %s", text, got.Text(), ok, err, want.Text())
				}
			}
			for _, text := range tt.bad {
				got, ok, err := a.Convert(Plain(text))
				var invalid *InvalidError
				if !errors.As(err, &invalid) || ok || got.Kind() != Invalid || invalid.Attribute != "env.x" {
					t.Errorf("%q: %s (%t, %v), want an InvalidError", text, got.Text(), ok, err)
				}
			}
		})
	}
}

// TestConvertShapes: JSON says what it is, and nothing is read as something
// else; only plain text takes the declared type.
func TestConvertShapes(t *testing.T) {
	inputs := map[string]Input{
		"null": {}, "true": FromBool(true), "number": FromNumber("1"), "quoted": Quoted("1"), "plain": Plain("1"),
		"list": FromList([]Input{Plain("1")}), "empty list": FromList(nil), "object": FromObject([]InputEntry{{"k", Plain("1")}}), "empty object": FromObject(nil),
	}
	takes := map[string][]string{
		"bool": {"true"}, "int": {"number", "plain"}, "double": {"number", "plain"}, "string": {"quoted", "plain"},
		"list(int)": {"list", "empty list"}, "map(string, int)": {"object", "empty object"}, "list(list(int))": {"empty list"},
		"ip": nil, "timestamp": nil, "duration": nil, "cidr": nil,
	}
	for typ, names := range takes {
		for name, in := range inputs {
			_, ok, err := attr(t, typ).Convert(in)
			if name == "null" {
				if ok || err != nil {
					t.Errorf("null as %s: %t, %v; want absent", typ, ok, err)
				}
				continue
			}
			if want := slices.Contains(names, name); (err == nil) != want || ok != want {
				t.Errorf("%s as %s: accepted %t (%v), want %t", name, typ, err == nil, err, want)
			}
		}
	}
}

func TestConvertConstraints(t *testing.T) {
	ints := func(list ...int64) (out []Value) {
		for _, i := range list {
			out = append(out, IntValue(i))
		}
		return out
	}
	list := func(items ...string) Input {
		var in []Input
		for _, x := range items {
			in = append(in, Plain(x))
		}
		return FromList(in)
	}
	object := func(keys ...string) Input {
		var in []InputEntry
		for _, k := range keys {
			in = append(in, InputEntry{k, Plain("v")})
		}
		return FromObject(in)
	}
	repeat := func(n int) []string { return strings.Split(strings.Repeat("a,", n-1)+"a", ",") }
	pattern := func(p string) func(*Attr) {
		return func(a *Attr) { a.Pattern = regexp.MustCompile(`^(?:` + p + `)$`) }
	}
	between := func(min, max Value) func(*Attr) {
		return func(a *Attr) { a.Min, a.Max = min, max }
	}
	tests := map[string]struct {
		attr      *Attr
		good, bad Input
	}{
		"enum":              {attr(t, "int", func(a *Attr) { a.Enum = ints(1, 2) }), Plain("2"), Plain("3")},
		"enum in a list":    {attr(t, "list(int)", func(a *Attr) { a.Enum = ints(1, 2) }), list("1", "2"), list("1", "3")},
		"enum in a map":     {attr(t, "map(string, string)", func(a *Attr) { a.Enum = []Value{StringValue("v")} }), object("k"), FromObject([]InputEntry{{"k", Plain("w")}})},
		"pattern, end":      {attr(t, "string", pattern("[A-Z]{2}")), Plain("DE"), Plain("DEX")},
		"pattern, begin":    {attr(t, "string", pattern("[A-Z]{2}")), Plain("DE"), Plain("xDE")},
		"pattern, newline":  {attr(t, "string", pattern("[A-Z]{2}")), Plain("DE"), Plain("DE\n")},
		"pattern, branches": {attr(t, "string", pattern("a|b")), Plain("b"), Plain("ab")},
		"min":               {attr(t, "int", between(IntValue(0), Value{})), Plain("0"), Plain("-1")},
		"max":               {attr(t, "int", between(Value{}, IntValue(9))), Plain("9"), Plain("10")},
		"min of doubles":    {attr(t, "double", between(DoubleValue(0.5), Value{})), Plain("0.5"), Plain("0.49")},
		"max of times": {attr(t, "timestamp", between(Value{}, TimeValue(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))),
			Plain("2026-01-01T00:00:00Z"), Plain("2026-01-01T00:00:00.000000001Z")},
		"min of durations": {attr(t, "duration", between(DurationValue(time.Minute), Value{})), Plain("60s"), Plain("59s")},
		"min in a list":    {attr(t, "list(int)", between(IntValue(0), Value{})), list("0"), list("0", "-1")},
		"length":           {attr(t, "string", func(a *Attr) { a.MaxLength = 4 }), Plain("éé"), Plain("ééa")},
		"default length":   {attr(t, "string"), Plain(strings.Repeat("a", DefaultMaxLength)), Plain(strings.Repeat("a", DefaultMaxLength+1))},
		"length in a list": {attr(t, "list(string)", func(a *Attr) { a.MaxLength = 1 }), list("a"), list("a", "bb")},
		"items":            {attr(t, "list(string)", func(a *Attr) { a.MaxItems = 2 }), list("a", "b"), list("a", "b", "c")},
		"default items":    {attr(t, "list(string)"), list(repeat(DefaultMaxItems)...), list(repeat(DefaultMaxItems + 1)...)},
		"entries":          {attr(t, "map(string, string)", func(a *Attr) { a.MaxEntries = 1 }), object("a"), object("a", "b")},
		"key length":       {attr(t, "map(string, string)"), object(strings.Repeat("k", DefaultMaxLength)), object(strings.Repeat("k", DefaultMaxLength+1))},
		"null in a list":   {attr(t, "list(string)"), list("a"), FromList([]Input{Plain("a"), {}})},
		"null in a map":    {attr(t, "map(string, string)"), object("a"), FromObject([]InputEntry{{"a", Input{}}})},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, ok, err := tt.attr.Convert(tt.good); err != nil || !ok {
				t.Errorf("the good value is refused: %v", err)
			}
			var invalid *InvalidError
			if v, ok, err := tt.attr.Convert(tt.bad); !errors.As(err, &invalid) || ok {
				t.Errorf("the bad value is accepted as %s", v.Text())
			}
		})
	}
}

// TestConvertShowsNoValue: what is wrong is said without the value, which may
// be sensitive.
func TestConvertShowsNoValue(t *testing.T) {
	const secret = "hunter2"
	for _, typ := range []string{"bool", "int", "double", "timestamp", "duration", "ip", "cidr", "list(string)"} {
		if _, _, err := attr(t, typ).Convert(Plain(secret)); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", typ, err)
		}
	}
	a := attr(t, "string", func(a *Attr) { a.Enum = []Value{StringValue("a")} })
	if _, _, err := a.Convert(Plain(secret)); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("enum: %v", err)
	}
}

func TestEmptyString(t *testing.T) {
	for name, tt := range map[string]struct {
		attr   *Attr
		absent bool
	}{
		"user.x": {&Attr{Root: User, Name: "x", Type: stringType}, true}, "resource.id": {&Attr{Root: Resource, Name: "id", Type: stringType}, true},
		"resource.x": {&Attr{Root: Resource, Name: "x", Type: stringType}, false}, "env.x": {&Attr{Root: Env, Name: "x", Type: stringType}, false},
	} {
		for _, in := range []Input{Plain(""), Quoted("")} {
			if v, ok, err := tt.attr.Convert(in); err != nil || ok == tt.absent {
				t.Errorf("%s: %q (%t, %v), want absent %t", name, v.Str(), ok, err, tt.absent)
			}
		}
	}
}

func TestParseType(t *testing.T) {
	for _, text := range []string{"bool", "list(string)", "map(string, double)", "list(list(int))", "map(string, map(string, list(ip)))"} {
		if typ, err := ParseType(text); err != nil || typ.String() != text {
			t.Errorf("%q: %v, %v", text, typ, err)
		}
	}
	for _, text := range []string{"", "strng", "list", "list()", "list(string", "list(string))", "map(int, string)", "map(string)", "object{a}", "list(x)", "list(list(list(list(list(int)))))"} {
		if typ, err := ParseType(text); err == nil {
			t.Errorf("%q is read as %s", text, typ)
		}
	}
}

// FuzzConvert: what is accepted reads back to the same value from its text and
// keeps its bounds.
func FuzzConvert(f *testing.F) {
	types := []string{"bool", "int", "double", "string", "timestamp", "duration", "ip", "cidr"}
	for i, s := range []string{"true", "42", "1e3", "x", "2026-01-15T10:00:00Z", "90s", "::1", "192.0.2.0/24", "-0", "NaN", "\xff", "2026-01-15T10:00:00.50Z"} {
		f.Add(s, uint8(i))
	}
	f.Fuzz(func(t *testing.T, text string, pick uint8) {
		a := attr(t, types[int(pick)%len(types)])
		v, ok, err := a.Convert(Plain(text))
		if err != nil {
			if ok || v.Kind() != Invalid {
				t.Fatalf("%q: an error with a value", text)
			}
			return
		}
		if v.Kind() != a.Type.Kind || math.IsNaN(v.Double()) || math.IsInf(v.Double(), 0) || len(v.Str()) > DefaultMaxLength {
			t.Fatalf("%q becomes %s", text, v.Text())
		}
		again, ok, err := a.Convert(Plain(v.Text()))
		if err != nil || !ok || !again.Equal(v) {
			t.Fatalf("%q becomes %q, which reads as %q (%v)", text, v.Text(), again.Text(), err)
		}
	})
}
