package policy

import (
	"regexp"
	"slices"

	"github.com/gwctl/gwctl/policy/document"
)

// Policy is a set of rules over resource types.
type Policy struct {
	Header
	Resources []Text // ["*"] makes the policy a guard
	Consts    []Const
	Vars      []Var
	Rules     []*Rule
}

// Guard tells whether the policy covers every resource type.
func (p *Policy) Guard() bool { return len(p.Resources) == 1 && p.Resources[0].Value == "*" }

// Const is a named literal.
type Const struct {
	Name  Text
	Value Value
}

// Var is a named CEL expression.
type Var struct {
	Name Text
	Expr Text
}

// Rule allows or denies.
type Rule struct {
	ID        Text
	Effect    Text
	Allow     bool
	Actions   []Text // empty or ["*"] means every action
	Roles     []Text // any of
	Scopes    []Text // all of
	AnyScope  []Text // any of
	Anonymous bool
	When      Text // absent means true
	Reason    *Reason
	Span      Span
}

// EveryAction tells whether the rule names no action of its own.
func (r *Rule) EveryAction() bool {
	return len(r.Actions) == 0 || len(r.Actions) == 1 && r.Actions[0].Value == "*"
}

// Reason is what a deny rule tells the client.
type Reason struct {
	Code    Text
	Message Text
	Status  int // 0 means 403
}

var (
	reasonForm    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	reasonStatus  = []int64{402, 403, 404, 409, 422, 423, 428, 429, 451}
	reservedCodes = []string{
		"allowed", "no_route", "unauthenticated", "no_matching_rule", "insufficient_scope", "denied_by_rule", "eval_error",
		"attribute_invalid", "attribute_conflict", "attribute_missing", "attribute_unavailable", "body_invalid",
		"body_unavailable", "obligation_error", "policy_not_loaded", "request_not_canonical", "hop_by_hop_abuse",
		"method_not_allowed", "claim_not_representable", "claims_too_large", "overloaded", "dependency_unavailable",
		"upstream_unreachable", "upstream_timeout", "no_upstream", "invalid_token", "token_malformed", "token_too_large",
		"issuer_unknown", "algorithm_not_allowed", "typ_not_allowed", "crit_not_supported", "nested_not_supported", "key_unknown",
		"signature_invalid", "proof_required", "token_expired", "token_not_yet_valid", "lifetime_exceeded", "audience_mismatch",
		"claim_invalid", "credential_unsupported",
	}
)

func readPolicy(w *document.Walker, h Header, root *document.Object) *Policy {
	spec := root.Object("spec")
	p := &Policy{Header: h, Resources: spec.Texts("resources")}
	spec.Require("resources", "rules")
	if len(p.Resources) > 1 {
		for _, r := range p.Resources {
			if r.Value == "*" {
				w.Error(r.Span(), "bad_selection", `write ["*"] alone`, `"*" covers every resource type and stands alone`)
			}
		}
	}
	for _, e := range spec.Object("consts").Entries() {
		checkIdent(w, e.Key)
		p.Consts = append(p.Consts, Const{Name: e.Key, Value: w.Value(e.Value, e.Key.Value)})
	}
	for _, e := range spec.Object("vars").Entries() {
		checkIdent(w, e.Key)
		p.Vars = append(p.Vars, Var{Name: e.Key, Expr: w.Text(e.Value, "variable "+e.Key.Value)})
	}
	seen := map[string]bool{}
	for _, n := range spec.List("rules") {
		r := readRule(w, n, p.Guard())
		if r.ID.IsSet() && seen[r.ID.Value] {
			w.Error(r.ID.Span(), "duplicate_name", "give the rule an id of its own", "rule id %q stands twice in the policy", r.ID.Value)
		}
		seen[r.ID.Value] = true
		p.Rules = append(p.Rules, r)
	}
	spec.Done()
	return p
}

func readRule(w *document.Walker, n *document.Node, guard bool) *Rule {
	o := w.Object(n, "a rule")
	r := &Rule{
		ID: readName(w, o, "id"), Effect: o.Text("effect"), Actions: o.Texts("actions"), Roles: o.Texts("roles"),
		Scopes: o.Texts("scopes"), AnyScope: o.Texts("any_scope"), Anonymous: o.Bool("anonymous"), When: o.Text("when"), Span: n.Span(),
	}
	o.Require("id", "effect")
	r.Allow = r.Effect.Value == "allow"
	if r.Effect.IsSet() && !r.Allow && r.Effect.Value != "deny" {
		w.Error(r.Effect.Span(), "bad_effect", "write allow or deny", "effect %q is neither allow nor deny", r.Effect.Value)
	}
	if reason := o.Object("reason"); o.Has("reason") {
		r.Reason = readReason(w, reason)
	}
	r.check(w, o, guard)
	o.Done()
	return r
}

// check holds a rule to what its effect permits.
func (r *Rule) check(w *document.Walker, o *document.Object, guard bool) {
	if len(r.Actions) > 1 && slices.ContainsFunc(r.Actions, func(t Text) bool { return t.Value == "*" }) {
		w.Error(o.Key("actions"), "bad_selection", `write ["*"] alone`, `"*" is every action and stands alone`)
	}
	switch {
	case r.Allow && guard:
		w.Error(r.Effect.Span(), "guard_allows", "name the resource types in resources, or make it a deny rule", `a policy over ["*"] is a guard and holds deny rules only`)
	case r.Allow && len(r.Actions) == 0 && !o.Has("actions"):
		w.Error(r.Span, "missing_key", `name the actions, or write actions: ["*"] for all of them`, "an allow rule must name its actions")
	case r.Allow && r.Reason != nil:
		w.Error(o.Key("reason"), "allow_only_deny_only", "remove the reason", "reason belongs to deny rules")
	}
	for _, key := range []string{"roles", "scopes", "any_scope", "anonymous"} {
		if !r.Allow && r.Effect.IsSet() && o.Has(key) {
			w.Error(o.Key(key), "allow_only_deny_only", "say it in when, as in when: \"'admin' in user.roles\"", "%s belongs to allow rules", key)
		}
	}
}

func readReason(w *document.Walker, o *document.Object) *Reason {
	r := &Reason{Code: o.Text("code"), Message: o.Text("message")}
	o.Require("code")
	switch {
	case !r.Code.IsSet():
	case !reasonForm.MatchString(r.Code.Value):
		w.Error(r.Code.Span(), "bad_reason", "use snake_case, as in embargoed_country", "%q is not a reason code", r.Code.Value)
	case slices.Contains(reservedCodes, r.Code.Value):
		w.Error(r.Code.Span(), "bad_reason", "choose another code", "%q is a reason code that gwctl gives itself", r.Code.Value)
	}
	if status, ok := o.Int("status"); ok {
		if !slices.Contains(reasonStatus, status) {
			w.Error(o.Key("status"), "bad_reason", "use one of 402 403 404 409 422 423 428 429 451", "status %d cannot be the answer to a denial", status)
		}
		r.Status = int(status)
	}
	o.Done()
	return r
}
