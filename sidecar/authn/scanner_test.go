package authn

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestParseObject(t *testing.T) {
	deep := func(n int) string {
		return `{"a":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}`
	}
	deepObject := strings.Repeat(`{"a":`, 17) + "1" + strings.Repeat("}", 17)
	for _, tc := range []struct {
		name, text string
		ok         bool
	}{
		{"empty", `{}`, true},
		{"space", " \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n", true},
		{"every value", `{"a":true,"b":false,"c":null,"d":-0.5e+10,"e":"\"\\\/\b\f\n\r\t\u00e9","f":[[],{}]}`, true},
		{"same name at other levels", `{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}`, true},
		{"names with other case", `{"a":1,"A":2}`, true},
		{"16 levels", deep(16), true},
		{"17 levels", deep(17), false},
		{"17 objects", deepObject, false},
		{"10000 levels", deep(10000), false},
		{"nothing", ``, false},
		{"only space", `  `, false},
		{"array", `[]`, false},
		{"string", `"a"`, false},
		{"null", `null`, false},
		{"second object", `{}{}`, false},
		{"data after", `{} x`, false},
		{"NUL after", "{}\x00", false},
		{"byte order mark", "\ufeff{}", false},
		{"open", `{"a":1`, false},
		{"open string", `{"a`, false},
		{"open escape", `{"a\`, false},
		{"open \\u", `{"a\u12`, false},
		{"no value", `{"a":}`, false},
		{"no colon", `{"a" 1}`, false},
		{"no comma", `{"a":1 "b":2}`, false},
		{"trailing comma", `{"a":1,}`, false},
		{"leading comma", `{,"a":1}`, false},
		{"array trailing comma", `{"a":[1,]}`, false},
		{"wrong closing", `{"a":[1}`, false},
		{"name without quotes", `{a:1}`, false},
		{"single quotes", `{'a':1}`, false},
		{"comment", `{/**/}`, false},
		{"duplicate", `{"a":1,"a":1}`, false},
		{"duplicate by escape", `{"a":1,"\u0061":1}`, false},
		{"duplicate inside", `{"x":[{"a":1,"b":2,"a":3}]}`, false},
		{"duplicate empty name", `{"":1,"":2}`, false},
		{"control character", "{\"a\":\"\x1f\"}", false},
		{"newline in a string", "{\"a\":\"\n\"}", false},
		{"bad UTF-8", "{\"a\":\"\xff\"}", false},
		{"overlong UTF-8", "{\"a\":\"\xc0\xae\"}", false},
		{"high surrogate alone", `{"a":"\ud800"}`, false},
		{"high surrogate, then text", `{"a":"\ud800x"}`, false},
		{"two high surrogates", `{"a":"\ud800\ud800"}`, false},
		{"low surrogate alone", `{"a":"\udc00"}`, false},
		{"surrogate in a name", `{"\ud800":1}`, false},
		{"pair", `{"a":"\ud83d\ude00"}`, true},
		{"bad escape", `{"a":"\x41"}`, false},
		{"bad hex", `{"a":"\u12g4"}`, false},
		{"leading zero", `{"a":01}`, false},
		{"plus", `{"a":+1}`, false},
		{"no digits after the point", `{"a":1.}`, false},
		{"no digits before the point", `{"a":.5}`, false},
		{"no exponent", `{"a":1e}`, false},
		{"minus alone", `{"a":-}`, false},
		{"NaN", `{"a":NaN}`, false},
		{"upper case literal", `{"a":True}`, false},
		{"longer literal", `{"a":nullx}`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := parseObject([]byte(tc.text))
			if (err == nil) != tc.ok {
				t.Errorf("error %v, want ok %v", err, tc.ok)
			}
		})
	}
}

func TestObjectShapes(t *testing.T) {
	o, err := parseObject([]byte(`{"s":"a\u00e9","n":42,"neg":-1,"frac":1.0,"max":9007199254740991,"over":9007199254740992,
		"huge":99999999999999999999999999,"list":["a","b"],"mixed":["a",1],"none":[],"null":null,"obj":{"s":"inner"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if s, present, err := o.text("s"); s != "aé" || !present || err != nil {
		t.Errorf("text: %q %v %v", s, present, err)
	}
	if _, present, err := o.text("S"); present || err != nil {
		t.Errorf("names must be case-sensitive: %v %v", present, err)
	}
	for _, name := range []string{"n", "list", "null", "obj"} {
		if _, present, err := o.text(name); !present || err == nil {
			t.Errorf("text %s: %v %v", name, present, err)
		}
	}
	for name, want := range map[string]int64{"n": 42, "max": 1<<53 - 1} {
		if n, present, err := o.integer(name); n != want || !present || err != nil {
			t.Errorf("integer %s: %d %v %v", name, n, present, err)
		}
	}
	for _, name := range []string{"s", "neg", "frac", "over", "huge", "null", "list"} {
		if _, present, err := o.integer(name); !present || err == nil {
			t.Errorf("integer %s: %v %v", name, present, err)
		}
	}
	for name, want := range map[string]string{"s": "aé", "list": "a b", "none": "", "absent": ""} {
		if l, _, err := o.texts(name); strings.Join(l, " ") != want || err != nil {
			t.Errorf("texts %s: %q %v", name, l, err)
		}
	}
	for _, name := range []string{"mixed", "n", "null", "obj"} {
		if _, present, err := o.texts(name); !present || err == nil {
			t.Errorf("texts %s: %v %v", name, present, err)
		}
	}
}

// What passes here must mean the same to any other reader.
func FuzzStrictJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` {"a":[1,-2.5e3,true,false,null,"x\u00e9\ud83d\ude00"],"b":{"c":{}}} `, `{"a":1,"a":2}`, `{"a":"\ud800"}`,
		`{"a":1}{}`, `[`, `{"a":01}`, "{\"\xff\":1}", `{"a":` + strings.Repeat("[", 20), `{"a\`, `{"a":"\u00`, "\ufeff{}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := parseObject(data)
		if err != nil {
			return
		}
		var std map[string]json.RawMessage
		if err := json.Unmarshal(data, &std); err != nil {
			t.Fatalf("accepted %q: %v", data, err)
		}
		if len(std) != len(o) {
			t.Fatalf("%d members, want %d: %q", len(o), len(std), data)
		}
		for _, m := range o {
			if want, ok := std[m.name]; !ok || !bytes.Equal(want, m.raw) {
				t.Fatalf("member %q is %q, want %q", m.name, m.raw, want)
			}
			_, _, _ = o.text(m.name)
			_, _, _ = o.texts(m.name)
			_, _, _ = o.integer(m.name)
		}
	})
}
