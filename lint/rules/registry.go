// Package rules holds the linter's rules, one per file. [All] lists them.
//
// A rule reads a compiled set and reports; it neither loads files nor decides
// about exit codes.
package rules

import "github.com/gwctl/gwctl/lint"

// All gives every rule, in the order of their pages.
func All() []*lint.Rule {
	return []*lint.Rule{constantCondition(), shadowedRule(), untestedRule(), shadowOverdue()}
}
