package document

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestParseInt(t *testing.T) {
	good := map[string]int64{"0": 0, "7": 7, "-7": -7, "10": 10, "9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64}
	for s, want := range good {
		if got, ok := ParseInt(s); !ok || got != want {
			t.Errorf("ParseInt(%q) = %d, %t", s, got, ok)
		}
	}
	for _, s := range []string{
		"", " ", "017", "00", "-0", "-", "+7", "1_000", "1,000", "0x10", "0o17", "0b1", "1e3", "1.0", "1.", "7 ", " 7", "７", "7\n",
		"9223372036854775808", "-9223372036854775809", "true", "--1", "infinity",
	} {
		if got, ok := ParseInt(s); ok {
			t.Errorf("ParseInt(%q) = %d", s, got)
		}
	}
}

func TestParseDouble(t *testing.T) {
	good := map[string]float64{"0": 0, "7": 7, "-7.5": -7.5, "1e3": 1000, "1E+3": 1000, "1.25e-2": 0.0125, "-0": 0, "0.10": 0.1, "1e-999": 0}
	for s, want := range good {
		if got, ok := ParseDouble(s); !ok || got != want {
			t.Errorf("ParseDouble(%q) = %g, %t", s, got, ok)
		}
	}
	for _, s := range []string{
		"", "017", "01.5", "-01", "+1.5", ".5", "1.", "1_000.0", "1,5", "0x1p3", "1e", "1e+", "1e999", "-1e999",
		"NaN", ".nan", "Inf", ".inf", "-.inf", "infinity", "1.5 ", "1.5\n", "1e3.5",
	} {
		if got, ok := ParseDouble(s); ok {
			t.Errorf("ParseDouble(%q) = %g", s, got)
		}
	}
}

func TestParseBool(t *testing.T) {
	for s, want := range map[string]bool{"true": true, "false": false} {
		if got, ok := ParseBool(s); !ok || got != want {
			t.Errorf("ParseBool(%q) = %t, %t", s, got, ok)
		}
	}
	for _, s := range []string{"", "True", "TRUE", "False", "yes", "no", "on", "off", "y", "n", "1", "0", " true", "true\n"} {
		if got, ok := ParseBool(s); ok || got {
			t.Errorf("ParseBool(%q) = %t, %t", s, got, ok)
		}
	}
}

func TestObjectBool(t *testing.T) {
	tests := []struct {
		yaml string
		want bool
		code string
	}{
		{"k: true", true, ""}, {"k: false", false, ""}, {"other: 1", false, ""},
		{"k: yes", false, "wrong_type"}, {"k: True", false, "wrong_type"}, {"k: on", false, "wrong_type"}, {"k: 1", false, "wrong_type"},
		{"k: [true]", false, "wrong_type"}, {"k: {true: 1}", false, "wrong_type"}, {"k:", false, "empty_value"}, {"k: null", false, "empty_value"},
		{"k: ''", false, "empty_value"},
	}
	for _, tt := range tests {
		w, o := mapping(t, tt.yaml)
		if got := o.Bool("k"); got != tt.want || codes(w) != tt.code {
			t.Errorf("%s: %t with %q, want %t with %q", tt.yaml, got, codes(w), tt.want, tt.code)
		}
	}
	// A quoted word is text. It must not be taken for a permission by those
	// who go on after an error.
	w, o := mapping(t, "k: 'true'")
	if o.Bool("k"); codes(w) != "wrong_type" {
		t.Errorf("quoted true: %q", codes(w))
	}
}

func TestObjectInt(t *testing.T) {
	tests := []struct {
		yaml string
		want int64
		ok   bool
		code string
	}{
		{"k: 12", 12, true, ""}, {"k: -3", -3, true, ""}, {"other: 1", 0, false, ""},
		{"k: 017", 0, false, "wrong_type"}, {"k: 1_000", 0, false, "wrong_type"}, {"k: 0x10", 0, false, "wrong_type"}, {"k: 0o17", 0, false, "wrong_type"},
		{"k: 1e3", 0, false, "wrong_type"}, {"k: -0", 0, false, "wrong_type"}, {"k: 12.0", 0, false, "wrong_type"}, {"k: '12'", 0, false, "wrong_type"},
		{"k: \"12\"", 0, false, "wrong_type"}, {"k: |\n  12\n", 0, false, "wrong_type"}, {"k: [12]", 0, false, "wrong_type"}, {"k: ~", 0, false, "empty_value"},
		{"k: 2026-01-15", 0, false, "wrong_type"}, {"k: 190:20:30", 0, false, "wrong_type"},
	}
	for _, tt := range tests {
		w, o := mapping(t, tt.yaml)
		if got, ok := o.Int("k"); got != tt.want || ok != tt.ok || codes(w) != tt.code {
			t.Errorf("%s: %d, %t with %q, want %d, %t with %q", tt.yaml, got, ok, codes(w), tt.want, tt.ok, tt.code)
		}
	}
}

// YAML's own idea of a type changes no text.
func TestTextKeepsSpelling(t *testing.T) {
	for _, s := range []string{
		"017", "1_000", "yes", "No", "on", "0x10", "0b11", "1e3", "-0", "+1", ".inf", ".nan", "1.0", "2026-01-15", "2026-01-15T10:00:00Z", "12:30:45",
		"1.10", "=", "Null x", "true", "FALSE", "a#b",
	} {
		w, o := mapping(t, "k: "+s)
		if got := o.Text("k"); got.Value() != s || got.Quoted() || codes(w) != "" {
			t.Errorf("%s reads as %q with %q", s, got.Value(), codes(w))
		}
		w, o = mapping(t, s+": 1")
		if e := o.Entries(); len(e) != 1 || e[0].Key.Value() != s || codes(w) != "" {
			t.Errorf("key %s reads as %v with %q", s, e, codes(w))
		}
	}
}

func TestEmptyText(t *testing.T) {
	for _, s := range []string{"", "~", "null", "Null", "NULL", "''", "\"\"", "' '", "\"\\t\"", "|", ">-", "|\n\n\n", "# comment", "\u00a0", "\"\\u3000\""} {
		w, o := mapping(t, "k: "+s+"\nz: 1\n")
		if got := o.Text("k"); got.IsSet() || codes(w) != "empty_value" {
			t.Errorf("%q reads as %q with %q", s, got.Value(), codes(w))
		}
	}
	for _, s := range []string{"nul", "'null'", "\"~\"", "|\n  x", "'\"\"'", "0", "false"} {
		w, o := mapping(t, "k: "+s+"\nz: 1\n")
		if got := o.Text("k"); !got.IsSet() || codes(w) != "" {
			t.Errorf("%q reads as nothing with %q", s, codes(w))
		}
	}
}

func TestValue(t *testing.T) {
	w, o := mapping(t, "k: {a: 1, b: [x, 'null'], c: {}, d: []}")
	v := w.Value(o.Node("k"), "k")
	if got := show(v); got != "{a:1 b:[x 'null'] c:{} d:[]}" || codes(w) != "" {
		t.Errorf("read as %s with %q", got, codes(w))
	}
	if v.Span().String() != "f.yaml:1:4" || (Value{}).Span() != (Span{}) {
		t.Errorf("at %v", v.Span())
	}
	if v := w.Value(nil, "k"); v.Kind != Absent || codes(w) != "" {
		t.Errorf("nothing reads as %s with %q", show(v), codes(w))
	}
	tests := []struct{ yaml, want string }{
		{"k: [1, ]", ""}, // a comma at the end is none of YAML's nulls
		{"k: [1, ~, null]", "empty_value empty_value"},
		{"k: [1, {a: }]", "empty_value"},
		{"k: {a, b: 1}", "empty_value"},
		{"k:\n  -\n  - 1\n", "empty_value"},
	}
	for _, tt := range tests {
		w, o := mapping(t, tt.yaml)
		if w.Value(o.Node("k"), "k"); codes(w) != tt.want {
			t.Errorf("%q: %q, want %q", tt.yaml, codes(w), tt.want)
		}
	}
}

func codes(w *Walker) string {
	var out []string
	for _, d := range w.Found() {
		out = append(out, d.Code)
	}
	return strings.Join(out, " ")
}

func show(v Value) string {
	var parts []string
	switch v.Kind {
	case Scalar:
		if v.Text.Quoted() {
			return "'" + v.Text.Value() + "'"
		}
		return v.Text.Value()
	case List:
		for _, x := range v.Items {
			parts = append(parts, show(x))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case Map:
		for _, e := range v.Entries {
			parts = append(parts, e.Key.Value()+":"+show(e.Value))
		}
		return "{" + strings.Join(parts, " ") + "}"
	}
	return "absent" + strconv.Itoa(int(v.Kind))
}
