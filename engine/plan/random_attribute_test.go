package plan_test

import (
	"fmt"
	"strings"
)

// declared lists attributes of every type, by root.
func declared() []string {
	return []string{
		"user.flag bool", "user.level int", "user.score double", "user.country string", "user.note string", "user.since timestamp", "user.ttl duration", "user.home ip", "user.net cidr",
		"user.tags list(string)", "user.nums list(int)", "user.ratios list(double)", "user.marks list(bool)", "user.times list(timestamp)", "user.waits list(duration)", "user.nets list(cidr)", "user.hosts list(ip)",
		"user.grid list(list(int))", "user.labels map(string, string)", "user.limits map(string, int)", "user.rates map(string, double)", "user.rights map(string, list(string))",
		"user.tree map(string, map(string, int))", "user.dues map(string, timestamp)", "user.quotas wide", "user.profile profile",
		"resource.open bool", "resource.count int", "resource.amount double", "resource.owner string", "resource.opened timestamp", "resource.keep duration", "resource.shared list(string)", "resource.meta map(string, string)", "resource.keeper profile",
		"action.soft bool", "action.reason string", "env.region string", "env.window duration", "env.allowed list(cidr)", "env.peak double",
		"request.body.amount double", "request.body.items list(string)", "request.body.memo string", "request.body.lines int", "request.body.ship address",
	}
}

// builtins lists the attributes that every layout has.
func builtins() []string {
	return []string{
		"user.authenticated bool", "user.id string", "user.type string", "user.tenant string", "user.roles list(string)", "user.groups list(string)", "action.name string", "resource.id string", "env.time timestamp", "env.time timestamp",
		"env.ip ip", "request.method string", "request.host string", "request.path string", "request.segments list(string)", "request.query map(string, list(string))", "request.headers map(string, list(string))",
	}
}

func attribute(line string) (root, name string, t typ) {
	full, kind, _ := strings.Cut(line, " ")
	dot := strings.LastIndexByte(full, '.')
	return full[:dot], full[dot+1:], mustTyp(kind)
}

// fields lists what objects hold; those with a ? may lack it.
func fields(object string) []string {
	if object == "address" {
		return []string{"city string ?", "zip int", "geo list(double) ?"}
	}
	return []string{"name string", "age int ?", "tags list(string) ?", "limits map(string, int) ?", "home address ?"}
}

// attributeOperators read attributes and their fields, and ask for them.
func attributeOperators() []*operator {
	var out []*operator
	for _, line := range append(declared(), builtins()...) {
		root, name, t := attribute(line)
		full := root + "." + name
		out = append(out, leafOperator("read", full, t, 12), leafOperator("has", "has("+full+")", boolTyp, 1),
			leafOperator("optional read", root+".?"+name, typ{"optional", []typ{t}}, 6))
		if t.name == "profile" {
			out = append(out, leafOperator("nested read", full+".home", typ{name: "address"}, 4))
		}
		if root != "request.body" {
			out = append(out, leafOperator("absolute read", "."+full, t, 1))
		}
	}
	for _, f := range objectFields() {
		out = append(out, fieldOperator("field", f, "%[3]s <- $%[1]s.%[2]s"), fieldOperator("has field", f, "bool <- has($%[1]s.%[2]s)"),
			fieldOperator("optional field", f, "optional(%[3]s) <- $%[1]s.?%[2]s"))
	}
	return out
}

// optionalFieldOperators read fields of objects that may not be there.
func optionalFieldOperators() []*operator {
	var out []*operator
	for _, line := range declared() {
		if root, name, t := attribute(line); root == "request.body" {
			out = append(out, leafOperator("optional body", "request.?body.?"+name, typ{"optional", []typ{t}}, 6))
		}
	}
	for _, f := range objectFields() {
		out = append(out, fieldOperator("field of an optional", f, "optional(%[3]s) <- $optional(%[1]s).%[2]s"),
			fieldOperator("optional field of an optional", f, "optional(%[3]s) <- $optional(%[1]s).?%[2]s"),
			fieldOperator("has field of an optional", f, "bool <- has($optional(%[1]s).%[2]s)"))
	}
	return out
}

func objectFields() [][]any {
	var out [][]any
	for _, object := range []string{"profile", "address"} {
		for _, line := range fields(object) {
			name, kind, _ := strings.Cut(line, " ")
			out = append(out, []any{object, name, strings.TrimSuffix(kind, " ?")})
		}
	}
	return out
}

func fieldOperator(name string, field []any, line string) *operator {
	op := parseOperator(fmt.Sprintf(line, field...), 4)
	op.name = name
	return op
}
