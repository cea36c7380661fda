package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
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
