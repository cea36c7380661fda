package jsonschema

import "github.com/gwctl/gwctl/engine/record"

// recordKind is one line of the log of decision records. It is no document that
// people write, so it has neither apiVersion nor kind.
func (t *table) recordKind() *node {
	n := t.strict(t.config, "",
		need("seq", atLeast(0)).says("Position in the log of one process, from 1. That of a gap is the last number that it stands for."),
		need("event", shaped(`^[a-z_]+$`)).says("What the record is about. Readers must expect other events than those of today."),
		need("ts", shaped(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,9})?Z$`)).says("Time, UTC, RFC 3339."),
		may("decision_id", line()).says("Id of the decision, also in the body of a refusal."),
		may("request_id", line()).says("Id of the request, also in X-Request-ID."),
		may("door", line()).says("How the request came: proxy, forward_auth, ext_authz or authzen."),
		may("decision", t.recordedDecision()).says("The decision, as every output of gwctl writes it."),
		may("inputs", &node{Type: "array", Items: t.recordedInput()}).says("The attributes that the decision read."),
		may("replayable", yes()).says("The inputs hold everything that the decision read, so it can be made again."),
		may("subject", line()).says("The user's id; left out if sensitive."),
		may("tenant", line()).says("The user's tenant; left out if sensitive."),
		may("authn_method", line()).says("Method of authentication, as jwt; left out for nobody."),
		may("iss", line()).says("Issuer: of the user, or the one that a refresh or state is about."),
		may("jti_fp", line()).says("Fingerprint of the token's id, never the token."),
		may("key_kid", line()).says("Id of the key that signed the token."),
		may("ignored_headers", lines(record.MaxNames)).says("Header parameters of the token that offer a key (jku, x5u, jwk, x5c); nobody looked at it."),
		may("cert_sha256", line()).says("Fingerprint of the client's certificate, where it was the credential."),
		may("resource", t.strict(t.config, "",
			need("method", line()).says("Method of the request."),
			may("host", line()).says("Host, in canonical form."),
			may("path", line()).says("Path, in canonical form and without the query."),
			may("path_raw_sha256", line()).says("Digest of the request target as received."))).says("The HTTP request."),
		may("source_ip", line()).says("Address of the client."),
		may("trusted_chain", lines(record.MaxChain)).says("Trusted proxies that named source_ip, nearest first."),
		may("cache", t.strict(t.config, "",
			may("jwks", oneOf("fresh", "stale")).says("Whether the issuer's keys were older than they should be."),
			may("introspection", line()).says("Where the answer about a token came from."))).says("What the identity rests on."),
		may("stale", yes()).says("Something of it was older than it should be."),
		may("reason", line()).says("Reason code of what was refused before any rule was asked."),
		may("detail", line()).says("Class of the fault, never a value."),
		may("status", whole()).says("HTTP status of the decision or refusal."),
		may("eval_us", whole()).says("Time in the engine, in microseconds."),
		may("total_us", whole()).says("Time from the request to its answer, in microseconds."),
		may("ok", yes()).says("Whether the reload was taken."),
		may("digest", line()).says("Digest of the set now in force."),
		may("by", line()).says("What asked for the reload: start, file, signal."),
		may("error", line()).says("Class of a failed reload."),
		may("diff", t.strict(t.config, "",
			may("added", lines(record.MaxNames)).says("Rules that are new, as policy/rule."),
			may("removed", lines(record.MaxNames)).says("Rules that are gone."),
			may("changed", lines(record.MaxNames)).says("Rules that say something else, themselves or by their policy."),
			may("more", atLeast(1)).says("Rules that had no place in the lists."),
			need("other", yes()).says("Schema, resources, routes, libraries or Directories have changed."))).says("What the reload changed in the set."),
		may("refresh", t.strict(t.config, "",
			need("trigger", line()).says("Why: start, scheduled, unknown_kid, bad_signature or manual."),
			need("result", line()).says("Ok, or the class of the failure."),
			need("keys", atLeast(0)).says("Usable keys now."),
			may("added", lines(record.MaxNames)).says("Key ids that are new."),
			may("removed", lines(record.MaxNames)).says("Key ids that are gone."),
			need("forced", yes()).says("It was not one of the regular fetches."))).says("A fetch of the issuer's keys."),
		may("idp", t.strict(t.config, "",
			need("state", oneOf("up", "degraded", "down")).says("What can be expected of the issuer now."),
			may("was", line()).says("The state before it."),
			may("breaker", oneOf("closed", "open")).says("For a server that is asked about tokens: open while it is left alone."))).says("State of the issuer, or of a server that is asked about tokens."),
		may("stripped", t.strict(t.config, "",
			need("reason", line()).says("Identity, managed, underscore or connection."),
			may("header", line()).says("Name of one of them, chosen by the client."),
			need("count", atLeast(1)).says("Headers since the last record of the reason."))).says("Headers that were removed; sampled."),
		may("process", t.strict(t.config, "",
			need("version", line()).says("Version of gwctl."),
			may("digest", line()).says("Digest of the first set."),
			may("instance", line()).says("Random; tells replicas apart."))).says("What began to write."),
		may("purge", t.strict(t.config, "",
			need("by", oneOf("admin", "backchannel")).says("Who asked for it."),
			need("kind", oneOf("all", "jti", "sub", "sid", "session")).says("By what tokens were meant; session is sub and sid together."),
			may("fingerprint", line()).says("Of the identifier, never the identifier."),
			need("tokens", atLeast(0)).says("Verified tokens that were forgotten."),
			need("introspection", atLeast(0)).says("Answers about tokens that were."))).says("What was forgotten of tokens."),
		may("session", t.strict(t.config, "",
			need("end", oneOf("backchannel", "revoked")).says("Who ended it: the issuer, or an operator."),
			may("sub_fp", line()).says("Fingerprint of the user's id."),
			may("sid_fp", line()).says("Fingerprint of the session's id."),
			may("jti_fp", line()).says("Fingerprint of the token's id."))).says("Tokens that are refused from now on."),
		may("secret", t.strict(t.config, "",
			need("use", line()).says("What it is for, as a key of the configuration."),
			may("fingerprint", line()).says("Tells two readings apart, within one process."),
			may("expires", shaped(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,9})?Z$`)).says("When it ends, if it says so."))).says("A secret, key or certificate that was read."),
		may("insecure", lines(record.MaxNames)).says("The --insecure-… flags in force."),
		may("from", atLeast(0)).says("First number without a line."),
		may("to", atLeast(0)).says("Last number without a line."),
		may("dropped", atLeast(0)).says("Records that had these numbers."),
		may("truncated", yes()).says("The line was too long and lists were left out."),
	)
	for _, of := range recordKinds() {
		n.and(when(is("event", string(of.kind)), has(of.members...)))
	}
	n.Schema, n.ID, n.Title = "https://json-schema.org/draft/2020-12/schema", baseURL+fileName("Record"), "Record"
	n.Description = "One line of the decision records that gwctl serve writes."
	return n
}

