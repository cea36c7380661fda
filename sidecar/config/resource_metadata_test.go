package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/sidecar/config"
)

func TestRefuseResourceMetadata(t *testing.T) {
	for _, tt := range []struct{ list, code, at string }{
		{"[]", "empty_list", "[]"},
		{"[{}]", "missing_key", "{}"},
		{"[{scopes: [a]}]", "missing_key", "{scopes"},
		{"[{resource: }]", "empty_value", "resource"},
		{`[{resource: "https://api.example.com", realm: a}]`, "unknown_key", "realm"},
		{`[{resource: "https://api.example.com", scopes: []}]`, "empty_list", "[]"},
		{`[{resource: "https://api.example.com", scopes: ["a b"]}]`, "bad_setting", `"a b"`},
		{`[{resource: "https://api.example.com", scopes: ['a"b']}]`, "bad_setting", `'a"b'`},
		{`[{resource: "https://api.example.com", documentation: docs}]`, "bad_setting", "docs"},
		{`[{resource: "https://api.example.com", documentation: "javascript:alert(1)"}]`, "bad_setting", `"javascript`},
		{`[{resource: "https://api.example.com", documentation: "https://a:s3cret@docs.example.com"}]`, "bad_setting", `"https://a:`},
		{`[{resource: "https://api.example.com"}, {resource: "https://api.example.com"}]`, "duplicate_name", `"https://api.example.com"}]`},
		{`[{resource: "http://api.example.com"}]`, "bad_setting", `"http:`},
		{`[{resource: "ftp://api.example.com"}]`, "bad_setting", `"ftp`},
		{`[{resource: api.example.com}]`, "bad_setting", "api"},
		{`[{resource: "https://API.example.com"}]`, "bad_setting", `"https`},
		{`[{resource: "https://api.example.com/"}]`, "bad_setting", `"https`},
		{`[{resource: "https://api.example.com//a"}]`, "bad_setting", `"https`},
		{`[{resource: "https://api.example.com/../a"}]`, "bad_setting", `"https`},
		{`[{resource: "https://api.example.com/a/."}]`, "bad_setting", `"https`},
		{`[{resource: "https://api.example.com/a%20b"}]`, "bad_setting", `"https`},
		{`[{resource: "https://api.example.com:443"}]`, "bad_setting", `"https`},
		{`[{resource: "https://api.example.com:70000"}]`, "bad_setting", `"https`},
		{`[{resource: "https://api.example.com?a=1"}]`, "bad_setting", `"https`},
		{`[{resource: "https://api.example.com#a"}]`, "bad_setting", `"https`},
		{`[{resource: "https://user:s3cret@api.example.com"}]`, "bad_setting", `"https`},
	} {
		text := least + "  resource_metadata: " + tt.list + "\n"
		cfg, found := config.Read(path, []byte(text))
		i := slices.IndexFunc(found, func(d policy.Diagnostic) bool { return d.Code == tt.code && d.Severity == document.Error })
		if cfg != nil || i < 0 {
			t.Errorf("%s: read %v, found %v", tt.list, cfg != nil, found)
			continue
		}
		if at := place(text, found[i]); !strings.HasPrefix(at, tt.at) {
			t.Errorf("%s: found at %.40q, want it at %.40q", tt.list, at, tt.at)
		}
		for _, d := range found {
			if strings.Contains(d.Message+d.Hint, "s3cret") {
				t.Errorf("%s: found %s", tt.list, d)
			}
		}
	}
}
