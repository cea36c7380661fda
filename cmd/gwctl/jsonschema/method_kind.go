package jsonschema

import "fmt"

func (t *table) method() *node {
	return exactlyOne(t.strict(t.config, "",
		may("jwt", t.ofUsers(t.jwt())).says("Bearer tokens that one issuer signs."),
		may("introspection", t.ofUsers(t.introspection())).says("Bearer tokens that an authorization server is asked about (RFC 7662)."),
		may("api_keys", t.ofUsers(t.apiKeys())).says("API keys of a file."),
		may("mtls", t.ofUsers(t.mtls())).says("Certificates of clients."),
	))
}

// exactlyOne holds a mapping to one of its keys.
func exactlyOne(n *node) *node {
	var cases []*node
	for _, p := range n.Properties {
		var others []string
		for _, q := range n.Properties {
			if q.name != p.name {
				others = append(others, q.name)
			}
		}
		c := has(p.name)
		c.Properties = without(others...).Properties
		cases = append(cases, c)
	}
	return n.and(either(cases...))
}

// issuerURL is an https URL, or an http one on this host, without what the
// pattern excludes.
func issuerURL(end string) *node {
	loopback := anyCase("http") + `://(` + anyCase("localhost") + `|127\.[0-9.]+|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?(/[^?#]*)?`
	return shaped(fmt.Sprintf(`^(%s://[^/?#@]+(/[^?#]*)?|%s)%s$`, anyCase("https"), loopback, end))
}

func (t *table) jwt() *node {
	return t.strict(t.config, "JWT",
		need("issuer", issuerURL(`[?#]*`)).says("The issuer, exactly as it stands in the tokens' iss. http is accepted for a provider on this host only."),
		need("audiences", set(text())).says("Values of aud, any of which a token must have."),
		may("audience_claim", oneOf("aud", "client_id")),
		may("algorithms", set(oneOf(t.texts(t.config, "algorithms")...))).instead("Accepted algorithms of signatures; default RS256, PS256, ES256, ES384 and EdDSA."),
		may("profile", oneOf("rfc9068")).says("rfc9068 requires the type at+jwt and the claims client_id, iat and jti."),
		may("leeway", duration()).says("Tolerance for clocks; default 30s, 1s to 5m."),
		may("max_lifetime", duration()).says("Longest time between iat and exp; default 24h, 1m to 720h."),
		may("jwks", t.jwks()),
		may("backchannel_logout", t.strict(t.config, "Logout", need("client_id", text()).of("ClientID").instead("The aud of the issuer's logout tokens: the client that is registered there with the address of this sidecar."))).says("Takes logout tokens of the issuer at /.well-known/gwctl/backchannel-logout, and refuses the tokens of users who have logged out. Tokens must have iat then."),
		may("dpop", t.dpop()),
		may("token_cache", between(0, 1_000_000)).instead("How many tokens are kept whose signature is known to be good; default 8192, 0 for none."),
	).and(unless(no(is("audience_claim", "client_id")), without("profile")))
}

func (t *table) jwks() *node {
	return t.strict(t.config, "JWKS",
		may("soft_ttl", duration()).says("Age at which keys are due where the issuer does not say; default 10m, 1m to 24h."),
		may("min_ttl", duration()).says("Shortest age that an issuer can ask for; default 5m, 1m to 24h."),
		may("max_ttl", duration()).says("Longest age that an issuer can ask for; default 1h, 1m to 24h."),
		may("stale_for", duration()).instead("How old keys may get while the issuer is down; default 24h, 0s to 168h. 0s lets them die at their age."),
		may("unknown_every", duration()).says("Time between fetches for unknown key ids; default 10s, 1s to 1h."),
		may("unknown_per_client", between(1, 60)).says("Such fetches that one client can cause in a minute; default 3."),
		may("unknown_wait", duration()).says("How long a request waits for such a fetch; default 1s, 1ms to 10s."),
		may("replaced_every", duration()).says("Time between fetches for bad signatures under a known key id; default 5m, 10s to 24h."),
		may("negative_ttl", duration()).says("How long a key id that a fetch did not bring is remembered; default 30s, 1s to 60s."),
		may("negative_size", between(1, 1<<20)).says("How many of them are remembered; default 1024."),
		may("fetch_timeout", duration()).says("Limit of one fetch, with discovery where it is due; default 3s, 100ms to 30s."),
		may("max_keys", between(1, 1024)).says("Keys that an issuer may publish; default 64."),
		may("last_good", text()).instead("A file that keeps the keys over a restart, mode 0600; default none."))
}

