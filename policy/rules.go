package policy

import (
	"regexp"
	"slices"
	"time"

	"github.com/gwctl/gwctl/policy/document"
)

// Policy is a set of rules over resource types.
type Policy struct {
	Header
	Resources []Text // ["*"] makes the policy a guard
	Rules     []*Rule
	*PolicyExtras
}

// PolicyExtras is what few policies have. It is never nil.
type PolicyExtras struct {
	Without []Text // types that a guard leaves out
	Imports []Text // libraries that conditions read by name
	Consts  []Const
	Vars    []Var
}

// Guard tells whether the policy covers every resource type.
func (p *Policy) Guard() bool { return len(p.Resources) == 1 && p.Resources[0].Value() == "*" }

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
	ID      Text
	Effect  Text
	Actions []Text // empty or ["*"] means every action
	Roles   []Text // any of
	When    Text   // absent means true
	At      Place
	*RuleExtras
	Allow     bool
	Anonymous bool
	Shadow    bool // evaluated and recorded, without effect
	HTTP      bool // asked over HTTP
	AuthZEN   bool // asked by AuthZEN callers
}

// RuleExtras is what few rules have. It is never nil.
type RuleExtras struct {
	Scopes    []Text // all of
	AnyScope  []Text // any of
	Reason    *Reason
	Headers   []Obligation // headers that the upstream gets if the rule decides
	Until     time.Time    // last day of a shadow rule, UTC
	UntilText Text
}

// Obligation is a header with the CEL text of its value.
type Obligation struct {
	Name  Text
	Value Text
}

// EveryAction tells whether the rule names no action of its own.
func (r *Rule) EveryAction() bool {
	return len(r.Actions) == 0 || len(r.Actions) == 1 && r.Actions[0].Value() == "*"
}

// Reason is what a deny rule tells the client.
type Reason struct {
	Code    Text
	Message Text
	Status  int // 0 means 403
	// Challenge is what a 401 asks the client to do (RFC 9470).
	Challenge *Challenge
}

// Challenge is a step-up: which authentication would do.
type Challenge struct {
	Error     Text // insufficient_user_authentication, or another token of RFC 6750
	ACRValues []Text
	MaxAge    int64 // seconds; -1 when not asked for
}

