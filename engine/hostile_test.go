package engine

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// A hostile file is to be refused in under a second of work; the test gives it
// five. What it allocates on the way is bounded, too.
const (
	hostileTime  = 5 * time.Second
	hostileBytes = 512 << 20
)

// hostile is a file of numbered pieces between a head and a tail; # is the
// number.
type hostile struct{ head, piece, tail string }

func (h hostile) text(size int) string {
	var b strings.Builder
	b.WriteString(h.head)
	before, after, numbered := strings.Cut(h.piece, "#")
	for i := 0; ; i++ {
		next := h.piece
		if numbered {
			n := strconv.Itoa(i)
			next = before + n + strings.ReplaceAll(after, "#", n)
		}
		if b.Len()+len(next)+len(h.tail) > size {
			return b.String() + h.tail
		}
		b.WriteString(next)
	}
}

// fullSize tells whether a file is made as large as a file may be; the others
// have an eighth of it, at which what is quadratic shows, too.
func fullSize(name string) bool {
	return slices.Contains([]string{
		"a condition", "emoji as keys", "guarded types", "empty documents", "lists in lists", "one word", "pattern", "route segments", "rules", "unclosed double quote",
		"what looks like aliases", "_test cases",
	}, name)
}

// hostileFiles are wrong, every one.
func hostileFiles() map[string]hostile {
	const schema = "apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: s}\nspec:\n"
	const resource = "apiVersion: gwctl.dev/v1\nkind: Resource\nmetadata: {name: r}\nspec:\n  actions: {read: {}}\n"
	const policyHead = resource + "---\napiVersion: gwctl.dev/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  resources: [r]\n"
	const rule = policyHead + "  rules:\n    - {id: a, effect: deny, when: \""
	const noRule = "  rules: [{id: a, effect: deny}]\n"
	const suite = "apiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: t}\nspec:\n"
	return map[string]hostile{
		"lists in lists": {"", "[", ""}, "mappings in mappings": {"", "{a: ", ""}, "items in items": {"", "- ", ""},
		"keys": {"", "k#: 1\n", ""}, "the same key": {"", "a: 1\n", ""}, "keys of a policy": {policyHead + noRule, "  k#: 1\n", ""},
		"complex keys": {"", "? a\n", ""}, "merge keys": {"", "<<: {a: 1}\n", ""},
		"one word": {"a: ", "x", "\n"}, "words": {"a: ", "x ", "y\n"}, "escapes": {"a: \"", "\\x41", "\"\n"}, "a block": {"a: |\n", "  x\n", ""}, "folded": {"a: >\n", "  x\n", ""},
		"anchors": {"[", "&a 1,", "]"}, "aliases": {"- &a 1\n- [", "*a,", "]"}, "what looks like aliases": {"- [", "'*a',", "]"},
		"empty documents": {"", "---\n", ""}, "documents": {"", "---\na\n", ""}, "halves of documents": {"", "---\nkind: Policy\nmetadata: {name: p#}\n", ""}, "directives": {"", "%TAG ! a\n", ""},
		"unclosed quote": {"a: '", "b c\n", ""}, "unclosed double quote": {"a: \"", "b c\n", ""}, "unclosed quotes": {"", "a: \"b\n", ""},
		"blanks": {"", " ", ""}, "line ends": {"", "\n", ""}, "tabs": {"a:", "\t", "b\n"}, "comments": {"", "#\n", ""}, "zeros": {"", "\x00", ""}, "no UTF-8": {"", "\xff", ""},
		"emoji": {"a: ", "😀", "\n"}, "emoji as keys": {"{", "😀#: 1,", "}"}, "emoji in lines": {"", "- 😀\n", ""}, "marks on a letter": {"a: e", "\u0301", "\n"},
		"types in types": {schema + "  user:\n    a: {type: '", "list(", "'}\n"}, "attributes": {schema + "  user:\n", "    a#: {type: int}\n", ""}, "attributes without a type": {schema + "  user:\n", "    a#: {type: strin}\n", ""},
		"enum": {schema + "  user:\n    a: {type: string, enum: [", "e#,", "x]}\n"}, "pattern": {schema + "  user:\n    a: {type: string, pattern: '", "(a|b)*", "'}\n"},
		"patterns":        {"", resource + "  attributes: {x: {type: string, pattern: '[a-z]{999}'}}\n---\n", "kind: Sidecar\n"},
		"long pattern":    {rule + "user.id.matches('", "(a*)*", "')\"}\n"},
		"actions":         {strings.Replace(resource, "{read: {}}", "{", 1), "a#: {}, ", "x: {}}\n"},
		"hosts":           {resource + "  hosts: [", "h#, ", "x]\n"},
		"route segments":  {resource + "  routes:\n    - {route: \"GET ", "/a", "\", action: read}\n"},
		"route methods":   {resource + "  routes:\n    - {route: \"", "GET,", "GET /a\", action: read}\n"},
		"a long method":   {resource + "  routes:\n    - {route: \"", "G", " /a\", action: read}\n"},
		"the same route":  {resource + "  routes:\n", "    - {route: GET /x, action: read}\n", ""},
		"body fields":     {resource + "  routes:\n    - {route: POST /x, action: read, body: {type: json, fields: {", "k#: {type: int}, ", "x: {type: int}}}}\n"},
		"a condition":     {rule, "a+", "a\"}\n"},
		"brackets":        {rule, "(", "\"}\n"},
		"a list":          {rule + "user.id in [", "'a',", "'a']\"}\n"},
		"a wrong block":   {policyHead + "  rules:\n    - id: a\n      effect: deny\n      when: |\n", "        x\n", ""},
		"constants":       {policyHead + noRule + "  consts:\n", "    c#: 1\n", ""},
		"a constant":      {policyHead + noRule + "  consts:\n    c: [", "e#,", "x]\n"},
		"variables":       {policyHead + noRule + "  vars:\n", "    v#: vars.v#\n", ""},
		"headers":         {policyHead + "  rules:\n    - {id: a, effect: allow, actions: [read], obligations: {set_headers: {", "x-#: a, ", "y: a}}}\n"},
		"no such types":   {strings.Replace(policyHead, "[r]\n", "[", 1), "x#, ", "y]\n" + noRule},
		"no such actions": {policyHead + "  rules:\n    - {id: a, effect: deny, actions: [", "x#, ", "y]}\n"},
		"no such library": {policyHead + noRule + "  imports: [", "l#, ", "y]\n"},
		"rules":           {policyHead + "  rules:\n", "    - {id: R#, efect: deny}\n", ""},
		"the same rule":   {policyHead + "  rules:\n", "    - {id: r, effect: deny}\n", ""},
		"guarded types":   {"apiVersion: gwctl.dev/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  resources: ['*']\n  rules:\n" + guardRules(), "---\napiVersion: gwctl.dev/v1\nkind: Resource\nmetadata: {name: r#}\nspec: {actions: {read: {}}}\n", ""},
		"fixtures":        {resource + "---\napiVersion: gwctl.dev/v1\nkind: Directory\nmetadata: {name: d}\nspec:\n  resources:\n", "    - {type: q, id: x#}\n", ""},
		"the same fixture": {resource + "---\napiVersion: gwctl.dev/v1\nkind: Directory\nmetadata: {name: d}\nspec:\n  resources:\n",
			"    - {type: r, id: x}\n", ""},
		"_test cases":    {suite + "  cases:\n", "    - {name: c#, user: u, resource: x, action: y, expect: {effect: deny, rule: a/b, reason: zzz}}\n", ""},
		"_test matrix":   {suite + "  matrix:\n    - resources: [a, b]\n      actions: [a, b]\n      expect: deny\n      users: [", "u#, ", "y]\n"},
		"_test matrices": {suite + "  matrix:\n", "    - {users: [anonymous], resources: [x], actions: [y], expect: deny}\n", ""},
		"_test gaps":     {suite + "  matrix:\n    - users: [a]\n      resources: [x]\n      actions: [y]\n      expect:\n", "        u#: {x: deny}\n", ""},
	}
}

