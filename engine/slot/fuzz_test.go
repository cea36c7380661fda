package slot

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzParseType: what is accepted is written and read back as the same type,
// and is no deeper than may be.
func FuzzParseType(f *testing.F) {
	for _, s := range []string{"bool", "list(string)", "map(string, double)", " list( list(int) ) ", "map(string,map(string, list(ip)))", "object", "list(object)", "list()", "map(int, string)", "list(int))", "list(list(list(list(list(int)))))"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		typ, err := ParseType(text)
		if err != nil {
			return
		}
		written := typ.String()
		again, err := ParseType(written)
		if err != nil || again.String() != written || again.Kind != typ.Kind {
			t.Fatalf("%q is written as %q, which reads as %v, %v", text, written, again, err)
		}
		if strings.Count(written, "(") > maxTypeDepth {
			t.Fatalf("%q is %d deep", written, strings.Count(written, "("))
		}
	})
}

// FuzzParseBody: a body that is accepted is one object that reads back as it
// was, in which no two names differ in case only.
func FuzzParseBody(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1,"b":{"c":[true,null]}}`, `{"a":1,"A":2}`, `{"a":{"x":1},"b":{"X":2}}`, `{"k":1,"\u212a":2}`, `{"s":1,"\u017f":2}`, `{"ς":1,"σ":2}`, `[]`, `"a"`, `{"a":1}{}`, `{"a":1e999}`, `{"\u0061":1,"a":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := ParseBody(data)
		if err != nil {
			return
		}
		written := in.AppendJSON(nil)
		if again, err := ParseBody(written); len(written) <= MaxBodySize && (err != nil || !bytes.Equal(again.AppendJSON(nil), written)) {
			t.Fatalf("%q is written as %q, which reads as %s, %v", data, written, again.AppendJSON(nil), err)
		}
		if len(written) < 2 || written[0] != '{' || oneCaseOnly(in) != "" {
			t.Fatalf("%q is accepted, with %q", data, oneCaseOnly(in))
		}
		// Whatever a body says, it says it once: what a name gives is what stands there.
		for _, e := range in.entries {
			if got, ok := in.Member(e.Key); !ok || !bytes.Equal(got.AppendJSON(nil), e.Value.AppendJSON(nil)) {
				t.Fatalf("%q: %q gives %s", data, e.Key, got.AppendJSON(nil))
			}
		}
	})
}

// oneCaseOnly names a member that another one differs from in case only.
func oneCaseOnly(in Input) string {
	for i, e := range in.entries {
		for _, x := range in.entries[:i] {
			if strings.EqualFold(x.Key, e.Key) {
				return e.Key
			}
		}
		if name := oneCaseOnly(e.Value); name != "" {
			return name
		}
	}
	for _, x := range in.items {
		if name := oneCaseOnly(x); name != "" {
			return name
		}
	}
	return ""
}
