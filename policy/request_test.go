package policy

import (
	"strconv"
	"strings"
	"testing"
)

func TestParseRequest(t *testing.T) {
	tests := []struct {
		text  string
		want  RequestSpec
		wrong string // part of the objection; "" for none
	}{
		{"GET /", RequestSpec{Method: "GET", Host: "localhost", Path: "/"}, ""},
		{"GET   /a", RequestSpec{Method: "GET", Host: "localhost", Path: "/a"}, ""},
		{"GET /a/b?c=d&e", RequestSpec{Method: "GET", Host: "localhost", Path: "/a/b", Query: "c=d&e"}, ""},
		{"GET /a?", RequestSpec{Method: "GET", Host: "localhost", Path: "/a"}, ""},
		{"GET /a?b?c", RequestSpec{Method: "GET", Host: "localhost", Path: "/a", Query: "b?c"}, ""},
		{"GET /?u=http://x/", RequestSpec{Method: "GET", Host: "localhost", Path: "/", Query: "u=http://x/"}, ""},
		{"PURGE api.example.com/a", RequestSpec{Method: "PURGE", Host: "api.example.com", Path: "/a"}, ""},
		{"GET API.Example.com:8443/a", RequestSpec{Method: "GET", Host: "API.Example.com:8443", Path: "/a"}, ""},
		{"GET [2001:db8::1]:80/a", RequestSpec{Method: "GET", Host: "[2001:db8::1]:80", Path: "/a"}, ""},
		// What the sidecar refuses can be asked about.
		{"GET //a", RequestSpec{Method: "GET", Host: "localhost", Path: "//a"}, ""},
		{"GET /a/../b%2e", RequestSpec{Method: "GET", Host: "localhost", Path: "/a/../b%2e"}, ""},
		{"GET /ä", RequestSpec{Method: "GET", Host: "localhost", Path: "/ä"}, ""},

		{"", RequestSpec{}, "no method or no path"},
		{"GET", RequestSpec{}, "no method or no path"},
		{"GET ", RequestSpec{}, "no method or no path"},
		{"/a", RequestSpec{}, "no method or no path"},
		{" GET /a", RequestSpec{}, "upper-case word"},
		{"get /a", RequestSpec{}, "upper-case word"},
		{"GET,POST /a", RequestSpec{}, "upper-case word"},
		{"CONNECT /a", RequestSpec{}, "upper-case word"},
		{"TRACE /a", RequestSpec{}, "upper-case word"},
		{"G\tT /a", RequestSpec{}, "upper-case word"},
		{strings.Repeat("A", 21) + " /a", RequestSpec{}, "upper-case word"},
		{"GET a", RequestSpec{}, "begin with /"},
		{"GET *", RequestSpec{}, "begin with /"},
		{"GET http://a/b", RequestSpec{}, "without a scheme"},
		{"GET user@a/b", RequestSpec{}, "without a scheme"},
		{"GET ?a/b", RequestSpec{}, "without a scheme"},
		{"GET a:/b", RequestSpec{}, "without a scheme"},
		{"GET a:80:80/b", RequestSpec{}, "without a scheme"},
		{"GET [::1/b", RequestSpec{}, "without a scheme"},
		{"GET a_b/c", RequestSpec{}, "without a scheme"},
		{"GET /a b", RequestSpec{}, "blanks"},
		{"GET /a ", RequestSpec{}, "blanks"},
		{"GET /a\tb", RequestSpec{}, "blanks"},
		{"GET /a\n", RequestSpec{}, "blanks"},
		{"GET /a\r\nHost: b", RequestSpec{}, "blanks"},
		{"GET /a\x00", RequestSpec{}, "blanks"},
		{"GET /a#b", RequestSpec{}, "blanks nor #"},
		{"GET /a?b#c", RequestSpec{}, "blanks nor #"},
	}
	for _, tt := range tests {
		got, wrong := ParseRequest(tt.text)
		switch {
		case tt.wrong == "":
			if wrong != "" || got == nil || got.Method != tt.want.Method || got.Host != tt.want.Host || got.Path != tt.want.Path || got.Query != tt.want.Query || got.Headers != nil {
				t.Errorf("ParseRequest(%q) = %+v, %q, want %+v", tt.text, got, wrong, tt.want)
			}
		case got != nil || !strings.Contains(wrong, tt.wrong):
			t.Errorf("ParseRequest(%q) = %+v, %q, want %q", tt.text, got, wrong, tt.wrong)
		}
	}
}

// The two spellings of a request read as the same request.
func TestRequestForms(t *testing.T) {
	const head = "apiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: r}\nspec:\n  cases:\n    - {name: a, user: anonymous, expect: deny, request: "
	tests := []struct{ line, parts string }{
		{"GET /a", "{method: GET, path: /a}"},
		{"PUT a.example:81/a?b=c", "{method: PUT, host: \"a.example:81\", path: /a, query: b=c}"},
	}
	for _, tt := range tests {
		var got [2]*RequestSpec
		for i, form := range []string{strconv.Quote(tt.line), tt.parts} {
			set, found := Load([]File{{"r_test.yaml", []byte(head + form + "}\n")}})
			if len(found) != 0 {
				t.Fatalf("%s: %v", form, found)
			}
			got[i] = set.Suites[0].Cases[0].Request
		}
		if a, b := got[0], got[1]; a.Method != b.Method || a.Host != b.Host || a.Path != b.Path || a.Query != b.Query || a.At.Span().Start.Line != 6 || b.At.Span().Start.Line != 6 {
			t.Errorf("%s reads as %+v, %s as %+v", tt.line, a, tt.parts, b)
		}
	}
}

func FuzzParseRequest(f *testing.F) {
	for _, s := range []string{"GET /", "GET a.example:80/b?c=d", "GET [::1]/a%20b", "POST  //x??", "GET http://a/b", "get /a", "GET /a b", "GET\t/a", "GET /\x00", "GET /ä\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, wrong := ParseRequest(s)
		if (r == nil) == (wrong == "") {
			t.Fatalf("%+v with %q", r, wrong)
		}
		if r == nil {
			return
		}
		if r.Host == "" || !strings.HasPrefix(r.Path, "/") || strings.ContainsAny(r.Method+r.Host+r.Path+r.Query, " #\t\r\n\x00") {
			t.Fatalf("%q reads as %+v", s, r)
		}
		line := r.Method + " " + r.Host + r.Path
		if r.Query != "" {
			line += "?" + r.Query
		}
		again, wrong := ParseRequest(line)
		if wrong != "" || again.Method != r.Method || again.Host != r.Host || again.Path != r.Path || again.Query != r.Query {
			t.Fatalf("%q reads as %+v, written out %q as %+v, %q", s, r, line, again, wrong)
		}
	})
}
