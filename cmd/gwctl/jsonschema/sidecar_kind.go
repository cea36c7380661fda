package jsonschema

import (
	"fmt"

	"github.com/gwctl/gwctl/policy"
)

func (t *table) sidecarKind() *node {
	spec := t.strict(t.config, "Config",
		need("policies", t.policies()),
		need("listeners", t.listeners()).says("Addresses to listen on."),
		may("env", named(nil, t.envValue())).says("Values of the Schema's env attributes, by name: a literal, or {env: NAME}."),
		may("authn", list(t.method())).says("Methods of authentication. Each one that finds its credential verifies it; of several good ones the first is the user."),
		may("anonymous", oneOf("deny", "allow")).of("AllowAnonymous").instead("deny, the default: a request without a credential gets 401 at once. allow: the rules decide."),
		may("propagate", t.strict(t.config, "", may("claims", set(text())).says("Claims that go into X-Auth-Claims."))).says("What the service behind learns of the user, beyond id, roles and tenant."),
		may("forward_token", yes()).says("Passes the Authorization header on; default false."),
		may("audit", t.audit()),
		may("drain", t.drain()),
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
	upstream := t.strict(t.config, "Upstream",
		need("match", shaped("^"+pathForm+"$")).instead("A path pattern, as in routes: \"/{rest...}\" is every path."),
		need("url", shaped(`^`+anyCase("http")+`[Ss]?://[^/?#@]+/?[?#]*$`)))
	return t.strict(t.config, "",
		need("proxy", t.strict(t.config, "Proxy",
			need("address", address()).says("Where to listen, host:port."),
			need("upstreams", list(upstream)).says("Services behind the sidecar."),
			may("trusted_proxies", set(shaped(`^[0-9A-Fa-f.:]+/[0-9]+$`))).says("Networks whose forwarding headers are believed, as in 10.0.0.0/8."))),
		may("health", t.strict(t.config, "", need("address", address()).says("Where to listen, host:port."))).says("Liveness, readiness and metrics: /livez, /readyz, /metrics."))
}

func address() *node { return shaped(`^([^:\[\]]*|\[[^\[\]]*\]):(0|[1-9][0-9]{0,4})$`) }

func (t *table) envValue() *node {
	from := t.strict(t.config, "", need("env", text()).says("Name of a variable of the process environment."))
	literal := &node{Description: "The value itself.", Type: []string{"string", "number", "boolean", "array"}}
	n := either(literal, from)
	n.Description = t.sentence("EnvValue", firstSentence(t.config.types["EnvValue"].doc), "EnvValue")
	return n
}

func (t *table) method() *node {
	loopback := anyCase("http") + `://(` + anyCase("localhost") + `|127\.[0-9.]+|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?(/[^?#]*)?`
	issuer := shaped(fmt.Sprintf(`^(%s://[^/?#@]+(/[^?#]*)?|%s)[?#]*$`, anyCase("https"), loopback))
	jwt := t.strict(t.config, "JWT",
		need("issuer", issuer).says("The issuer, exactly as it stands in the tokens' iss. http is accepted for a provider on this host only."),
		need("audiences", set(text())).says("Values of aud, any of which a token must have."),
		may("algorithms", set(oneOf(t.texts(t.config, "algorithms")...))).instead("Accepted algorithms of signatures; default RS256, PS256, ES256, ES384 and EdDSA."),
		may("profile", oneOf("rfc9068")).says("rfc9068 requires the type at+jwt."),
		may("type", oneOf("human", "service")),
		may("leeway", duration()).says("Tolerance for clocks; default 30s, 1s to 5m."),
		may("max_lifetime", duration()).says("Longest time between iat and exp; default 24h, 1m to 720h."),
		may("attributes", named(nil, text())).says("Attributes of the user, each with a CEL expression over claims. An attribute that is not named has its default claim."))
	return t.strict(t.config, "", need("jwt", jwt))
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
