package slot

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// TestParseJSON pairs each refusal with the same document without the fault.
func TestParseJSON(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	long := func(n int) string { return `"` + strings.Repeat("a", n-2) + `"` }
	for _, tt := range []struct{ name, bad, good string }{
		{"empty", "", "null"},
		{"blank", " \n", " null\n"},
		{"data after", `{} {}`, `{}`},
		{"comma after", `{},`, `{} `},
		{"duplicate member", `{"a":1,"a":1}`, `{"a":1,"A":1}`},
		{"duplicate member, escaped", `{"a":1,"\u0061":2}`, `{"a":1,"\u0062":2}`},
		{"duplicate member, deep", `[{"x":{"a":1,"a":2}}]`, `[{"x":{"a":1},"a":2}]`},
		{"trailing comma in a list", `[1,]`, `[1]`},
		{"trailing comma in an object", `{"a":1,}`, `{"a":1}`},
		{"leading zero", `01`, `1`},
		{"bare plus", `+1`, `1`},
		{"hexadecimal", `0x1`, `1`},
		{"NaN", `NaN`, `0`},
		{"capitals", `True`, `true`},
		{"single quotes", `'a'`, `"a"`},
		{"no quotes", `{a:1}`, `{"a":1}`},
		{"comment", `1 // one`, `1`},
		{"control character", "\"a\nb\"", `"a\nb"`},
		{"broken UTF-8", "\"\xff\"", `"ÿ"`},
		{"byte order mark", "\ufeff1", "1"},
		{"half a pair", `"\ud83d"`, `"\ud83d\ude00"`},
		{"other half", `"\ude00"`, `"\uffff"`},
		{"two first halves", `"\ud83d\ud83d\ude00"`, `"\ud83d\ude00\ud83d\ude00"`},
		{"half a pair in a name", `{"\ud83d":1}`, `{"\\ud83d":1}`},
		{"unterminated", `{"a":`, `{"a":1}`},
		{"unterminated list", `[1`, `[1]`},
		{"too deep", deep(18), deep(17)},
		{"too long", long(MaxJSONSize + 1), long(MaxJSONSize)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if in, err := ParseJSON([]byte(tt.bad)); err == nil {
				t.Errorf("%.60q is read as %.60s", tt.bad, in.AppendJSON(nil))
			}
			if _, err := ParseJSON([]byte(tt.good)); err != nil {
				t.Errorf("%.60q: %v", tt.good, err)
			}
		})
	}
}

func TestInputReadsBack(t *testing.T) {
	const doc = `{"s":"a\"b","n":1.50,"t":true,"z":null,"l":[1,[]],"o":{}}`
	in, err := ParseJSON([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(in.AppendJSON(nil)); got != doc {
		t.Errorf("%s\nis written as %s", doc, got)
	}
	if n, ok := in.Member("n"); !ok || n.Scalar() != 1.5 {
		t.Errorf("n = %v", n.Scalar())
	}
	if z, ok := in.Member("z"); !ok || !z.IsNull() {
		t.Error("z is not null")
	}
	if o, _ := in.Member("o"); o.Members() == nil || len(o.Members()) != 0 {
		t.Error("an empty object has no members at all")
	}
	if l, _ := in.Member("l"); !l.IsList() || len(l.Items()) != 2 || l.Members() != nil {
		t.Error("l is not a list of two")
	}
	if n, _ := in.Member("n"); n.IsList() {
		t.Error("n is a list")
	} else if _, isString := n.Str(); isString {
		t.Error("a number is a string")
	}
}

// FuzzParseJSON: whatever is accepted is JSON to encoding/json, too, means the
// same there, and reads back from what AppendJSON writes.
func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,true,null,"x"]}`, `{"a":1,"a":2}`, `"\ud800"`, `"\\ud800"`, `[[[[]]]]`, `1e400`, "\"\xff\"", `{"\u0061":1}`, ` 1 `, `-0`, `"\ud83d\ude00"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := ParseJSON(data)
		if err != nil {
			return
		}
		written := in.AppendJSON(nil)
		again, err := ParseJSON(written)
		if err != nil && len(written) <= MaxJSONSize { // escapes may make it longer
			t.Fatalf("%q is written as %q, which is refused: %v", data, written, err)
		}
		if err == nil && !bytes.Equal(again.AppendJSON(nil), written) {
			t.Fatalf("%q changes when it is read again", written)
		}
		if theirs, ours := decoded(t, data), decoded(t, written); !reflect.DeepEqual(theirs, ours) {
			t.Fatalf("%q means %v, we read %v", data, theirs, ours)
		}
	})
}

func decoded(t *testing.T, data []byte) any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%q is no JSON: %v", data, err)
	}
	return v
}
