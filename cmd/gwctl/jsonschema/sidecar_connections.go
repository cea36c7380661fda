package jsonschema

// What the Sidecar says about connections, and about what goes over them.

func (t *table) upstream() *node {
	n := t.strict(t.config, "Upstream",
		need("match", shaped("^"+pathForm+"$")).instead("A path pattern, as in routes: \"/{rest...}\" is every path."),
		need("url", shaped(`^`+anyCase("http")+`[Ss]?://[^/?#@]+/?[?#]*$`)),
		may("protocol", oneOf("http1", "h2", "h2c")).instead("http1, h2 or h2c. Without it HTTP/1.1 with an http URL, and what the service prefers with https. h2c is HTTP/2 without TLS."),
		may("tls", t.strict(t.config, "UpstreamTLS",
			may("ca", text()).of("CA"),
			may("server_name", text()).of("ServerName").instead("Name in its certificate; default the host of the URL."),
			may("cert", text()).of("Cert").instead("Certificate in PEM that gwctl shows to it; goes with key."),
			may("key", text()).of("Key").instead("Private key in PEM of cert."))),
		may("timeouts", t.strict(t.config, "Timeouts",
			may("connect", duration()), may("tls_handshake", duration()).of("Handshake"), may("response_header", duration()).of("ResponseHeader"))).
			says("How long an exchange may take."),
		may("connections", t.strict(t.config, "Connections",
			may("idle", between(1, 4096)), may("idle_timeout", duration()).of("IdleTimeout"))).
			says("What is kept open."),
		may("propagate", t.strict(t.config, "Propagation", t.claims(), t.roles())).instead("Narrows for this service what stands under propagate of the whole."),
		may("audience", text()).instead("Audience of the assertion for this service; none without it. It needs assertion."))
	return n
}

func (t *table) listenerTLS() *node {
	version := either(oneOf("1.2", "1.3"), &node{Type: "number", Enum: []any{1.2, 1.3}})
	return t.strict(t.config, "TLS",
		need("cert", text()), need("key", text()),
		may("client_ca", text()).of("ClientCA"),
		may("min_version", version).of("MinVersion").instead("Oldest version of TLS that is spoken, 1.2 or 1.3; default 1.2."))
}

func (t *table) claims() *key {
	return may("claims", either(oneOf("none"), set(text()))).says("Claims that go into X-Auth-Claims, or none.")
}

func (t *table) roles() *key {
	return may("roles", either(oneOf("none"), set(spelled(t.pattern(t.config, "roleForm"))))).
		says("Roles that are passed on, or what they begin with where an entry ends in a separator, as in shop:; or none. Default all.")
}

func (t *table) propagate() *node {
	name := func() *node { return shaped(t.pattern(t.config, "headerForm")) }
	headers := t.strict(t.config, "ContextHeaders",
		may("user_id", name()).of("UserID"), may("roles", name()), may("tenant", name()), may("request_id", name()).of("RequestID"), may("claims", name()))
	return t.strict(t.config, "", t.claims(), t.roles(), may("headers", headers).says("Names of the headers that gwctl sets."))
}

func (t *table) assertion() *node {
	file := func() *node {
		return t.strict(t.config, "", need("file", text()).says("Path of a file with one key in PEM."))
	}
	publish := list(file())
	most := 4
	publish.MaxItems = most
	return t.strict(t.config, "Assertion",
		need("key", file()).instead("Private P-256 key in PEM, which signs."),
		may("publish", publish),
		may("header", shaped(t.pattern(t.config, "headerForm"))).instead("Name of the header; default X-Gwctl-Assertion."),
		need("issuer", text()).says("Who signs: the iss of the assertions."),
		may("lifetime", duration()))
}
