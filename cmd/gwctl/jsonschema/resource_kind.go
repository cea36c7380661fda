package jsonschema

import "github.com/gwctl/gwctl/policy"

// Parts of the patterns of routes.
const (
	methodForm = `[A-Z]{1,20}`
	// pathForm is / or segments: literals in canonical form, and placeholders.
	pathForm = `(/|(/(\{[a-z_][a-z0-9_]*(\.\.\.)?\}|([A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-F]{2})+))+)`
)

func (t *table) resourceKind() *node {
	// A host of digits is a number to YAML.
	host := &node{Type: text().Type, Pattern: t.pattern(t.policy, "hostForm"), MaxLength: 253}
	spec := t.strict(t.policy, "Resource",
		need("actions", filled(named(t.name(), ref("action")))).says("What can be done, by name; {} is an action without attributes."),
		may("attributes", t.attributes("resource", "attribute")).says("Attributes of a resource, by name."),
		may("hosts", set(host)),
		may("routes", list(ref("route"))).says("HTTP requests that mean an action of this resource."),
	).and(when(has("hosts"), with("routes", each(with("route", shaped(`^\S+ +/`))))))
	action := t.strict(t.policy, "Action", may("attributes", t.attributes("action", "attribute")).says("Attributes that the caller gives, by name."))
	return t.document(policy.KindResource, spec.Description, t.metadata(t.name()), spec, members{
		{"action", action}, {"attribute", t.attribute(false)}, {"route", t.route()}, {"bodyField", t.bodyField()}, {"field", t.field()}, {"value", data()},
	})
}

func (t *table) route() *node {
	host := bare(t.pattern(t.policy, "hostForm"))
	pattern := shaped("^" + methodForm + "(," + methodForm + ")* +(" + host + ")?" + pathForm + "$")
	pattern.Not = &node{Pattern: `^([A-Z]+,)*(CONNECT|TRACE)[, ]`}
	return t.strict(t.policy, "Route",
		need("route", pattern).of("Pattern").instead("METHOD[,METHOD…] [HOST]/PATH, as in \"GET /orders/{id}\". {x} is one segment, a final {x...} the rest; GET stands for HEAD, too."),
		need("action", t.routeAction()).says("What the request does: one action, an action for each method, or the body chooses."),
		may("body", t.body()),
		may("cors", t.cors()),
		may("websocket", yes()).says("Lets a request become a WebSocket; default false."),
		may("encoded_slash", oneOf("reject", "keep")).of("KeepEncodedSlash").instead("keep lets %2F through, inside a segment; default reject."),
		may("empty_segments", oneOf("reject", "keep")).of("KeepEmptySegments").instead("keep lets // through where {x...} stands; default reject."),
		may("path_params", oneOf("reject", "keep")).of("KeepPathParams").instead("keep lets ; through where {x...} stands; default reject."),
	).and(when(
		with("action", &node{Type: "object", Required: []string{"body"}}),
		with("route", no(shaped(`^([A-Z]+,)*(GET|HEAD)[, ]`))),
	))
}

func (t *table) routeAction() *node {
	chosen := t.strict(t.policy, "BodyAction",
		need("body", text()).of("Field").says("The string member of the body that chooses."),
		need("map", filled(named(nil, t.name()))))
	methods := filled(named(shaped("^"+methodForm+"$"), t.name()))
	methods.Description = "The action of each method of the route."
	return either(t.name(), chosen, methods)
}

func (t *table) body() *node {
	return t.strict(t.policy, "Body",
		need("type", oneOf("json")).says("The only type that is read: one JSON object."),
		may("maxBytes", between(1, policy.MaxMaxBody)),
		may("fields", t.attributes("", "bodyField")).says("Members that conditions can read, as attributes."))
}

func (t *table) cors() *node {
	header := shaped(t.pattern(t.policy, "headerForm"))
	return t.strict(t.policy, "CORS",
		need("origins", set(shaped(`^https?://[^/*?# ]+$`))).says("Origins, as in https://app.example.com, each compared exactly."),
		may("headers", set(header)).instead("Request headers that a page may send."),
		may("expose", set(header)).instead("Headers of answers that a page may read."),
		may("credentials", yes()).says("Lets the browser send cookies and Authorization; default false."),
		may("max_age", between(0, 86400)).instead("How long the browser may keep the answer, in seconds."))
}