var (
	tokenForm     = regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]{1,256}$`)
	reasonForm    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	reasonStatus  = []int64{401, 402, 403, 404, 409, 422, 423, 428, 429, 451}
	reservedCodes = []string{
		"allowed", "no_route", "unauthenticated", "no_matching_rule", "insufficient_scope", "denied_by_rule", "eval_error",
		"attribute_invalid", "attribute_conflict", "attribute_missing", "attribute_unavailable", "body_invalid",
		"body_unavailable", "obligation_error", "policy_not_loaded", "request_not_canonical", "hop_by_hop_abuse",
		"method_not_allowed", "claim_not_representable", "claims_too_large", "overloaded", "dependency_unavailable",
		"upstream_unreachable", "upstream_timeout", "no_upstream", "audit_unavailable", "invalid_token", "token_malformed", "token_too_large",
		"issuer_unknown", "algorithm_not_allowed", "typ_not_allowed", "crit_not_supported", "nested_not_supported", "key_unknown",
		"signature_invalid", "proof_required", "token_inactive", "token_expired", "token_not_yet_valid", "lifetime_exceeded", "audience_mismatch",
		"claim_invalid", "credential_unsupported", "api_key_unknown",
	}
)

func readPolicy(w *reader, h Header, root *document.Object) *Policy {
	spec := root.Object("spec")
	p := &Policy{Header: h, Resources: spec.Names("resources")}
	spec.Require("resources", "rules")
	if len(p.Resources) > 1 {
		for _, r := range p.Resources {
			if r.Value() == "*" {
				w.Error(r.Span(), "bad_selection", `write ["*"] alone`, `"*" covers every resource type and stands alone`)
			}
		}
	}
	x := PolicyExtras{Without: spec.Names("without"), Imports: spec.Names("imports")}
	if len(x.Without) > 0 && !p.Guard() {
		w.Error(spec.Key("without"), "bad_selection", "remove it, or write resources: [\"*\"]", "without belongs to guards")
	}
	x.Consts, x.Vars = readConsts(w, spec), readVars(w, spec)
	p.PolicyExtras = kept(&x, &w.empty.policy, len(x.Without)+len(x.Imports)+len(x.Consts)+len(x.Vars) == 0)
	list := spec.List("rules")
	var seen map[string]bool
	if len(list) > 1 {
		seen = make(map[string]bool, len(list))
	}
	p.Rules = make([]*Rule, 0, len(list))
	for _, n := range list {
		r := readRule(w, n, p.Guard())
		if r.ID.IsSet() && seen[r.ID.Value()] {
			w.Error(r.ID.Span(), "duplicate_name", "give the rule an id of its own", "rule id %q stands twice in the policy", r.ID.Value())
		}
		if seen != nil {
			seen[r.ID.Value()] = true
		}
		p.Rules = append(p.Rules, r)
	}
	spec.Done()
	return p
}

func readConsts(w *reader, spec *document.Object) []Const {
	var out []Const
	for _, e := range spec.Declarations("consts") {
		checkIdent(w, e.Key)
		out = append(out, Const{Name: e.Key, Value: w.Value(e.Value, e.Key.Value())})
	}
	return out
}

func readVars(w *reader, spec *document.Object) []Var {
	var out []Var
	for _, e := range spec.Declarations("vars") {
		checkIdent(w, e.Key)
		out = append(out, Var{Name: e.Key, Expr: w.Text(e.Value, "variable "+e.Key.Value())})
	}
	return out
}

func readRule(w *reader, n *document.Node, guard bool) *Rule {
	o := w.Object(n, "a rule")
	w.ruleDraft = RuleExtras{Scopes: o.Names("scopes"), AnyScope: o.Names("any_scope")}
	r := &Rule{
		ID: readName(w, o, "id"), Effect: o.Text("effect"), Actions: o.Names("actions"), Roles: o.Names("roles"),
		RuleExtras: &w.ruleDraft,
		Anonymous:  o.Bool("anonymous"), When: o.Text("when"), At: n.Place(),
	}
	o.Require("id", "effect")
	r.Allow = r.Effect.Value() == "allow"
	if r.Effect.IsSet() && !r.Allow && !r.denies() {
		w.Error(r.Effect.Span(), "bad_effect", "write allow or deny", "effect %q is neither allow nor deny", r.Effect.Value())
	}
	if reason := o.Object("reason"); o.Has("reason") {
		r.Reason = readReason(w, reason)
	}
	r.readObligations(w, o)
	r.readMode(w, o)
	r.readTransports(w, o)
	r.check(w, o, guard)
	o.Done()
	x := r.RuleExtras
	r.RuleExtras = kept(x, &w.empty.rule, len(x.Scopes)+len(x.AnyScope)+len(x.Headers) == 0 && x.Reason == nil && !x.UntilText.IsSet())
	return r
}

// denies tells whether the rule says so; one whose effect is misspelt says
// nothing.
func (r *Rule) denies() bool { return r.Effect.Value() == "deny" }

func (r *Rule) readObligations(w *reader, o *document.Object) {
	if !o.Has("obligations") {
		return
	}
	ob := o.Object("obligations")
	if r.denies() {
		w.Error(o.Key("obligations"), "allow_only_deny_only", "remove them", "obligations belong to allow rules")
	}
	ob.Require("set_headers")
	seen := map[string]bool{}
	for _, e := range ob.Declarations("set_headers") {
		checkHeader(w, e.Key)
		if name := Fold(e.Key.Value()); seen[name] {
			w.Error(e.Key.Span(), "duplicate_name", "keep one spelling", "header %q stands twice", e.Key.Value())
		} else {
			seen[name] = true
		}
		r.Headers = append(r.Headers, Obligation{Name: e.Key, Value: w.Text(e.Value, "header "+e.Key.Value())})
	}
	if n := ob.Node("set_headers"); n != nil && n.IsMap() && len(r.Headers) == 0 {
		w.Error(ob.Key("set_headers"), "empty_list", "name at least one header, or remove the obligations", "the rule sets no header")
	}
	ob.Done()
}

func (r *Rule) readMode(w *reader, o *document.Object) {
	mode := o.Text("mode")
	r.UntilText = o.Text("until")
	r.Shadow = mode.IsSet()
	switch {
	case mode.IsSet() && mode.Value() != "shadow":
		w.Error(mode.Span(), "bad_mode", "write mode: shadow, or remove it", "mode %q is not known", mode.Value())
	case r.Shadow && !r.UntilText.IsSet():
		w.Error(o.Key("mode"), "missing_key", "add until: 2026-06-30, the day by which it is decided", "a shadow rule needs until")
	case !r.Shadow && r.UntilText.IsSet():
		w.Error(o.Key("until"), "bad_mode", "add mode: shadow, or remove until", "until belongs to shadow rules")
	case r.Shadow:
		day, err := time.Parse("2006-01-02", r.UntilText.Value())
		if err != nil {
			w.Error(r.UntilText.Span(), "bad_time", "write it as 2026-06-30", "%q is not a date", r.UntilText.Value())
		}
		r.Until = day
	}
}

func (r *Rule) readTransports(w *reader, o *document.Object) {
	list := o.Names("transports")
	r.HTTP, r.AuthZEN = !o.Has("transports"), !o.Has("transports")
	for _, t := range list {
		switch t.Value() {
		case "http":
			r.HTTP = true
		case "authzen":
			r.AuthZEN = true
		default:
			w.Error(t.Span(), "unknown_transport", "write http or authzen", "transport %q is not known", t.Value())
		}
	}
}

// check holds a rule to what its effect permits.
func (r *Rule) check(w *reader, o *document.Object, guard bool) {
	if len(r.Actions) > 1 && slices.ContainsFunc(r.Actions, func(t Text) bool { return t.Value() == "*" }) {
		w.Error(o.Key("actions"), "bad_selection", `write ["*"] alone`, `"*" is every action and stands alone`)
	}
	switch {
	case r.Allow && guard:
		w.Error(r.Effect.Span(), "guard_allows", "name the resource types in resources, or make it a deny rule", `a policy over ["*"] is a guard and holds deny rules only`)
	case r.Allow && len(r.Actions) == 0 && !o.Has("actions"):
		w.Error(r.At.Span(), "missing_key", `name the actions, or write actions: ["*"] for all of them`, "an allow rule must name its actions")
	case r.Allow && r.Reason != nil:
		w.Error(o.Key("reason"), "allow_only_deny_only", "remove the reason", "reason belongs to deny rules")
	}
	for _, key := range []string{"roles", "scopes", "any_scope", "anonymous"} {
		if r.denies() && o.Has(key) {
			w.Error(o.Key(key), "allow_only_deny_only", "say it in when, as in when: \"'admin' in user.roles\"", "%s belongs to allow rules", key)
		}
	}
}

func readReason(w *reader, o *document.Object) *Reason {
	r := &Reason{Code: o.Text("code"), Message: o.Text("message")}
	o.Require("code")
	switch {
	case !r.Code.IsSet():
	case !reasonForm.MatchString(r.Code.Value()):
		w.Error(r.Code.Span(), "bad_reason", "use snake_case, as in embargoed_country", "%q is not a reason code", r.Code.Value())
	case slices.Contains(reservedCodes, r.Code.Value()):
		w.Error(r.Code.Span(), "bad_reason", "choose another code", "%q is a reason code that gwctl gives itself", r.Code.Value())
	}
	if status, ok := o.Int("status"); ok {
		if !slices.Contains(reasonStatus, status) {
			w.Error(o.Key("status"), "bad_reason", "use one of 401 402 403 404 409 422 423 428 429 451", "status %d cannot be the answer to a denial", status)
		}
		r.Status = int(status)
	}
	if o.Has("challenge") {
		r.Challenge = readChallenge(w, o.Object("challenge"))
	}
	if (r.Status == 401) != (r.Challenge != nil) {
		w.Error(r.Code.Span(), "bad_reason", "write status: 401 and challenge: {acr_values: […]} together, or neither", "a 401 needs a challenge, and a challenge is a 401")
	}
	o.Done()
	return r
}

func readChallenge(w *reader, o *document.Object) *Challenge {
	c := &Challenge{Error: o.Text("error"), ACRValues: o.Names("acr_values"), MaxAge: -1}
	for _, t := range append(slices.Clone(c.ACRValues), c.Error) {
		if t.IsSet() && !tokenForm.MatchString(t.Value()) {
			w.Error(t.Span(), "bad_reason", "use visible characters without blanks, quotes and backslashes", "%q cannot stand in a challenge", t.Value())
		}
	}
	if age, ok := o.Int("max_age"); ok {
		if age < 0 {
			w.Error(o.Key("max_age"), "bad_reason", "", "max_age counts seconds and cannot be negative")
		}
		c.MaxAge = age
	}
	if len(c.ACRValues) == 0 && c.MaxAge < 0 {
		w.Error(o.Span(), "bad_reason", "add acr_values or max_age", "the challenge asks for nothing")
	}
	o.Done()
	return c
}
