package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
)

// Many users and as many wrong names are found without looking at every pair.
func TestManyUndeclaredUsers(t *testing.T) {
	const many = 8000
	var users, cases strings.Builder
	for i := range many {
		fmt.Fprintf(&users, "    u%d: {id: x, type: human}\n", i)
		fmt.Fprintf(&cases, "    - {name: c%d, user: nobody%d, request: GET /orders, expect: deny}\n", i, i)
	}
	suite := "kind: TestSuite\nmetadata: {name: s}\nspec:\n  users:\n" + users.String() + "  cases:\n" + cases.String()
	began := time.Now()
	_, found := trapTestSet(t, suite, trapSchema, trapOrder, rulesOver("p", "    - {id: r, effect: deny}\n"))
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
	if n := len(found); n != many {
		t.Errorf("%d findings, want %d", n, many)
	}
}

// A suite can expect every reason that a decision of the set can have.
func TestExpectedReasons(t *testing.T) {
	suite := func(reason string) string {
		return "kind: TestSuite\nmetadata: {name: s}\nspec:\n  cases:\n    - {name: c, user: anonymous, request: GET /orders, expect: {effect: deny, reason: " + reason + "}}\n"
	}
	rules := rulesOver("p", "    - {id: r, effect: deny, reason: {code: too_early}}\n")
	for _, reason := range []string{
		engine.ReasonNoRoute, engine.ReasonUnauthenticated, engine.ReasonNoMatchingRule, engine.ReasonInsufficientScope, engine.ReasonDeniedByRule, engine.ReasonEvalError,
		engine.ReasonAttributeInvalid, engine.ReasonAttributeConflict, engine.ReasonAttributeMissing, engine.ReasonAttributeUnavailable,
		engine.ReasonBodyInvalid, engine.ReasonBodyUnavailable, engine.ReasonObligationError, "request_not_canonical", "too_early",
	} {
		if _, found := trapTestSet(t, suite(reason), trapSchema, trapOrder, rules); len(found) > 0 {
			t.Errorf("%s: %v", reason, found)
		}
	}
	for _, reason := range []string{"too_late", "body_invald"} {
		_, found := trapTestSet(t, suite(reason), trapSchema, trapOrder, rules)
		wantCode(t, found, "undeclared_reason")
	}
}
