package jsonschema

import (
	"go/ast"
	"go/token"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// stranger is a key that no reader knows, nor takes for a misspelling.
const stranger = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"

// TestKeysOfTheReader: at every mapping of the documents that hold every key,
// the reader and the schema know the same keys, and demand the same.
func TestKeysOfTheReader(t *testing.T) {
	docs, err := documents(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	tab, err := newTable(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	docs = append(docs, tab.apiKeysKind())
	asked := map[*node]map[string]bool{}
	for place, text := range texts(t, "good") {
		nodes, found := document.Parse(place, text)
		if len(nodes) != 1 {
			t.Fatalf("%s: %d documents %v", place, len(nodes), found)
		}
		var w document.Walker
		value := w.Value(nodes[0], "the document")
		kind := w.Object(nodes[0], "the document").Text("kind").Value()
		i := slices.IndexFunc(docs, func(n *node) bool { return n.Title == kind })
		if i < 0 || len(w.Found()) > 0 {
			t.Fatalf("%s: no schema of the kind %s (%v)", place, kind, w.Found())
		}
		v := &visit{t: t, place: place, lines: strings.Split(string(text), "\n"), root: docs[i], asked: asked}
		v.value(value, []*node{docs[i]}, "")
	}
	for _, n := range docs {
		for where, of := range strictMappings(n) {
			var names []string
			for _, m := range of.Properties {
				names = append(names, m.name)
			}
			slices.Sort(names)
			if got := slices.Sorted(maps.Keys(asked[of])); !slices.Equal(got, names) {
				t.Errorf("%s at %s: the schema knows %q, the reader asks for %q", n.Title, where, names, got)
			}
		}
	}
}

type visit struct {
	t     *testing.T
	place string
	lines []string
	root  *node
	asked map[*node]map[string]bool // what the reader asked for at each strict mapping
}

// value visits a value that one of the schemas describes.
func (v *visit) value(x policy.Value, of []*node, path string) {
	of = v.expand(of)
	switch x.Kind {
	case document.List:
		var items []*node
		for _, n := range of {
			items = append(items, n.Items)
		}
		for i, item := range x.Items {
			v.value(item, items, path+"/"+strconv.Itoa(i))
		}
	case document.Map:
		v.mapping(x, of, path)
		for _, e := range x.Entries {
			v.value(e.Value, below(of, e.Key.Value()), path+"/"+e.Key.Value())
		}
	}
}

// expand adds the alternatives and the conditional parts.
func (v *visit) expand(of []*node) []*node {
	var out []*node
	for _, n := range of {
		switch {
		case n == nil || n.never:
			continue
		case n.Ref != "":
			out = append(out, v.expand([]*node{v.root.Defs.get(strings.TrimPrefix(n.Ref, "#/$defs/"))})...)
			continue
		}
		out = append(out, n)
		out = append(out, v.expand(slices.Concat(n.AnyOf, n.AllOf, []*node{n.Then, n.Else}))...)
	}
	return out
}

func below(of []*node, key string) []*node {
	var out []*node
	for _, n := range of {
		if p := n.Properties.get(key); p != nil {
			out = append(out, p)
		} else {
			out = append(out, n.AdditionalProperties)
		}
	}
	return out
}

func (v *visit) mapping(x policy.Value, of []*node, path string) {
	var strict []*node
	open := false
	for _, n := range of {
		switch {
		case n.AdditionalProperties == nil:
		case !n.AdditionalProperties.never:
			open = true
		case !slices.ContainsFunc(x.Entries, func(e document.ValueEntry) bool { return n.Properties.get(e.Key.Value()) == nil }):
			strict = append(strict, n)
		}
	}
	known, reported := v.known(x)
	switch {
	case reported && len(strict) == 1:
		v.record(strict[0], known, path)
		v.demands(x, strict[0], path)
	case reported && !(open && strings.Contains(path, "/matrix/") && strings.Contains(path, "/expect")): // there the names are the matrix's own
		v.t.Errorf("%s%s: the reader is strict about %q, and %d schemas fit", v.place, path, known, len(strict))
	case !reported && (!open || len(strict) > 0):
		v.t.Errorf("%s%s: the schema is strict, and the reader takes any key", v.place, path)
	}
}

// known gives the keys that the reader asks for at a mapping, by what it says
// about a stranger among them.
func (v *visit) known(x policy.Value) ([]string, bool) {
	at := x.Span().Start
	line := []rune(v.lines[at.Line-1])
	text := stranger + ": x\n" + strings.Repeat(" ", at.Column-1)
	if line[at.Column-1] == '{' {
		at.Column++
		text = stranger + ": x"
		if len(x.Entries) > 0 {
			text += ", "
		}
	}
	_, found := read(v.place, v.edited(at, 0, text))
	for _, d := range found {
		if d.Code == "unknown_key" && strings.Contains(d.Message, stranger) {
			return strings.Split(strings.TrimPrefix(d.Hint, "known here: "), ", "), true
		}
	}
	return nil, false
}

// edited gives the document with n runes at a place replaced.
func (v *visit) edited(at document.Position, n int, by string) []byte {
	lines := slices.Clone(v.lines)
	line := []rune(lines[at.Line-1])
	lines[at.Line-1] = string(line[:at.Column-1]) + by + string(line[at.Column-1+n:])
	return []byte(strings.Join(lines, "\n"))
}

func (v *visit) record(n *node, known []string, path string) {
	if v.asked[n] == nil {
		v.asked[n] = map[string]bool{}
	}
	for _, key := range known {
		v.asked[n][key] = true
		if n.Properties.get(key) == nil {
			v.t.Errorf("%s%s: the reader asks for %q, which the schema does not know", v.place, path, key)
		}
	}
}

// demands makes a stranger of one key after the other: what the schema demands
// the reader must, and the other way round.
func (v *visit) demands(x policy.Value, n *node, path string) {
	for _, e := range x.Entries {
		key := e.Key.Value()
		_, found := read(v.place, v.edited(e.Key.Span().Start, len([]rune(key)), stranger))
		refused, missed := false, false
		for _, d := range found {
			refused = refused || d.Code != "unknown_key"
			missed = missed || d.Code == "missing_key" && d.Message == `key "`+key+`" is missing`
		}
		needed := slices.Contains(n.Required, key)
		if needed && !refused {
			v.t.Errorf("%s%s: the schema demands %q, and the reader does not", v.place, path, key)
		}
		if missed && !needed {
			v.t.Errorf("%s%s: the reader demands %q, and the schema does not", v.place, path, key)
		}
	}
}

// strictMappings finds every mapping of a schema that takes no other key.
func strictMappings(n *node) map[string]*node {
	out := map[string]*node{}
	var walk func(n *node, path string)
	walk = func(n *node, path string) {
		if n == nil || n.never {
			return
		}
		if n.AdditionalProperties != nil && n.AdditionalProperties.never {
			out[path] = n
		}
		for _, m := range slices.Concat(n.Properties, n.Defs) {
			walk(m.of, path+"/"+m.name)
		}
		for i, x := range slices.Concat(n.AnyOf, n.AllOf, []*node{n.Items, n.AdditionalProperties, n.Then, n.Else}) {
			walk(x, path+"/"+strconv.Itoa(i))
		}
	}
	walk(n, "")
	return out
}

// TestKeysInTheSource: every key that the source of the reader names is in a
// schema, also one that the documents of TestKeysOfTheReader lack, and the
// other way round.
func TestKeysInTheSource(t *testing.T) {
	docs, err := documents(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	for dir, kinds := range map[string][]*node{"policy": docs[:len(docs)-1], "sidecar/config": docs[len(docs)-1:]} {
		files, err := goFiles(os.DirFS(root), dir)
		if err != nil {
			t.Fatal(err)
		}
		named := keysNamed(files)
		published := map[string]bool{}
		for _, n := range kinds {
			for _, of := range strictMappings(n) {
				for _, m := range of.Properties {
					published[m.name] = true
				}
			}
		}
		// A fixture takes any key, and a type among them.
		published["type"] = true
		if got, want := slices.Sorted(maps.Keys(published)), slices.Sorted(maps.Keys(named)); !slices.Equal(got, want) {
			t.Errorf("%s: the schemas know %q\nthe reader names %q", dir, got, want)
		}
	}
}

// keysNamed collects the literals that are given as a key: to a method of
// document.Object, or to a function that hands it on.
func keysNamed(files []*ast.File) map[string]bool {
	at := map[string]int{} // function → index of its parameter key
	for _, method := range []string{"Text", "Texts", "Names", "List", "Items", "Object", "Declarations", "Node", "Bool", "Int"} {
		at[method] = 0
	}
	for _, f := range files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			i := 0
			for _, p := range fn.Type.Params.List {
				for _, name := range p.Names {
					if id, ok := p.Type.(*ast.Ident); ok && name.Name == "key" && id.Name == "string" {
						at[fn.Name.Name] = i
					}
					i++
				}
			}
		}
	}
	out := map[string]bool{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name := ""
			switch fn := call.Fun.(type) {
			case *ast.Ident:
				name = fn.Name
			case *ast.SelectorExpr:
				name = fn.Sel.Name
			}
			i, ok := at[name]
			if !ok || i >= len(call.Args) || i == 0 && len(call.Args) != 1 {
				return true
			}
			if lit, ok := call.Args[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if key, err := strconv.Unquote(lit.Value); err == nil {
					out[key] = true
				}
			}
			return true
		})
	}
	return out
}