func (t *table) dpop() *node {
	n := t.strict(t.config, "DPoP",
		may("required", yes()).says("Refuses every token that is not bound to a DPoP key; default false."),
		may("nonce", yes()).says("Demands a nonce of gwctl's own in every proof, good for five minutes; default false."),
		may("nonce_key", t.secret()).instead("A secret of at least 32 bytes that replicas share, so that each takes the nonces of the others; default a key of the process's own."),
		may("max_age", duration()).says("How old a proof may be; default 60s, 5s to 4m."),
		may("algorithms", set(oneOf(t.texts(t.config, "algorithms")...))).instead("Accepted algorithms of proofs; default RS256, PS256, ES256, ES384 and EdDSA."))
	return n
}

func (t *table) introspection() *node {
	return t.strict(t.config, "Introspection",
		need("endpoint", issuerURL(`(\?[^#]*)?#?`)).says("The URL to ask. http is accepted for a provider on this host only."),
		need("client_id", text()).says("Who gwctl is there."),
		may("client_secret", t.secret()).says("Its secret, for client_secret_basic and client_secret_post."),
		may("private_key", t.secret()).says("Its private key in PEM, for private_key_jwt."),
		may("key_id", text()).says("The kid of the private key."),
		may("client_auth", oneOf(t.texts(t.config, "clientAuths")...)).says("How it proves to be that client; default client_secret_basic."),
		may("issuer", issuerURL(`[?#]*`)).instead("The iss of its tokens and answers. A JWT with another iss, or any JWT without this key, is not sent."),
		may("audiences", set(text())).instead("Values of aud, any of which an answer must have; default any."),
		may("leeway", duration()).says("Tolerance for clocks; default 30s, 1s to 5m."),
		may("active_ttl", duration()).says("How long an answer about an active token counts; default 60s, 1s to 5m. A revoked token is refused after that."),
		may("inactive_ttl", duration()).says("How long an answer about an inactive token counts; default 10s, 1s to 60s."),
		may("stale_ttl", duration()).of("StaleTTL").instead("How much longer an answer about an active token counts while the server cannot be asked; default 0s, which is not at all, up to 60s."),
		may("ignore_no_store", yes()).says("Keeps answers that say no-store; default false."),
		may("cache_size", between(1, 1_000_000)).says("How many answers are kept; default 10000."),
		may("timeout", duration()).says("How long a request waits for an answer; default 1s, 100ms to 10s."),
		may("in_flight", between(1, 1024)).says("How many tokens are asked about at once; default 64."),
		may("queue", between(1, 4096)).says("How many more may wait for that; default 128."),
		may("dpop", t.dpop()),
	).and(unless(is("client_auth", "private_key_jwt"), has("client_secret")))
}

func (t *table) apiKeys() *node {
	return t.strict(t.config, "APIKeys",
		need("file", text()).says("The file of keys, a document of kind APIKeys. gwctl apikey new makes its records."),
		may("header", shaped(`^[Xx]-[A-Za-z0-9-]{1,62}$`)).instead("The header that carries a key; default X-API-Key."))
}

func (t *table) mtls() *node {
	return t.strict(t.config, "MTLS",
		may("identity", oneOf(t.texts(t.config, "certificateIdentities")...)).instead("Which name in the certificate is the user; default spiffe."),
		may("spiffe_trust_domain", spelled(t.pattern(t.config, "trustDomainForm"))).of("TrustDomain").instead("The trust domain of all users, without spiffe://; required for identity spiffe, and only for that."),
		may("client_ca", text()).instead("CAs in PEM that certificates must lead to; default those of listeners.proxy.tls."),
		may("forwarded", oneOf(t.texts(t.config, "certificateForms")...)).instead("How trusted proxies forward certificates; default not at all."),
	).and(&node{If: either(no(has("identity")), is("identity", "spiffe")), Then: has("spiffe_trust_domain"), Else: without("spiffe_trust_domain")})
}

// secret says where a secret is.
func (t *table) secret() *node {
	n := t.strict(t.config, "",
		may("env", text()).says("Name of a variable of the process environment."),
		may("file", text()).says("A file; a relative path begins at the directory of the configuration."))
	return exactlyOne(n)
}

// ofUsers adds the keys that every method of authentication has.
func (t *table) ofUsers(method *node) *node {
	keys := t.strict(t.config, "",
		may("type", oneOf("human", "service")).says("Whether users are human, the default, or service."),
		may("id_prefix", spelled("^[!-~]{1,64}$")).says("Goes before every user.id, so that users of two methods stay apart."),
		may("attributes", named(nil, text())).says("Attributes of the user, each with a CEL expression over claims. An attribute that is not named has its default claim."))
	method.Properties = append(method.Properties, keys.Properties...)
	return method
}
