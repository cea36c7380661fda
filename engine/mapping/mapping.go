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
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/ext"

	"github.com/gwctl/gwctl/engine"
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
	reserved []string // prefixes of other methods that an id must not begin with
}

// WithIDPrefix gives the mapping with a text that goes before every user.id, so
// that the users of one method cannot be those of another. "" is none. Others
// are the prefixes of the other methods: an id that would be one of theirs
// refuses the credential.
func (m *Mapping) WithIDPrefix(prefix string, others ...string) *Mapping {
	if m == nil {
		return nil
	}
	out := &Mapping{entries: m.entries, idPrefix: prefix}
	for _, o := range others {
		// A shorter one holds nothing back: its own ids may not begin with this
		// prefix.
		if len(o) > len(prefix) && strings.HasPrefix(o, prefix) {
			out.reserved = append(out.reserved, o)
		}
	}
	return out
}

type entry struct {
	attribute string
	path      []string             // a plain path of claims
	program   cel.Program          // anything else
	reads     map[int64][][]string // the paths of claims that program names, by node
	named     []string             // the claims that program names at the top, present or not
	whole     bool                 // program reads claims without naming them
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

// Apply supplies the attributes that the claims give. Claims is the verified
// JSON object of a credential. A claim that is not there leaves its attribute
// absent. The error says that an expression failed for another reason, or that
// two claims name different tenants: such a credential is refused. A value that
// merely breaks its attribute's type is no error; it denies where a rule reads
// it.
//
// A claim that `_claim_names` says to be somewhere else makes unusable, where a
// rule reads it, every attribute that rests on it: its absence says nothing.
func (m *Mapping) Apply(r *engine.Request, claims slot.Input) (failure error) {
	var native map[string]any
	tenants := map[string]bool{}
	away := elsewhere(claims)
	for i := range m.entries {
		e := &m.entries[i]
		if name, ok := e.isElsewhere(away); ok {
			r.Invalidate(slot.User, e.attribute, fmt.Errorf("mapping user.%s: the token does not hold %s (_claim_names)", e.attribute, name))
			continue
		}
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
				if in = m.prefixed(in); m.isReserved(in) {
					failure = cmp.Or(failure, errReserved)
				}
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
	if text, ok := in.Str(); ok && text != "" && m.idPrefix != "" {
		return slot.Quoted(m.idPrefix + text)
	}
	return in
}

// isReserved tells whether an id is one of another method's users.
func (m *Mapping) isReserved(id slot.Input) bool {
	text, ok := id.Str()
	return ok && slices.ContainsFunc(m.reserved, func(prefix string) bool { return strings.HasPrefix(text, prefix) })
}

var (
	errTenants  = errors.New("the claims name different tenants")
	errReserved = errors.New("the id begins with the id_prefix of another method")
)

// lacksClaim tells whether an expression failed because a claim is not there,
// as opposed to one that is there and cannot be used.
func (e *entry) lacksClaim(failure error, claims slot.Input) bool {
	var at *types.Err
	if !errors.As(failure, &at) {
		return false
	}
	return slices.ContainsFunc(e.reads[at.NodeID()], func(path []string) bool {
		in, err := follow(claims, path)
		return err == nil && in.IsNull()
	})
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
