package workload

// MixCondition is a condition that rules of the Mix share, as each language
// says it.
type MixCondition struct {
	Name   string
	Gwctl  string // a variable of a gwctl policy
	Cel    string // over maps user, resource and env, and the lists of mixNets
	Cerbos string // a variable of a Cerbos policy
	Rego   string // body of a complete rule
}

// MixConditions are the shared conditions.
func MixConditions() []MixCondition {
	return []MixCondition{
		{
			"same_tenant", "has(user.tenant) && user.tenant == resource.tenant", "user.tenant == resource.tenant",
			"P.attr.tenant == R.attr.tenant", "input.user.tenant == input.resource.tenant",
		}, {
			"on_project", "resource.project in user.projects", "resource.project in user.projects",
			"R.attr.project in P.attr.projects", "input.resource.project in input.user.projects",
		}, {
			"is_owner", "resource.owner == user.id", "resource.owner == user.id",
			"R.attr.owner == P.id", "input.resource.owner == input.user.id",
		}, {
			"is_self", "resource.id == user.id", "resource.id == user.id",
			"R.id == P.id", "input.resource.id == input.user.id",
		}, {
			"cleared", "user.clearance >= resource.level", "user.clearance >= resource.level",
			"P.attr.clearance >= R.attr.level", "input.user.clearance >= input.resource.level",
		}, {
			"serves_region", "resource.region in user.regions", "resource.region in user.regions",
			"R.attr.region in P.attr.regions", "input.resource.region in input.user.regions",
		}, {
			"on_call", "user.groups.exists(g, g.startsWith('oncall-'))", "user.groups.exists(g, g.startsWith('oncall-'))",
			"P.attr.groups.exists(g, g.startsWith('oncall-'))", "some g in input.user.groups; startswith(g, \"oncall-\")",
		}, {
			"strong", "user.mfa", "user.mfa", "P.attr.mfa", "input.user.mfa",
		}, {
			"paid", "user.plan in ['pro', 'enterprise']", "user.plan in ['pro', 'enterprise']",
			"P.attr.plan in ['pro', 'enterprise']", "input.user.plan in {\"pro\", \"enterprise\"}",
		}, {
			"staff_network", "has(env.ip) && consts.offices.exists(n, cidr(n).containsIP(env.ip))", "offices.exists(n, n.containsIP(env.ip))",
			"C.offices.exists(n, P.attr.ip.inIPAddrRange(n))", "some n in offices; net.cidr_contains(n, input.ip)",
		}, {
			"blocked_network", "has(env.ip) && consts.blocked.exists(n, cidr(n).containsIP(env.ip))", "blocked.exists(n, n.containsIP(env.ip))",
			"C.blocked.exists(n, P.attr.ip.inIPAddrRange(n))", "some n in blocked; net.cidr_contains(n, input.ip)",
		}, {
			"embargoed", "user.country in ['CU', 'IR', 'KP', 'SY']", "user.country in ['CU', 'IR', 'KP', 'SY']",
			"P.attr.country in ['CU', 'IR', 'KP', 'SY']", "input.user.country in {\"CU\", \"IR\", \"KP\", \"SY\"}",
		}, {
			"in_eu", "user.country in ['DE', 'ES', 'FR', 'PL', 'SE']", "user.country in ['DE', 'ES', 'FR', 'PL', 'SE']",
			"P.attr.country in ['DE', 'ES', 'FR', 'PL', 'SE']", "input.user.country in {\"DE\", \"ES\", \"FR\", \"PL\", \"SE\"}",
		}, {
			"suspended", "'suspended' in user.groups", "'suspended' in user.groups",
			"'suspended' in P.attr.groups", "\"suspended\" in input.user.groups",
		}, {
			"contractor", "'contractor' in user.groups", "'contractor' in user.groups",
			"'contractor' in P.attr.groups", "\"contractor\" in input.user.groups",
		}, {
			"frozen_tenant", "resource.tenant in ['tenant-7', 'tenant-19', 'tenant-42']", "resource.tenant in ['tenant-7', 'tenant-19', 'tenant-42']",
			"R.attr.tenant in ['tenant-7', 'tenant-19', 'tenant-42']", "input.resource.tenant in {\"tenant-7\", \"tenant-19\", \"tenant-42\"}",
		}, {
			"top_level", "resource.level >= 3", "resource.level >= 3", "R.attr.level >= 3", "input.resource.level >= 3",
		}, {
			"eu_data", "resource.region == 'eu'", "resource.region == 'eu'", "R.attr.region == 'eu'", "input.resource.region == \"eu\"",
		}, {
			"frozen_region", "resource.region in ['ap', 'sa']", "resource.region in ['ap', 'sa']",
			"R.attr.region in ['ap', 'sa']", "input.resource.region in {\"ap\", \"sa\"}",
		},
	}
}

// MixNet is a list of networks that conditions name.
type MixNet struct {
	Name  string
	CIDRs []string
}

// MixNets are the lists of networks.
func MixNets() []MixNet {
	return []MixNet{
		{"offices", []string{"203.0.113.0/24", "10.20.0.0/16", "192.168.0.0/16"}},
		{"blocked", []string{"198.51.100.0/25", "172.16.9.128/25"}},
	}
}