type recordEvent struct {
	kind    record.Kind
	members []string
}

// recordKinds are the events with what each of them has.
func recordKinds() []recordEvent {
	return []recordEvent{
		{record.KindDecision, []string{"decision", "replayable", "status", "eval_us", "total_us"}},
		{record.KindAuthnFailure, []string{"reason", "status"}},
		{record.KindRequestRejected, []string{"reason", "status"}},
		{record.KindWebSocketClosed, []string{"reason"}},
		{record.KindAnswered, []string{"reason", "status"}},
		{record.KindHeaderStripped, []string{"stripped"}},
		{record.KindConfigReload, []string{"ok"}},
		{record.KindJWKSRefresh, []string{"iss", "refresh"}},
		{record.KindIdPState, []string{"iss", "idp"}},
		{record.KindCachePurge, []string{"purge"}},
		{record.KindSession, []string{"iss", "session"}},
		{record.KindSecretLoaded, []string{"secret"}},
		{record.KindInsecureMode, []string{"insecure"}},
		{record.KindFailOpen, []string{"reason"}},
		{record.KindProcessStart, []string{"process"}},
		{record.KindGap, []string{"from", "to", "dropped"}},
	}
}

// line is a text of a record.
func line() *node { return &node{Type: "string", MaxLength: record.MaxField} }

func lines(most int) *node { return &node{Type: "array", MaxItems: most, Items: line()} }

func (t *table) recordedInput() *node {
	return t.strict(t.config, "",
		need("name", line()).says("Full name, as user.tenant."),
		may("value", &node{}).says("The value, if it is present and not masked."),
		need("state", oneOf("present", "absent", "unavailable", "invalid", "conflict")).says("What was known of it."),
		may("masked", yes()).says("The value is withheld."),
		may("shadow", yes()).says("Only shadow rules read it: the decision can be made again without it."))
}

func (t *table) recordedDecision() *node {
	ruleError := t.strict(t.config, "",
		need("rule", line()).says("The rule, as policy/rule."),
		need("code", line()).says("Reason code."),
		may("message", line()).says("What went wrong; left out where it could repeat a masked value."),
		may("position", line()).says("Place in the policies."))
	result := t.strict(t.config, "",
		need("rule", line()).says("The rule."),
		need("outcome", oneOf("matched", "not_matched", "error")).says("What it came to."),
		may("code", line()).says("Reason code of an error."))
	return t.strict(t.config, "",
		need("effect", oneOf("allow", "deny")).says("Allow or deny."),
		need("reason", line()).says("Reason code."),
		may("message", line()).says("Text of the rule's reason, for clients."),
		need("status", whole()).says("HTTP status."),
		may("rule", line()).says("The rule that decided."),
		need("matched", &node{Type: "array", Items: line()}).says("Rules that matched."),
		need("errors", &node{Type: "array", Items: ruleError}).says("Rules that failed."),
		may("attribute", line()).says("The attribute that the reason is about."),
		may("scopes", &node{Type: "array", Items: line()}).says("Scopes that were missing."),
		may("obligations", t.strict(t.config, "", need("set_headers", named(nil, line())).says("Headers for the service."))).says("What an allowed request takes along."),
		may("challenge", t.strict(t.config, "",
			may("error", line()).says("Error of the challenge."),
			may("acr_values", &node{Type: "array", Items: line()}).says("Levels of authentication."),
			may("max_age", whole()).says("Age of the authentication in seconds."))).says("What a 401 asks for."),
		may("shadow", t.strict(t.config, "",
			need("effect", oneOf("allow", "deny")).says("Effect with the shadow rules enforced."),
			need("reason", line()).says("Reason with them."),
			may("rule", line()).says("Rule that would decide."),
			need("results", &node{Type: "array", Items: result}).says("What each shadow rule came to."))).says("What shadow rules would have changed."),
		may("route", line()).says("The route."),
		may("resource", line()).says("The resource type."),
		may("action", line()).says("The action."),
		need("set_digest", line()).says("Digest of the set that decided."))
}
