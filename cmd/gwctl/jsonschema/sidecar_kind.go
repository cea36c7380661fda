package jsonschema

import (
	"github.com/gwctl/gwctl/policy"
)

func (t *table) sidecarKind() *node {
	spec := t.strict(t.config, "Config",
		need("policies", t.policies()),
		need("listeners", t.listeners()).says("Addresses to listen on."),
		may("env", named(nil, t.envValue())).says("Values of the Schema's env attributes, by name: a literal, or {env: NAME}."),
		may("authn", list(t.method())).says("Methods of authentication. Each one that finds its credential verifies it; of several good ones the first is the user."),
		may("anonymous", oneOf("deny", "allow")).of("AllowAnonymous").instead("deny, the default: a request without a credential gets 401 at once. allow: the rules decide."),
		may("propagate", t.propagate()).says("What the services behind learn of the user, beyond id and tenant."),
		may("forward_token", yes()).says("Passes the Authorization header on; default false."),
		may("assertion", t.assertion()),
		may("audit", t.audit()),
		may("drain", t.drain()),
		may("resource_metadata", list(t.resourceMetadata())),
		may("verify", share()).instead("Share of the decisions that is evaluated once more with CEL's own evaluator, as in 1/1000; default none."),
	).and(unless(is("anonymous", "allow"), has("authn")))
	meta := t.strict(t.policy, "",
		need("name", text()).says("Name of the sidecar."),
		may("description", text()).says("What it is for, in words."),
		may("owner", text()).says("Who answers for it, as in team-orders."),
		may("labels", named(nil, text())).says("Texts by name, for tools of your own."))
	spec.Description = "The settings."
	return t.document(policy.KindSidecar, "Configuration of gwctl serve. Relative paths begin at the directory of the file.", meta, spec, nil)
}

func (t *table) policies() *node {
	return t.strict(t.config, "",
		may("dir", text()).says("Directory of the policy set."),
		may("bundle", t.strict(t.config, "", need("file", text()).says("A file made by gwctl policy bundle."))).says("A bundle in place of a directory."),
	).and(&node{If: has("dir"), Then: without("bundle"), Else: has("bundle")})
}

func (t *table) listeners() *node {
	return t.strict(t.config, "",
		may("proxy", t.strict(t.config, "Proxy",
			need("address", address()).says("Where to listen, host:port."),
			need("upstreams", list(t.upstream())).says("Services behind the sidecar."),
			may("tls", t.listenerTLS()).instead("Speaks TLS, with HTTP/1.1 and HTTP/2."),
			may("http2", t.strict(t.config, "HTTP2", may("max_streams", between(1, 1000)))).says("Bounds HTTP/2, which is spoken over TLS only."),
			may("limits", t.strict(t.config, "Limits", may("connections", between(16, 1000000)), may("requests", between(16, 100000)), may("body_mib", between(2, 4096)))).says("What is given out at a time, over all clients."),
			may("trusted_proxies", networks()).says("Networks whose forwarding headers are believed, as in 10.0.0.0/8."),
			may("websocket", t.strict(t.config, "WebSocket", may("idle", duration()), may("lifetime", duration()), may("limit", between(1, 1_000_000)))))),
		may("forward_auth", t.strict(t.config, "ForwardAuth",
			need("address", address()).says("Where to listen, host:port."),
			need("dialect", oneOf(t.texts(t.config, "Dialects")...)),
			need("trusted_proxies", networks()),
			may("limits", t.strict(t.config, "Limits", may("connections", between(16, 1000000)), may("requests", between(16, 100000)))))),
		may("admin", t.admin()).says("State, keys, caches and revocations, for operators on this host only."),
		may("logout", t.strict(t.config, "", need("address", address()).says("Where to listen, host:port."))).says("Where issuers can send logout tokens to beside the proxy, as behind a forward-auth proxy."),
		may("health", t.strict(t.config, "", need("address", address()).says("Where to listen, host:port."))).says("Liveness, readiness, metrics and public keys: /livez, /readyz, /metrics, /.well-known/gwctl-jwks.json.")).
		and(either(has("proxy"), has("forward_auth")))
}

// admin is the listener of operators.
func (t *table) admin() *node {
	loopback := shaped(`^(` + anyCase("localhost") + `|127\.[0-9.]+|\[[0-9A-Fa-f:.]+\]):(0|[1-9][0-9]{0,4})$`)
	return exactlyOneOf(t.strict(t.config, "Admin",
		may("address", loopback).instead("Where to listen, host:port with a loopback address."),
		may("socket", text()).instead("Path of a Unix socket, which is made with mode 0600; in place of an address."),
		may("hosts", set(spelled(t.pattern(t.config, "hostNameForm")))).instead("Names that are accepted in Host beside localhost and loopback addresses.")), "address", "socket")
}

// exactlyOneOf holds a mapping to one of two of its keys.
func exactlyOneOf(n *node, a, b string) *node {
	return n.and(&node{If: has(a), Then: without(b), Else: has(b)})
}

func networks() *node { return set(shaped(`^[0-9A-Fa-f.:]+/[0-9]+$`)) }

func address() *node { return shaped(`^([^:\[\]]*|\[[^\[\]]*\]):(0|[1-9][0-9]{0,4})$`) }

func (t *table) envValue() *node {
	from := t.strict(t.config, "", need("env", text()).says("Name of a variable of the process environment."))
	literal := &node{Description: "The value itself.", Type: []string{"string", "number", "boolean", "array"}}
	n := either(literal, from)
	n.Description = t.sentence("EnvValue", firstSentence(t.config.types["EnvValue"].doc), "EnvValue")
	return n
}

func (t *table) resourceMetadata() *node {
	return t.strict(t.config, "ResourceMetadata",
		need("resource", shaped(t.pattern(t.config, "resourceForm"))).instead("The URL that clients use, in lower case up to the path and without a final slash; http on this host only."),
		may("scopes", set(spelled(t.pattern(t.config, "scopeForm")))).says("Scopes that clients can ask for."),
		may("name", text()),
		may("documentation", shaped(`^`+anyCase("http")+`[Ss]?://`)))
}

// share is one in so many.
func share() *node { return shaped(`^1/([1-9][0-9]{0,8}|1000000000)$`) }

// duration is a Go duration. A bare 0 is a number to YAML.
func duration() *node {
	zero := int64(0)
	return &node{
		Type: []string{"string", "integer"}, Pattern: `^([+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+|[+-]?0)$`,
		Minimum: &zero, Maximum: &zero,
	}
}

func (t *table) drain() *node {
	return t.strict(t.config, "Drain", may("delay", duration()), may("timeout", duration()))
}
