package main

import (
	"fmt"
	"go/ast"
	"slices"
)

// forbidden are names of other packages that the product never uses, by import
// path.
func forbidden() []word {
	const shared = "state that any package of the process can change"
	const unbounded = "it has no time limit; make a client with one"
	return []word{
		{"github.com/coreos/go-oidc/v3/oidc", "NewRemoteKeySet", "it has no TTL, no refetch limit and no body limit"},
		{"net/http", "DefaultClient", unbounded},
		{"net/http", "DefaultTransport", shared},
		{"net/http", "DefaultServeMux", shared},
		{"net/http", "Get", unbounded},
		{"net/http", "Head", unbounded},
		{"net/http", "Post", unbounded},
		{"net/http", "PostForm", unbounded},
		{"net/http", "Handle", shared},
		{"net/http", "HandleFunc", shared},
		{"net/http", "ListenAndServe", "a server without time limits; make an http.Server with them"},
		{"net/http", "ListenAndServeTLS", "a server without time limits; make an http.Server with them"},
		{"net/http", "Serve", "a server without time limits; make an http.Server with them"},
		{"net/http", "ServeTLS", "a server without time limits; make an http.Server with them"},
	}
}

type word struct{ from, name, why string }

func wordRules() []rule {
	return []rule{
		{
			name: "no forbidden names", why: "each has a safe counterpart",
			find:    eachWord(func(_ *sourceFile, w word) string { return banned(w) }),
			offends: map[string]string{"sidecar/a.go": "package sidecar\nimport web \"net/http\"\nvar _ = web.DefaultClient"},
			passes:  map[string]string{"sidecar/a.go": "package sidecar\nimport \"net/http\"\nvar _ = http.Client{Timeout: 1}"},
		}, {
			name: "policy and engine serve and fetch nothing", why: "net/http is there for statuses and methods; the engine takes no hidden input",
			find:    eachWord(serves),
			offends: map[string]string{"engine/a.go": "package engine\nimport \"net/http\"\nvar _ http.Client"},
			passes:  map[string]string{"engine/a.go": "package engine\nimport \"net/http\"\nconst s = http.StatusForbidden"},
		}, {
			name: "nothing is read without a limit", why: "whoever sends the bytes decides how many there are",
			find:    unlimitedReads,
			offends: map[string]string{"sidecar/a.go": "package sidecar\nimport \"io\"\nfunc f(r io.Reader) { io.ReadAll(r) }"},
			passes:  map[string]string{"sidecar/a.go": "package sidecar\nimport \"io\"\nfunc f(r io.Reader) { io.ReadAll(io.LimitReader(r, 9)) }"},
		}, {
			name: "no exported function takes untyped maps", why: "attributes are typed; a map of anything has no absent, no type and no bound",
			find:    untypedMaps,
			offends: map[string]string{"engine/a.go": "package engine\ntype S struct{}\nfunc (s *S) Decide(in []map[string]interface{}) {}"},
			passes:  map[string]string{"engine/a.go": "package engine\nfunc decide(in map[string]any) {}\nfunc Decide(in map[string]string) {}"},
		},
	}
}

// eachWord finds the uses of names of other packages that a check has something
// to say about. Tests are free.
func eachWord(check func(*sourceFile, word) string) func(*tree) []string {
	return func(t *tree) []string {
		var out []string
		for _, f := range t.files {
			if f.test {
				continue
			}
			imports := f.imports()
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if from, ok := sel.X.(*ast.Ident); ok && imports[from.Name] != "" {
					if breach := check(f, word{from: imports[from.Name], name: sel.Sel.Name}); breach != "" {
						out = append(out, f.place(sel)+": "+breach)
					}
				}
				return true
			})
		}
		return out
	}
}

func banned(used word) string {
	for _, w := range forbidden() {
		if w.from == used.from && w.name == used.name {
			return fmt.Sprintf("%s.%s: %s", w.from, w.name, w.why)
		}
	}
	return ""
}

func serves(f *sourceFile, w word) string {
	names := []string{"Server", "Client", "Transport", "NewRequest", "NewRequestWithContext", "Handler", "HandlerFunc", "ServeMux", "NewServeMux", "ResponseWriter"}
	return ifTrue(inside(f.dir, "policy", "engine") && w.from == "net/http" && slices.Contains(names, w.name), "http."+w.name)
}

// unlimitedReads finds io.ReadAll whose argument is not a limited reader made on
// the spot.
func unlimitedReads(t *tree) []string {
	var out []string
	for _, f := range t.files {
		if f.test {
			continue
		}
		imports := f.imports()
		is := func(e ast.Expr, from string, names ...string) bool {
			call, ok := e.(*ast.CallExpr)
			if !ok {
				return false
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return false
			}
			x, ok := sel.X.(*ast.Ident)
			return ok && imports[x.Name] == from && slices.Contains(names, sel.Sel.Name)
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if ok && is(call, "io", "ReadAll") && !is(call.Args[0], "io", "LimitReader") && !is(call.Args[0], "net/http", "MaxBytesReader") {
				out = append(out, f.place(call)+": io.ReadAll without io.LimitReader")
			}
			return true
		})
	}
	return out
}

func untypedMaps(t *tree) []string {
	var out []string
	for _, f := range t.files {
		for _, d := range f.syntax.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || f.test || !fn.Name.IsExported() {
				continue
			}
			ast.Inspect(fn.Type.Params, func(n ast.Node) bool {
				if m, ok := n.(*ast.MapType); ok && isAny(m.Value) {
					out = append(out, fmt.Sprintf("%s: %s takes a map of any", f.place(fn), fn.Name.Name))
				}
				return true
			})
		}
	}
	return out
}

func isAny(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name == "any"
	case *ast.InterfaceType:
		return len(x.Methods.List) == 0
	}
	return false
}
