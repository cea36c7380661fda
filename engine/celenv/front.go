package celenv

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/parser"

	"github.com/gwctl/gwctl/engine/slot"
)

// front is the type checker of CEL with our roots declared. Making one takes as
// long as checking a hundred conditions, so it serves one scope after the
// other: what the roots hold is asked of the scope that uses it.
type front struct {
	env      *cel.Env
	provider *provider
	// carrier takes a tree of our parser to the checker, which wants a *cel.Ast
	// and has no way to make one of a tree.
	carrier *cel.Ast
}

// fronts are those not in use, by the names of the libraries that they know.
type fronts struct {
	mu   sync.Mutex
	free map[string][]*front
}

func (l *Library) takeFront(s *Scope) (*front, error) {
	if f := l.fronts.take(s.libNames()); f != nil {
		f.provider.scope = s
		return f, nil
	}
	return l.newFront(s)
}

func (l *Library) returnFront(f *front) {
	l.fronts.put(f.provider.scope.libNames(), f)
}

func (x *fronts) take(key string) *front {
	x.mu.Lock()
	defer x.mu.Unlock()
	free := x.free[key]
	if len(free) == 0 {
		return nil
	}
	x.free[key] = free[:len(free)-1]
	return free[len(free)-1]
}

func (x *fronts) put(key string, f *front) {
	f.provider.scope = nil
	x.mu.Lock()
	defer x.mu.Unlock()
	x.free[key] = append(x.free[key], f)
}

func (l *Library) newFront(s *Scope) (*front, error) {
	p := &provider{Provider: l.env.CELTypeProvider(), scope: s}
	options := []cel.EnvOption{cel.CustomTypeProvider(p), cel.Variable("vars", varsType), cel.Variable("consts", constsType)}
	for r := range slot.Body {
		options = append(options, cel.Variable(r.String(), rootType(r)))
	}
	for name := range s.libs {
		options = append(options, cel.Variable(name, libType(name)))
	}
	env, err := l.env.Extend(options...)
	if err != nil {
		return nil, fmt.Errorf("building a CEL checker: %w", err)
	}
	carrier, issues := env.Parse("true")
	if issues.Err() != nil {
		return nil, fmt.Errorf("building a CEL checker: %w", issues.Err())
	}
	return &front{env: env, provider: p, carrier: carrier}, nil
}

// libNames names the imported libraries.
func (s *Scope) libNames() string {
	return strings.Join(slices.Sorted(maps.Keys(s.libs)), " ")
}

// check gives the checked form of a parsed tree.
func (f *front) check(parsed *ast.AST) (*cel.Ast, *cel.Issues) {
	*f.carrier.NativeRep() = *parsed
	return f.env.Check(f.carrier)
}

// newParser makes the faster of CEL's two parsers, with the macros and limits
// of an environment.
func newParser(env *cel.Env) (*parser.Parser, error) {
	p, err := parser.NewParser(
		parser.EnablePrattParser(true), parser.EnableOptionalSyntax(true), parser.PopulateMacroCalls(true), parser.Macros(env.Macros()...),
		parser.ExpressionSizeCodePointLimit(MaxExpressionSize), parser.MaxRecursionDepth(MaxNesting),
	)
	if err != nil {
		return nil, fmt.Errorf("building the CEL parser: %w", err)
	}
	return p, nil
}

// parse reads an expression. Nothing is resolved yet.
func (l *Library) parse(source string) (*ast.AST, []*common.Error) {
	parsed, errs := l.parser.Parse(common.NewTextSource(source))
	if list := errs.GetErrors(); len(list) > 0 {
		return nil, list
	}
	return parsed, nil
}
