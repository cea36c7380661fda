package celenv

import (
	"strings"
	"sync"
)

// ruleExprs are the expressions of rules that were compiled in a scope. Many
// rules say the same.
type ruleExprs struct {
	mu   sync.Mutex
	made map[ruleKey]*ruleExpr
}

// ruleKey is all that the outcome of compiling depends on.
type ruleKey struct {
	source, want   string
	deny, httpOnly bool
	present        string
	given          *Expr
}

// ruleExpr is what compiling came to, once it has.
type ruleExpr struct {
	once     sync.Once
	expr     *Expr
	problems []Problem
}

func (r *ruleExprs) of(source string, o *RuleOptions) *ruleExpr {
	key := ruleKey{source: source, want: o.Type().String(), deny: o.Deny, httpOnly: o.HTTPOnly, present: strings.Join(o.Present, "\x00"), given: o.Given}
	r.mu.Lock()
	defer r.mu.Unlock()
	made := r.made[key]
	if made == nil {
		if r.made == nil {
			r.made = map[ruleKey]*ruleExpr{}
		}
		made = &ruleExpr{}
		r.made[key] = made
	}
	return made
}

func (r *ruleExprs) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made = nil
}
