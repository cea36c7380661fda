package workload

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// MixByHand is the Mix as a Go programmer would write it who needs nothing
// else: no tables, just the rules. It also says what the answer to each
// question is expected to be.
type MixByHand struct{ offices, blocked []netip.Prefix }

// NewMixByHand reads the networks.
func NewMixByHand() *MixByHand {
	read := func(name string) (out []netip.Prefix) {
		for _, n := range MixNets() {
			if n.Name != name {
				continue
			}
			for _, c := range n.CIDRs {
				out = append(out, netip.MustParsePrefix(c))
			}
		}
		return out
	}
	return &MixByHand{offices: read("offices"), blocked: read("blocked")}
}

// Allows decides a question after routing.
func (m *MixByHand) Allows(a *Asked, u *User, ip netip.Addr) bool {
	return !m.denies(a, u, ip) && m.allows(a, u, ip)
}

func (m *MixByHand) denies(a *Asked, u *User, ip netip.Addr) bool {
	switch u.Country {
	case "CU", "IR", "KP", "SY":
		return true
	}
	switch a.Tenant {
	case "tenant-7", "tenant-19", "tenant-42":
		return true
	}
	if within(ip, m.blocked) || slices.Contains(u.Groups, "suspended") {
		return true
	}
	switch a.Action {
	case "delete", "rotate", "rollback", "void", "remove":
		if !u.MFA {
			return true
		}
	}
	switch a.Type {
	case "secret":
		return a.Action == "rotate" && !within(ip, m.offices) || a.Level >= 3 && slices.Contains(u.Groups, "contractor")
	case "deployment":
		return a.Action == "create" && (a.Region == "ap" || a.Region == "sa") && !onCall(u)
	case "invoice":
		return a.Region == "eu" && !inEU(u)
	case "member":
		return a.Action == "remove" && a.ID == u.ID
	case "document":
		return a.Action == "share" && !paid(u)
	case "report":
		return a.Action == "publish" && u.Clearance < a.Level
	}
	return false
}

func (m *MixByHand) allows(a *Asked, u *User, ip netip.Addr) bool {
	own := u.Tenant == a.Tenant
	switch a.Type {
	case "project":
		switch a.Action {
		case "read":
			return own && (hasRole(u, "auditor") || hasRole(u, "viewer", "developer", "admin") && onProject(a, u))
		case "update":
			return own && hasRole(u, "developer", "admin") && onProject(a, u)
		case "delete":
			return own && hasRole(u, "admin")
		}
	case "document":
		owner := own && a.Owner == u.ID
		switch a.Action {
		case "read":
			return owner || own && onProject(a, u)
		case "update":
			return owner || own && hasRole(u, "developer") && paid(u) && onProject(a, u)
		case "delete", "share":
			return owner
		}
	case "secret":
		onCallHere := func() bool { return u.MFA && onCall(u) && within(ip, m.offices) }
		switch a.Action {
		case "read":
			return own && (hasRole(u, "developer", "admin") && u.Clearance >= a.Level && onProject(a, u) || onCallHere())
		case "rotate":
			return own && (hasRole(u, "admin") && u.Clearance >= a.Level || onCallHere())
		case "delete":
			return own && hasRole(u, "admin") && u.Clearance >= a.Level
		}
	case "deployment":
		switch a.Action {
		case "read":
			return own && onProject(a, u)
		case "create":
			return own && (hasRole(u, "admin") || hasRole(u, "developer") && slices.Contains(u.Regions, a.Region) && onProject(a, u))
		case "rollback":
			return own && (hasRole(u, "admin") || hasRole(u, "developer") && onCall(u))
		}
	case "invoice":
		switch a.Action {
		case "read":
			return own && hasRole(u, "billing", "auditor")
		case "pay":
			return own && hasRole(u, "billing") && slices.Contains(u.Regions, a.Region)
		case "void":
			return own && hasRole(u, "billing") && within(ip, m.offices)
		}
	case "member":
		switch a.Action {
		case "read":
			return own || a.ID == u.ID
		case "invite":
			return own && hasRole(u, "admin", "support")
		case "remove":
			return own && hasRole(u, "admin")
		}
	case "report":
		switch a.Action {
		case "read":
			return own && (a.Owner == u.ID || hasRole(u, "auditor", "admin") && u.Clearance >= a.Level)
		case "publish":
			return a.Owner == u.ID
		}
	case "ticket":
		support := hasRole(u, "support") && slices.Contains(u.Regions, a.Region)
		switch a.Action {
		case "read", "reply":
			return support || own && a.Owner == u.ID
		case "close":
			return support
		}
	}
	return false
}

