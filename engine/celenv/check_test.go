package celenv_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

func str() *slot.Type { return &slot.Type{Kind: slot.String} }

func strs() *slot.Type { return &slot.Type{Kind: slot.List, Elem: str()} }

func attributes() []*slot.Attr {
	integer := &slot.Type{Kind: slot.Int}
	plans := []slot.Value{slot.StringValue("free"), slot.StringValue("pro"), slot.StringValue("enterprise")}
	address := &slot.Type{Kind: slot.Object, Name: "user.address", Fields: []*slot.Attr{
		{Root: slot.User, Name: "city", Type: str(), Optional: true},
		{Root: slot.User, Name: "zip", Type: str(), Enum: []slot.Value{slot.StringValue("1"), slot.StringValue("2")}},
	}}
	return []*slot.Attr{
		{Root: slot.User, Name: "plan", Type: str(), Enum: plans},
		{Root: slot.User, Name: "grade", Type: str(), Optional: true, For: []string{"human"}},
		{Root: slot.User, Name: "country", Type: str(), Optional: true, Pattern: regexp.MustCompile("^(?:[A-Z]{2})$")},
		{Root: slot.User, Name: "clearance", Type: integer, Optional: true, Min: slot.IntValue(0), Max: slot.IntValue(9)},
		{Root: slot.User, Name: "mfa", Type: &slot.Type{Kind: slot.Bool}, Optional: true},
		{Root: slot.User, Name: "teams", Type: strs(), Optional: true, MaxItems: 50},
		{Root: slot.User, Name: "tags", Type: strs(), Enum: []slot.Value{slot.StringValue("beta"), slot.StringValue("vip")}},
		{Root: slot.User, Name: "address", Type: address, Optional: true},
		{Root: slot.Resource, Name: "owner", Type: str(), Optional: true},
		{Root: slot.Resource, Name: "country", Type: str()},
		{Root: slot.Resource, Name: "zone", Type: str(), Enum: []slot.Value{slot.StringValue("eu"), slot.StringValue("us")}},
		{Root: slot.Resource, Name: "level", Type: integer, Min: slot.IntValue(1), Max: slot.IntValue(5)},
		{Root: slot.Resource, Name: "readers", Type: strs()},
		{Root: slot.Resource, Name: "labels", Type: &slot.Type{Kind: slot.Map, Elem: str()}, Optional: true},
		{Root: slot.Body, Name: "amount", Type: &slot.Type{Kind: slot.Double}},
		{Root: slot.Body, Name: "note", Type: str(), Optional: true},
		{Root: slot.Action, Name: "soft", Type: &slot.Type{Kind: slot.Bool}, Optional: true},
	}
}

// newScope is a scope with some constants, variables and a library.
func newScope(t testing.TB) *celenv.Scope {
	t.Helper()
	lib, err := celenv.NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	layout := slot.NewLayout(attributes())
	consts := map[string]slot.Value{
		"embargoed": slot.StringsValue([]string{"KP", "IR"}), "office": slot.StringsValue([]string{"192.0.2.0/24", "127.0.0.0/8"}),
		"sloppy": slot.StringsValue([]string{"192.0.2.0/24", "127.0.0.1/8"}), "zone": slot.StringValue("Europe/Berlin"),
		"open": slot.StringValue("[a-z]+"), "plan": slot.StringValue("por"),
	}
	vars := [][2]string{
		{"has_owner", "has(resource.owner)"},
		{"no_owner", "!has(resource.owner)"},
		{"is_owner", "has(resource.owner) && resource.owner == user.id"},
		{"country", "user.?country.orValue('DE')"},
		{"foreign", "user.?country.orValue('DE') != 'DE'"},
		{"plan", "user.plan"},
		{"fallback", "optional.of('DE')"},
		{"chosen", "has(user.country) ? user.country : 'DE'"},
		{"admin_path", "request.path.startsWith('/admin')"},
		{"via_http", "has(request.path)"},
		{"segments", "request.segments"},
	}
	common := lib.NewScope(layout, consts, nil)
	s := lib.NewScope(layout, consts, map[string]*celenv.Scope{"common": common})
	for _, in := range []*celenv.Scope{common, s} {
		in.SetLiterals(map[string][]string{
			"user.roles": {"admin", "support", "customer"}, "resource.type": {"order", "admin_page"}, "action.name": {"read", "delete"},
		})
		for _, v := range vars {
			e, problems := in.Compile(v[1], nil)
			if len(problems) > 0 {
				t.Fatalf("variable %s: %+v", v[0], problems)
			}
			in.AddVar(v[0], e)
		}
	}
	return s
}

// marked takes the marks off a source: «…» is where a problem is expected.
func marked(src string) (clean string, offset, length int) {
	before, rest, ok := strings.Cut(src, "«")
	if !ok {
		return src, -1, 0
	}
	token, after, _ := strings.Cut(rest, "»")
	return before + token + after, len([]rune(before)), len([]rune(token))
}

// refusal is an expression with its one mistake marked, and its twin without.
type refusal struct {
	src, code string
	hint      string // a part of it
	fine      string // compiles under the same options
}

func testRefusals(t *testing.T, o celenv.RuleOptions, cases []refusal) {
	t.Helper()
	s := newScope(t)
	for _, c := range cases {
		clean, offset, length := marked(c.src)
		_, problems := s.CompileRule(clean, o)
		if len(problems) != 1 {
			t.Errorf("%s: %d problems, want one %s: %+v", clean, len(problems), c.code, problems)
			continue
		}
		p := problems[0]
		if p.Code != c.code || p.Offset != offset || p.Length != length {
			t.Errorf("%s: %s at %d+%d, want %s at %d+%d: %s", clean, p.Code, p.Offset, p.Length, c.code, offset, length, p.Message)
		}
		if !strings.Contains(p.Hint, c.hint) {
			t.Errorf("%s: hint %q lacks %q", clean, p.Hint, c.hint)
		}
		if c.fine != "" {
			compiles(t, s, c.fine, o)
		}
	}
}

func compiles(t *testing.T, s *celenv.Scope, src string, o celenv.RuleOptions) *celenv.Expr {
	t.Helper()
	e, problems := s.CompileRule(src, o)
	if len(problems) > 0 {
		t.Errorf("%s: %+v", src, problems)
	}
	return e
}

func BenchmarkCompileRule(b *testing.B) {
	s := newScope(b)
	const src = "has(user.tenant) && user.tenant == resource.country && ('admin' in user.roles || vars.is_owner) && user.plan != 'free'"
	for b.Loop() {
		if _, problems := s.CompileRule(src, celenv.RuleOptions{Deny: true}); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}
