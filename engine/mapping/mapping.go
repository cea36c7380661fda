// Package mapping turns the claims of a credential into user attributes.
//
// [New] checks the expressions of a configuration against the Schema;
// [Mapping.Apply] supplies the values to a request. A claim that is not there
// leaves its attribute absent. What the method of authentication itself says
// (authenticated, method, issuer, type) never comes from a claim.
package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/ext"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// Expression is a CEL text over `claims` that gives one user attribute.
type Expression struct {
	Attribute policy.Text
	Expr      policy.Text
}

// Mapping is a checked mapping. It may be used concurrently.
type Mapping struct {
	entries  []entry
	idPrefix string
}

// WithIDPrefix gives the mapping with a text that goes before every user.id, so
// that the users of one method cannot be those of another. "" is none.
func (m *Mapping) WithIDPrefix(prefix string) *Mapping {
	if m == nil {
		return nil
	}
	return &Mapping{entries: m.entries, idPrefix: prefix}
}

type entry struct {
	attribute string
	path      []string           // a plain path of claims
	program   cel.Program        // anything else
	reads     map[int64][]string // the paths of claims that program names, by node
	shape     shape
}

// shape says how a claim's form is understood.
type shape uint8

const (
	asIs      shape = iota
	oneOrMany       // a list, or one string
	spaced          // a list, or strings separated by blanks (RFC 8693 section 4.2)
)

// own attributes are answered by the method of authentication, never by a
// claim of that name.
var own = []string{"authenticated", "method", "issuer", "type"}

// New makes a mapping for the user attributes of a set. Attributes without an
// expression come from the claim of their name; id from `sub`, scopes from
// `scope` or `scp`, tenant also from `tenant_id` or `tid`.
func New(set *engine.Set, given []Expression) (*Mapping, policy.Diagnostics) {
	env, err := cel.NewEnv(cel.Variable("claims", cel.MapType(cel.StringType, cel.DynType)), cel.OptionalTypes(),
		ext.Strings(), ext.Lists(), ext.Sets(), cel.ParserExpressionSizeLimit(8<<10), cel.ParserRecursionLimit(64))
	if err != nil {
		return nil, policy.Diagnostics{{Severity: document.Error, Code: "internal", Message: fmt.Sprintf("building the mapping environment: %s", err)}}
	}
	m := &Mapping{}
	var w document.Walker
	names := slices.DeleteFunc(set.UserAttributes(), func(n string) bool { return slices.Contains(own, n) })
	mapped := map[string]bool{}
	for _, g := range given {
		mapped[g.Attribute.Value()] = true
		if !slices.Contains(names, g.Attribute.Value()) {
			why, hint := "it is not declared", "declared: "+strings.Join(names, ", ")
			if near, ok := document.Closest(g.Attribute.Value(), names); ok {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			if slices.Contains(own, g.Attribute.Value()) {
				why, hint = "the method of authentication answers for it", "remove it"
			}
			w.Error(g.Attribute.Span(), "undeclared_attribute", hint, "user.%s cannot be mapped: %s", g.Attribute.Value(), why)
			continue
		}
		if e, ok := compile(env, &w, g, set.UserAttribute(g.Attribute.Value()).Type); ok {
			m.entries = append(m.entries, e)
		}
	}
	for _, name := range names {
		if !mapped[name] {
			m.entries = append(m.entries, defaults(name)...)
		}
	}
	return m, w.Found().Sorted()
}

func defaults(name string) []entry {
	switch name {
	case "id":
		return []entry{{attribute: name, path: []string{"sub"}}}
	case "scopes":
		return []entry{{attribute: name, path: []string{"scope"}, shape: spaced}, {attribute: name, path: []string{"scp"}, shape: spaced}}
	case "tenant": // where several are there they must agree, or the attribute is in conflict
		return []entry{{attribute: name, path: []string{"tenant"}}, {attribute: name, path: []string{"tenant_id"}}, {attribute: name, path: []string{"tid"}}}
	}
	return []entry{{attribute: name, path: []string{name}, shape: shapeOf(name)}}
}

func shapeOf(name string) shape {
	switch name {
	case "scopes":
		return spaced
	case "roles", "groups":
		return oneOrMany
	}
	return asIs
}

func compile(env *cel.Env, w *document.Walker, g Expression, want *slot.Type) (entry, bool) {
	e := entry{attribute: g.Attribute.Value(), shape: shapeOf(g.Attribute.Value())}
	checked, issues := env.Compile(g.Expr.Value())
	if issues.Err() != nil {
		for _, x := range issues.Errors() {
			w.Error(g.Expr.At(celenv.Offset(g.Expr.Value(), x.Location), 1), "mapping_invalid", "expressions read claims, as in claims.realm_access.roles", "%s", x.Message)
		}
		return e, false
	}
	if !fits(want, checked.OutputType(), e.shape) {
		w.Error(g.Expr.Span(), "type_mismatch", "", "the expression gives %s; user.%s is a %s", checked.OutputType(), e.attribute, want)
		return e, false
	}
	if path, ok := claimPath(checked.NativeRep().Expr()); ok {
		e.path = path
		return e, true
	}
	program, err := env.Program(checked, cel.CostLimit(1<<16))
	if err != nil {
		w.Error(g.Expr.Span(), "mapping_invalid", "", "%s", err)
		return e, false
	}
	e.program = program
	e.reads = map[int64][]string{}
	ast.PreOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if path, ok := claimPath(x); ok && len(path) > 0 {
			e.reads[x.ID()] = path
		}
	}))
	return e, true
}

