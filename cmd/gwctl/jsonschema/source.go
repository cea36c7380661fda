package jsonschema

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// source is what the Go files of one directory say: the comments of types and
// of their fields, and the values of variables, constants and functions that
// only return a literal.
type source struct {
	dir    string
	types  map[string]goType
	values map[string]ast.Expr
}

type goType struct {
	doc    string
	fields map[string]string // name → comment, "" without one
	embeds []string          // types of the same directory whose fields are its own, too
}

// readSource parses the Go files of a directory, tests left out.
func readSource(repo fs.FS, dir string) (*source, error) {
	s := &source{dir: dir, types: map[string]goType{}, values: map[string]ast.Expr{}}
	files, err := goFiles(repo, dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		for _, d := range f.Decls {
			s.declaration(d)
		}
	}
	for _, t := range s.types {
		for _, name := range t.embeds {
			for field, comment := range s.types[name].fields {
				t.fields[field] = comment
			}
		}
	}
	return s, nil
}

func goFiles(repo fs.FS, dir string) ([]*ast.File, error) {
	names, err := fs.Glob(repo, path.Join(dir, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("reading the comments of %s: %w", dir, err)
	}
	var out []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(repo, name)
		if err != nil {
			return nil, fmt.Errorf("reading the comments of %s: %w", dir, err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("reading the comments of %s: %w", dir, err)
		}
		out = append(out, f)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("reading the comments of %s: no Go file", dir)
	}
	return out, nil
}

func (s *source) declaration(d ast.Decl) {
	if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Body != nil && len(f.Body.List) == 1 {
		if r, ok := f.Body.List[0].(*ast.ReturnStmt); ok && len(r.Results) == 1 {
			s.values[f.Name.Name] = r.Results[0]
		}
	}
	g, ok := d.(*ast.GenDecl)
	if !ok {
		return
	}
	for _, spec := range g.Specs {
		switch x := spec.(type) {
		case *ast.ValueSpec:
			for i, name := range x.Names {
				if i < len(x.Values) {
					s.values[name.Name] = x.Values[i]
				}
			}
		case *ast.TypeSpec:
			doc := x.Doc
			if doc == nil {
				doc = g.Doc
			}
			s.typeSpec(x, doc.Text())
		}
	}
}

func (s *source) typeSpec(x *ast.TypeSpec, doc string) {
	t := goType{doc: doc, fields: map[string]string{}}
	if st, ok := x.Type.(*ast.StructType); ok {
		for _, f := range st.Fields.List {
			comment := f.Doc.Text()
			if comment == "" {
				comment = f.Comment.Text()
			}
			for _, name := range f.Names {
				t.fields[name.Name] = strings.TrimSpace(comment)
			}
			if p, ok := f.Type.(*ast.StarExpr); ok && len(f.Names) == 0 {
				if name, ok := p.X.(*ast.Ident); ok {
					t.embeds = append(t.embeds, name.Name)
				}
			}
		}
	}
	s.types[x.Name.Name] = t
}

// field finds a field by the key that it is read from: any_scope is AnyScope,
// max_age is MaxAge. Without one both results are empty.
func (t goType) field(key string) (name, comment string) {
	for name, comment := range t.fields {
		if strings.EqualFold(name, strings.ReplaceAll(key, "_", "")) {
			return name, comment
		}
	}
	return "", ""
}

var errNotFound = errors.New("not found")

// pattern gives the regular expression that a variable compiles.
func (s *source) pattern(name string) (string, error) {
	if call, ok := s.values[name].(*ast.CallExpr); ok && len(call.Args) == 1 {
		if lit, ok := call.Args[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
			return strconv.Unquote(lit.Value)
		}
	}
	return "", fmt.Errorf("pattern %s.%s: %w", s.dir, name, errNotFound)
}

// list gives the items of a variable or function that is a list of literals or
// constants; with a key, those of that entry of a map.
func (s *source) list(name, key string) ([]any, error) {
	lit, ok := s.values[name].(*ast.CompositeLit)
	if ok && key != "" {
		lit, ok = entry(lit, key)
	}
	if !ok {
		return nil, fmt.Errorf("list %s.%s %s: %w", s.dir, name, key, errNotFound)
	}
	var out []any
	for _, e := range lit.Elts {
		v, err := s.literal(e)
		if err != nil {
			return nil, fmt.Errorf("list %s.%s: %w", s.dir, name, err)
		}
		out = append(out, v)
	}
	return out, nil
}

func entry(m *ast.CompositeLit, key string) (*ast.CompositeLit, bool) {
	for _, e := range m.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return nil, false
		}
		if k, ok := kv.Key.(*ast.BasicLit); ok && k.Value == strconv.Quote(key) {
			list, ok := kv.Value.(*ast.CompositeLit)
			return list, ok
		}
	}
	return nil, false
}

func (s *source) literal(e ast.Expr) (any, error) {
	switch x := e.(type) {
	case *ast.Ident:
		if v, ok := s.values[x.Name]; ok {
			return s.literal(v)
		}
	case *ast.BasicLit:
		switch x.Kind {
		case token.STRING:
			return strconv.Unquote(x.Value)
		case token.INT:
			return strconv.ParseInt(x.Value, 0, 64)
		}
	}
	return nil, fmt.Errorf("a literal: %w", errNotFound)
}
