package workload

import (
	"slices"
	"strings"
)

// MixRule is one rule of the Mix. All of When must hold; "!x" is the opposite
// of x.
type MixRule struct {
	ID      string
	Deny    bool
	Types   []string // nil is every type
	Actions []string // nil is every action
	Roles   []string // any of; nil is everybody
	When    []string // names of conditions
}

// MixRules are the rules, deny rules first.
func MixRules() []MixRule {
	type list = []string
	return []MixRule{
		{"embargo", true, nil, nil, nil, list{"embargoed"}},
		{"blocked-networks", true, nil, nil, nil, list{"blocked_network"}},
		{"suspended-users", true, nil, nil, nil, list{"suspended"}},
		{"frozen-tenants", true, nil, nil, nil, list{"frozen_tenant"}},
		{"second-factor", true, nil, list{"delete", "rotate", "rollback", "void", "remove"}, nil, list{"!strong"}},
		{"rotate-at-the-office", true, list{"secret"}, list{"rotate"}, nil, list{"!staff_network"}},
		{"contractors-below-three", true, list{"secret"}, nil, nil, list{"contractor", "top_level"}},
		{"change-freeze", true, list{"deployment"}, list{"create"}, nil, list{"frozen_region", "!on_call"}},
		{"eu-invoices-stay", true, list{"invoice"}, nil, nil, list{"eu_data", "!in_eu"}},
		{"nobody-removes-oneself", true, list{"member"}, list{"remove"}, nil, list{"is_self"}},
		{"sharing-is-paid", true, list{"document"}, list{"share"}, nil, list{"!paid"}},
		{"publish-cleared", true, list{"report"}, list{"publish"}, nil, list{"!cleared"}},

		{"team-reads", false, list{"project"}, list{"read"}, list{"viewer", "developer", "admin"}, list{"same_tenant", "on_project"}},
		{"auditors-read", false, list{"project"}, list{"read"}, list{"auditor"}, list{"same_tenant"}},
		{"team-updates", false, list{"project"}, list{"update"}, list{"developer", "admin"}, list{"same_tenant", "on_project"}},
		{"admins-delete", false, list{"project"}, list{"delete"}, list{"admin"}, list{"same_tenant"}},

		{"team-reads", false, list{"document"}, list{"read"}, nil, list{"same_tenant", "on_project"}},
		{"owner", false, list{"document"}, list{"read", "update", "delete"}, nil, list{"is_owner", "same_tenant"}},
		{"developers-update", false, list{"document"}, list{"update"}, list{"developer"}, list{"same_tenant", "on_project", "paid"}},
		{"owner-shares", false, list{"document"}, list{"share"}, nil, list{"is_owner", "same_tenant"}},

		{"cleared-read", false, list{"secret"}, list{"read"}, list{"developer", "admin"}, list{"same_tenant", "on_project", "cleared"}},
		{"admins-rotate", false, list{"secret"}, list{"rotate"}, list{"admin"}, list{"same_tenant", "cleared"}},
		{"on-call", false, list{"secret"}, list{"read", "rotate"}, nil, list{"on_call", "same_tenant", "strong", "staff_network"}},
		{"admins-delete", false, list{"secret"}, list{"delete"}, list{"admin"}, list{"same_tenant", "cleared"}},

		{"team-reads", false, list{"deployment"}, list{"read"}, nil, list{"same_tenant", "on_project"}},
		{"developers-create", false, list{"deployment"}, list{"create"}, list{"developer"}, list{"same_tenant", "on_project", "serves_region"}},
		{"on-call-rolls-back", false, list{"deployment"}, list{"rollback"}, list{"developer", "admin"}, list{"same_tenant", "on_call"}},
		{"admins", false, list{"deployment"}, list{"create", "rollback"}, list{"admin"}, list{"same_tenant"}},

		{"read", false, list{"invoice"}, list{"read"}, list{"billing", "auditor"}, list{"same_tenant"}},
		{"pay", false, list{"invoice"}, list{"pay"}, list{"billing"}, list{"same_tenant", "serves_region"}},
		{"void", false, list{"invoice"}, list{"void"}, list{"billing"}, list{"same_tenant", "staff_network"}},

		{"colleagues", false, list{"member"}, list{"read"}, nil, list{"same_tenant"}},
		{"self", false, list{"member"}, list{"read"}, nil, list{"is_self"}},
		{"invite", false, list{"member"}, list{"invite"}, list{"admin", "support"}, list{"same_tenant"}},
		{"remove", false, list{"member"}, list{"remove"}, list{"admin"}, list{"same_tenant"}},

		{"owner-reads", false, list{"report"}, list{"read"}, nil, list{"is_owner", "same_tenant"}},
		{"auditors-read", false, list{"report"}, list{"read"}, list{"auditor", "admin"}, list{"same_tenant", "cleared"}},
		{"owner-publishes", false, list{"report"}, list{"publish"}, nil, list{"is_owner"}},

		{"owner", false, list{"ticket"}, list{"read", "reply"}, nil, list{"is_owner", "same_tenant"}},
		{"support", false, list{"ticket"}, nil, list{"support"}, list{"serves_region"}},
	}
}

// Covers tells whether the rule speaks about an action of a type.
func (r MixRule) Covers(resourceType, action string) bool {
	return (r.Types == nil || slices.Contains(r.Types, resourceType)) && (r.Actions == nil || slices.Contains(r.Actions, action))
}

// Condition writes the rule's condition in a language: how it negates, what
// stands before the name of a condition, and how it says that all must hold.
func (r MixRule) Condition(not, prefix, and string) string {
	var out []string
	for _, name := range r.When {
		if positive, ok := strings.CutPrefix(name, "!"); ok {
			out = append(out, not+prefix+positive)
		} else {
			out = append(out, prefix+name)
		}
	}
	return strings.Join(out, and)
}

// Reads tells whether the rule names a condition.
func (r MixRule) Reads(condition string) bool {
	return slices.Contains(r.When, condition) || slices.Contains(r.When, "!"+condition)
}
