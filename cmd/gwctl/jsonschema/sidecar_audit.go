package jsonschema

func (t *table) audit() *node {
	sink := t.strict(t.config, "",
		may("stdout", t.strict(t.config, "AuditSink", t.anySink()...)).says("Standard output, with settings of its own."),
		may("file", t.strict(t.config, "AuditSink", append([]*key{
			need("path", text()).instead("The file; a relative path begins at the directory of the configuration."),
			may("rotate", shaped(`^[1-9][0-9]*(MiB|GiB)$`)).instead("Size at which a new file begins, as in 100MiB, from 1MiB to 100GiB; default never."),
			may("age", duration()).instead("Age at which a new file begins, as in 24h, from 1m; default never."),
			may("keep", count(1, 10_000)).instead("Rotated files that are kept, the oldest are deleted; default all."),
			may("fsync", oneOf("none", "interval", "always")).instead("When records are made to survive a crash of the machine: when the system pleases (none, the default), within a second, or before a record counts as written."),
		}, t.anySink()...)...)).says("A file, appended to."),
	).and(&node{If: has("file"), Then: without("stdout"), Else: has("stdout")})
	sinks := list(either(&node{Const: "stdout"}, sink))
	sinks.MaxItems = 8
	return t.strict(t.config, "Audit",
		may("sinks", sinks).instead("Where records go, each to all of them; default stdout."),
		may("overflow", oneOf("block", "drop")).says("When a sink is too slow: block requests (the default), or drop records and say so. A sink may say otherwise."),
		may("required", yes()).instead("Answers 503 while a sink that blocks has taken nothing for a second; default false."))
}

// anySink are the settings that every sink has.
func (t *table) anySink() []*key {
	return []*key{
		may("format", oneOf("json", "ocsf")).instead("Json (the default), or ocsf for OCSF 1.8.0."),
		may("overflow", oneOf("block", "drop")).instead("When this sink is too slow; default that of audit."),
		may("queue", count(16, 1<<20)),
		may("flush", duration()),
	}
}

// count is a whole number within a range. In quotes it is one, too.
func count(least, most int64) *node {
	return &node{Type: []string{"integer", "string"}, Minimum: &least, Maximum: &most, Pattern: `^[1-9][0-9]*$`}
}