func within(ip netip.Addr, nets []netip.Prefix) bool {
	for _, n := range nets {
		if n.Contains(ip) {
			return true
		}
	}
	return false
}

func onCall(u *User) bool {
	for _, g := range u.Groups {
		if strings.HasPrefix(g, "oncall-") {
			return true
		}
	}
	return false
}

func onProject(a *Asked, u *User) bool { return slices.Contains(u.Projects, a.Project) }

func paid(u *User) bool { return u.Plan == "pro" || u.Plan == "enterprise" }

func inEU(u *User) bool {
	switch u.Country {
	case "DE", "ES", "FR", "PL", "SE":
		return true
	}
	return false
}

func hasRole(u *User, anyOf ...string) bool {
	for _, r := range u.Roles {
		if slices.Contains(anyOf, r) {
			return true
		}
	}
	return false
}

// Route finds what a request of the Mix is about; ok is false without a route.
func (m *MixByHand) Route(q *Question) (a Asked, ok bool) {
	s := q.Segments
	if len(s) < 4 || s[0] != "tenants" {
		return a, false
	}
	a.Tenant = s[1]
	switch {
	case s[2] == "projects" && len(s) == 5:
		a.Type, a.Project, a.ID = "project", s[3], s[4]
	case s[2] == "projects" && len(s) == 7:
		a.Project, a.ID = s[3], s[6]
		switch s[4] {
		case "documents":
			a.Type, a.Owner = "document", s[5]
		case "secrets":
			a.Type = "secret"
			a.Level, ok = number(s[5])
			if !ok {
				return a, false
			}
		case "deployments":
			a.Type, a.Region = "deployment", s[5]
		}
	case s[2] == "invoices" && len(s) == 5:
		a.Type, a.Region, a.ID = "invoice", s[3], s[4]
	case s[2] == "members" && len(s) == 4:
		a.Type, a.ID = "member", s[3]
	case s[2] == "reports" && len(s) == 6:
		a.Type, a.Owner, a.ID = "report", s[3], s[5]
		if a.Level, ok = number(s[4]); !ok {
			return a, false
		}
	case s[2] == "tickets" && len(s) == 6:
		a.Type, a.Owner, a.Region, a.ID = "ticket", s[3], s[4], s[5]
	}
	a.Action = mixAction(a.Type, q.Method)
	return a, a.Action != ""
}

func number(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// mixAction is what a method does to a type, "" when it does nothing.
func mixAction(resourceType, method string) string {
	switch method {
	case "GET":
		if resourceType != "" {
			return "read"
		}
	case "PUT":
		switch resourceType {
		case "project", "document":
			return "update"
		case "secret":
			return "rotate"
		case "ticket":
			return "close"
		}
	case "DELETE":
		switch resourceType {
		case "project", "document", "secret":
			return "delete"
		case "deployment":
			return "rollback"
		case "invoice":
			return "void"
		case "member":
			return "remove"
		}
	case "POST":
		switch resourceType {
		case "document":
			return "share"
		case "deployment":
			return "create"
		case "invoice":
			return "pay"
		case "member":
			return "invite"
		case "report":
			return "publish"
		case "ticket":
			return "reply"
		}
	}
	return ""
}