// fits tells whether an expression's type can hold the attribute's values. A
// claim has no type before it is read and is checked then.
func fits(want *slot.Type, got *types.Type, s shape) bool {
	switch got.Kind() {
	case types.DynKind, types.NullTypeKind:
		return true
	case types.OpaqueKind:
		return got.TypeName() == "optional_type" && fits(want, got.Parameters()[0], s)
	case types.BoolKind:
		return want.Kind == slot.Bool
	case types.IntKind:
		return want.Kind == slot.Int || want.Kind == slot.Double
	case types.DoubleKind:
		return want.Kind == slot.Double
	case types.TimestampKind:
		return want.Kind == slot.Timestamp
	case types.DurationKind:
		return want.Kind == slot.Duration
	case types.StringKind:
		return s != asIs || slices.Contains([]slot.Kind{slot.String, slot.Timestamp, slot.Duration, slot.IP, slot.CIDR}, want.Kind)
	case types.ListKind:
		return want.Kind == slot.List && fits(want.Elem, got.Parameters()[0], asIs)
	case types.MapKind:
		return want.Kind == slot.Map && fits(want.Elem, got.Parameters()[1], asIs)
	}
	return false
}

// claimPath recognises claims.a.b and claims['a'].b.
func claimPath(e ast.Expr) ([]string, bool) {
	switch {
	case e.Kind() == ast.IdentKind && e.AsIdent() == "claims":
		return nil, true
	case e.Kind() == ast.SelectKind && !e.AsSelect().IsTestOnly():
		path, ok := claimPath(e.AsSelect().Operand())
		return append(path, e.AsSelect().FieldName()), ok
	case e.Kind() == ast.CallKind && e.AsCall().FunctionName() == "_[_]":
		args := e.AsCall().Args()
		if args[1].Kind() != ast.LiteralKind {
			return nil, false
		}
		key, isString := args[1].AsLiteral().(types.String)
		path, ok := claimPath(args[0])
		return append(path, string(key)), ok && isString
	}
	return nil, false
}

// Apply supplies the attributes that the claims give. Claims is the verified
// JSON object of a credential. A claim that is not there leaves its attribute
// absent. The error says that an expression failed for another reason, or that
// two claims name different tenants: such a credential is refused. A value that
// merely breaks its attribute's type is no error; it denies where a rule reads
// it.
func (m *Mapping) Apply(r *engine.Request, claims slot.Input) (failure error) {
	var native map[string]any
	tenants := map[string]bool{}
	for _, e := range m.entries {
		var in slot.Input
		var err error
		if e.program == nil {
			in, err = follow(claims, e.path)
		} else {
			if native == nil {
				native, _ = toNative(claims).(map[string]any)
			}
			in, err = e.eval(native)
			if err != nil && e.lacksClaim(err, claims) {
				in, err = slot.Input{}, nil
			}
		}
		switch {
		case err != nil:
			failure = cmp.Or(failure, err)
			r.Invalidate(slot.User, e.attribute, err)
		case !in.IsNull():
			if text, ok := in.Str(); ok && e.attribute == "tenant" && text != "" {
				tenants[text] = true
			}
			if e.attribute == "id" {
				in = m.prefixed(in)
			}
			r.Supply(slot.Credential, slot.User, e.attribute, e.shape.apply(in))
		}
	}
	if len(tenants) > 1 {
		failure = cmp.Or(failure, errTenants)
	}
	return failure
}

// prefixed leaves alone what is no id: a prefix must not make one of it.
func (m *Mapping) prefixed(in slot.Input) slot.Input {
	if text, ok := in.Str(); ok && in.IsString() && text != "" && m.idPrefix != "" {
		return slot.Quoted(m.idPrefix + text)
	}
	return in
}

var errTenants = errors.New("the claims name different tenants")

// lacksClaim tells whether an expression failed because a claim is not there,
// as opposed to one that is there and cannot be used.
func (e *entry) lacksClaim(failure error, claims slot.Input) bool {
	var at *types.Err
	if !errors.As(failure, &at) {
		return false
	}
	path, ok := e.reads[at.NodeID()]
	if !ok {
		return false
	}
	in, err := follow(claims, path)
	return err == nil && in.IsNull()
}

// follow walks a path of claims; one that is not there is null.
func follow(in slot.Input, path []string) (slot.Input, error) {
	for i, key := range path {
		if i > 0 && in.Members() == nil && !in.IsNull() {
			return in, fmt.Errorf("claims.%s is not an object", strings.Join(path[:i], "."))
		}
		next, ok := in.Member(key)
		if !ok {
			return slot.Input{}, nil
		}
		in = next
	}
	return in, nil
}

func (s shape) apply(in slot.Input) slot.Input {
	text, isText := in.Str()
	switch {
	case s == asIs || !isText:
		return in
	case s == spaced:
		return slot.Strings(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' }))
	case text == "":
		return slot.Input{}
	}
	return slot.Strings([]string{text})
}