// guardRules are 500 rules over every type.
func guardRules() string {
	var b strings.Builder
	for i := range 500 {
		fmt.Fprintf(&b, "    - {id: r%d, effect: deny}\n", i)
	}
	return b.String()
}

// TestHostileFiles: each is refused, soon and without taking all memory.
func TestHostileFiles(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector is ten times slower, and TestSideBySide has what is concurrent")
	}
	for name, h := range hostileFiles() {
		size := document.MaxFileSize / 8
		if fullSize(name) {
			size = document.MaxFileSize
		}
		t.Run(name, func(t *testing.T) { refuseHostile(t, name, h.text(size)) })
	}
}

func refuseHostile(t *testing.T, name, text string) {
	path := "a.yaml"
	if strings.HasPrefix(name, "_test") {
		path = "a_test.yaml"
	}
	if len(text) < document.MaxFileSize/8-1000 || len(text) > document.MaxFileSize {
		t.Fatalf("the file has %d bytes", len(text))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := processTime()
	src, found := policy.Load([]policy.File{{Path: path, Data: []byte(text)}})
	if !found.HasErrors() {
		_, found = Compile(src)
	}
	took := processTime() - began
	runtime.ReadMemStats(&after)
	if !found.HasErrors() || found[0].Message == "" || found[0].Code == "internal" {
		t.Errorf("found %v", found)
	}
	if taken := after.TotalAlloc - before.TotalAlloc; took > hostileTime || taken > hostileBytes || len(found) > 2*document.MaxFindings {
		t.Errorf("took %v and %d MiB for %d findings", took, taken>>20, len(found))
	}
}
