package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"regexp/syntax"
	"strconv"
	"testing"
)

// numbersOf gives every number that a page can be compared with, in the forms
// of limitSources.
func numbersOf(t *testing.T) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	for _, f := range parseTree(t).files {
		if f.test || !inside(f.dir, "policy", "engine", "sidecar/canonical") {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.ValueSpec:
				for i, name := range x.Names {
					if i < len(x.Values) {
						addNumber(out, f.dir+"."+name.Name, x.Values[i])
					}
				}
			case *ast.FuncDecl:
				if x.Body != nil && x.Recv != nil {
					addFields(out, f.dir+"."+x.Name.Name, x.Body)
				}
			}
			return true
		})
	}
	for place, m := range keyedMappings(t) {
		for key, of := range m.keys {
			addSchema(out, place+"/properties/"+key, of)
		}
	}
	return out
}

// addNumber notes a constant, or the longest text that a pattern matches.
func addNumber(out map[string]int64, name string, value ast.Expr) {
	if call, ok := value.(*ast.CallExpr); ok && len(call.Args) == 1 {
		if lit, ok := call.Args[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				if re, err := syntax.Parse(text, syntax.Perl); err == nil {
					out["~"+name] = longest(re)
				}
			}
		}
		return
	}
	v, err := types.Eval(token.NewFileSet(), nil, token.NoPos, types.ExprString(value))
	if err != nil || v.Value == nil || v.Value.Kind() != constant.Int {
		return // names another one, or is no number
	}
	if n, exact := constant.Int64Val(v.Value); exact {
		out[name] = n
	}
}

// addFields notes the numbers in the literals of a function.
func addFields(out map[string]int64, function string, body ast.Node) {
	ast.Inspect(body, func(n ast.Node) bool {
		if kv, ok := n.(*ast.KeyValueExpr); ok {
			if id, ok := kv.Key.(*ast.Ident); ok {
				addNumber(out, function+":"+id.Name, kv.Value)
			}
		}
		return true
	})
}

func addSchema(out map[string]int64, place string, node any) {
	n, _ := node.(map[string]any)
	for word, v := range n {
		if number, ok := v.(float64); ok {
			out[place+"/"+word] = int64(number)
		}
		addSchema(out, place+"/"+word, v)
	}
}

// longest is how many characters a pattern matches at most; -1 without a bound.
func longest(re *syntax.Regexp) int64 {
	sum := int64(0)
	switch re.Op {
	case syntax.OpLiteral:
		return int64(len(re.Rune))
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpStar, syntax.OpPlus:
		return -1
	case syntax.OpRepeat:
		if n := longest(re.Sub[0]); n >= 0 && re.Max >= 0 {
			return n * int64(re.Max)
		}
		return -1
	}
	for _, sub := range re.Sub {
		n := longest(sub)
		switch {
		case n < 0:
			return -1
		case re.Op == syntax.OpAlternate:
			sum = max(sum, n)
		default:
			sum += n
		}
	}
	return sum
}

// TestLongest proves the reading of patterns.
func TestLongest(t *testing.T) {
	for pattern, want := range map[string]int64{
		`^[a-z][a-z0-9_]{0,63}$`: 64, `^a(b|cde)?$`: 4, `^(ab){2}$`: 4, `^a*$`: -1, `^a{2,}$`: -1, `^(a|b+)$`: -1, `^.\.x$`: 3, `^$`: 0,
	} {
		re, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if got := longest(re); got != want {
			t.Errorf("%s matches at most %d characters, got %d", pattern, want, got)
		}
	}
}

// TestNumbersOf proves the search for constants: each form finds one.
func TestNumbersOf(t *testing.T) {
	numbers := numbersOf(t)
	for _, form := range []string{"policy.MaxFiles", "policy.DefaultMaxBody", "~policy.reasonForm", "engine.constant:MaxItems", "Resource#/properties/spec/properties/hosts/items/maxLength"} {
		if numbers[form] <= 0 {
			t.Errorf("there is no number %s", form)
		}
	}
	if n, ok := numbers["policy.DefaultHost"]; ok {
		t.Errorf("a text is the number %d", n)
	}
}
