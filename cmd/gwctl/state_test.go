package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
)

func stateRules() []rule {
	return []rule{
		{
			name: "no init functions", why: "what a program does begins in main and can be followed from there",
			find:    inits,
			offends: map[string]string{"lint/a.go": "package lint\nfunc init() {}"},
			passes:  map[string]string{"lint/a.go": "package lint\ntype r struct{}\nfunc (r) init() {}\nfunc start() { }"},
		}, {
			name: "no package-level state that changes", why: "two sidecars, or two tests, in one process must not share anything",
			find: mutableState,
			offends: map[string]string{
				"engine/a.go": "package engine\nvar cache = map[string]int{}",
				"engine/b.go": "package engine\nfunc put(k string) { cache[k] = 1 }",
			},
			passes: map[string]string{
				"engine/a.go": "package engine\nvar names = map[string]int{\"a\": 1}\nvar total int\n",
				"engine/b.go": "package engine\nfunc get(k string) int { total := names[k]; total++; return total }",
			},
		}, {
			name: "no package-level locks", why: "a lock guards state, and there is none",
			find:    lockedState,
			offends: map[string]string{"sidecar/a.go": "package sidecar\nimport \"sync\"\nvar pool = sync.Pool{}"},
			passes:  map[string]string{"sidecar/a.go": "package sidecar\nimport \"sync\"\ntype s struct { mu sync.Mutex }"},
		},
	}
}

func inits(t *tree) []string {
	var out []string
	for _, f := range t.files {
		for _, d := range f.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				out = append(out, f.place(fn)+": func init")
			}
		}
	}
	return out
}

// packageVars gives the variables of each package by directory and name.
func packageVars(t *tree) map[string]map[string]*ast.ValueSpec {
	out := map[string]map[string]*ast.ValueSpec{}
	for _, f := range t.files {
		if f.test {
			continue
		}
		if out[f.dir] == nil {
			out[f.dir] = map[string]*ast.ValueSpec{}
		}
		for _, d := range f.syntax.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			for _, s := range gen.Specs {
				spec := s.(*ast.ValueSpec)
				for _, name := range spec.Names {
					if name.Name != "_" {
						out[f.dir][name.Name] = spec
					}
				}
			}
		}
	}
	return out
}

// mutableState finds what is written to a package's variables outside their
// declaration: assignments to them, to their elements or fields, increments,
// delete and clear, and their address taken.
func mutableState(t *tree) []string {
	vars := packageVars(t)
	var out []string
	for _, f := range t.files {
		if f.test {
			continue
		}
		for _, d := range f.syntax.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			local := localNames(fn)
			written := func(e ast.Expr) {
				name := rootName(e)
				if spec := vars[f.dir][name]; spec != nil && !slices.Contains(local, name) {
					out = append(out, fmt.Sprintf("%s: %s is written to", f.place(e), name))
				}
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				switch x := n.(type) {
				case *ast.AssignStmt:
					for _, l := range x.Lhs {
						written(l)
					}
				case *ast.IncDecStmt:
					written(x.X)
				case *ast.UnaryExpr:
					if x.Op == token.AND {
						written(x.X)
					}
				case *ast.CallExpr:
					if id, ok := x.Fun.(*ast.Ident); ok && (id.Name == "delete" || id.Name == "clear" || id.Name == "copy") && len(x.Args) > 0 {
						written(x.Args[0])
					}
				}
				return true
			})
		}
	}
	return out
}

// rootName gives x of x, x.f, x[i], *x and x[i:j].
func rootName(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x.Name
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return ""
		}
	}
}

// localNames are the names that a function declares anywhere in it, receiver
// and parameters included. A package's variable of the same name is not
// followed there.
func localNames(fn *ast.FuncDecl) []string {
	var out []string
	fields := func(l *ast.FieldList) {
		if l == nil {
			return
		}
		for _, f := range l.List {
			for _, n := range f.Names {
				out = append(out, n.Name)
			}
		}
	}
	fields(fn.Recv)
	ast.Inspect(fn, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.FuncType:
			fields(x.Params)
			fields(x.Results)
		case *ast.AssignStmt:
			if x.Tok == token.DEFINE {
				for _, l := range x.Lhs {
					out = append(out, rootName(l))
				}
			}
		case *ast.ValueSpec:
			for _, name := range x.Names {
				out = append(out, name.Name)
			}
		case *ast.RangeStmt:
			if x.Tok == token.DEFINE {
				out = append(out, rootName(x.Key))
				if x.Value != nil {
					out = append(out, rootName(x.Value))
				}
			}
		}
		return true
	})
	return out
}

// lockedState finds package-level variables of types that only make sense for
// state.
func lockedState(t *tree) []string {
	var out []string
	for _, f := range t.files {
		if f.test {
			continue
		}
		imports := f.imports()
		for _, d := range f.syntax.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			ast.Inspect(gen, func(n ast.Node) bool {
				if _, isFunc := n.(*ast.FuncLit); isFunc {
					return false
				}
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				x, ok := sel.X.(*ast.Ident)
				if ok && (imports[x.Name] == "sync" || imports[x.Name] == "sync/atomic") {
					out = append(out, fmt.Sprintf("%s: a variable with %s.%s", f.place(sel), x.Name, sel.Sel.Name))
				}
				return true
			})
		}
	}
	return out
}
