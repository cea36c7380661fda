package docs

import "strings"

func fileCodes() Area {
	return Area{Title: "Files", Intro: "Reading is strict: what could mean something other than it shows is refused.", Codes: []Code{
		{
			Name:    "file_unreadable",
			Meaning: "The file is too large, not UTF-8, or holds characters that an editor does not show: control characters, direction marks, a byte order mark, uncommon line breaks.",
			Mend:    "Remove the character at the place, or split a file of more than 1 MiB.",
			Example: &Example{File: "policies.yaml", New: "# a remark\u202e\n", Shown: "# a remark<U+202E>"},
		}, {
			Name:    "yaml_syntax",
			Meaning: "The text is not YAML.",
			Mend:    "Look at the indentation, quotes and colons of the line and of the one before it.",
			Example: &Example{File: "policies.yaml", Old: "      actions: [read]\n", New: "      actions: [read\n"},
		}, {
			Name:    "layout_unsupported",
			Meaning: "The file is read well and has no canonical layout: keys marked with `?`, pairs in a list without braces, directives, the end marker `...`.",
			Mend:    "Write it in the plain form that the help names.",
			Example: &Example{File: "policies.yaml", New: "...\n", Args: []string{"policy", "fmt", "--check", "SET/policies.yaml"}},
		}, {
			Name:    "empty_file",
			Meaning: "The file holds no document. An emptied file must not read as a set without these rules.",
			Mend:    "Delete the file, or name it other than `*.yaml`.",
			Example: &Example{File: "more.yaml", New: "# to be written\n"},
		}, {
			Name:    "too_many_files",
			Meaning: "The set has more files than are read.",
			Mend:    "Split the set, or give a directory further down as PATH.",

			NoExample: "it takes more than 20000 files",
		}, {
			Name:    "too_many",
			Meaning: "One list or mapping names or declares more than 1000 things.",
			Mend:    "Cut the document into several.",

			NoExample: "it takes more than 1000 names",
		}, {
			Name:    "set_too_large",
			Meaning: "The documents of a set ask for more than is worked out together: rules for each resource type and action, routes for each method and host, or patterns. The [limits](language.md#limits) say how many.",
			Mend:    "Split the set, or have fewer policies cover every type.",

			NoExample: "it takes more than 200000 rules",
		}, {
			Name:    "too_deep",
			Meaning: "Values are nested more than 64 levels deep.",
			Mend:    "Write the value flatter.",
			Example: &Example{
				File: "schema.yaml", Old: "enum: [free, pro]", New: "enum: " + strings.Repeat("[", 70) + strings.Repeat("]", 70),
				Shown: "plan: {type: string, enum: [[[[…]]]]}",
			},
		}, {
			Name:    "anchor",
			Meaning: "An anchor (`&name`) stands before a value. Anchors and aliases are not read.",
			Mend:    "Write the value out, or name it under `vars` or `consts`. Quote text that begins with `&`.",
			Example: &Example{File: "policies.yaml", Old: "actions: [read]", New: "actions: &mine [read]"},
		}, {
			Name:    "alias",
			Meaning: "An alias (`*name`) stands for a value. Anchors and aliases are not read.",
			Mend:    "Write the value out, or name it under `vars` or `consts`. Quote text that begins with `*`, as in `[\"*\"]`.",

			NoExample: "an alias needs its anchor, and that is reported as `anchor` too",
		}, {
			Name:    "merge_key",
			Meaning: "A merge key (`<<`) is used.",
			Mend:    "Write the keys out.",
			Example: &Example{File: "policies.yaml", Old: "reason: {code:", New: "reason: {<<: {message: \"No.\"}, code:"},
		}, {
			Name: "yaml_tag",
			Meaning: "The value begins with `!`, which YAML takes for a tag with an empty value after it. " +
				"A condition such as `when: !vars.is_owner` would vanish.",
			Mend:    "Put the whole value in double quotes.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "when: !vars.is_owner"},
		}, {
			Name:    "key_not_text",
			Meaning: "A key is a list or a mapping.",
			Mend:    "Quote a key that begins with `[` or `{`.",
			Example: &Example{File: "policies.yaml", Old: "roles: [customer]", New: "? [customer]\n      : true"},
		}, {
			Name:    "duplicate_key",
			Meaning: "A key stands twice in a mapping.",
			Mend:    "Remove one of the two.",
			Example: &Example{File: "policies.yaml", Old: "      roles: [customer]\n", New: "      roles: [customer]\n      roles: [support]\n"},
		}, {
			Name:    "unknown_key",
			Meaning: "Nobody reads this key.",
			Mend:    "Take the suggested spelling, or remove it.",
			Example: &Example{File: "policies.yaml", Old: "roles: [customer]", New: "role: [customer]"},
		}, {
			Name:    "missing_key",
			Meaning: "A key that must be there is not.",
			Mend:    "Add it. An allow rule names its actions; `[\"*\"]` stands for all.",
			Example: &Example{File: "policies.yaml", Old: "    - id: owner-reads\n      effect: allow\n", New: "    - effect: allow\n"},
		}, {
			Name:    "wrong_type",
			Meaning: "A value has the wrong form: a list where one value belongs, text where a number does, quotes around `true`.",
			Mend:    "Write it in the form that the message names.",
			Example: &Example{File: "policies.yaml", Old: "actions: [read]", New: "actions: read"},
		}, {
			Name:    "empty_value",
			Meaning: "A key has no value, or null. A value that was left out by accident must not read as a key that is not there.",
			Mend:    "Give it a value, or remove the key.",
			Example: &Example{File: "policies.yaml", Old: "when: vars.is_owner", New: "when:"},
		}, {
			Name:    "empty_list",
			Meaning: "A list that selects something is empty. No selection is empty: `roles: []` would otherwise mean everybody or nobody.",
			Mend:    "Name at least one, or remove the key.",
			Example: &Example{File: "policies.yaml", Old: "roles: [customer]", New: "roles: []"},
		}, {
			Name:    "duplicate_item",
			Meaning: "A list names the same thing twice.",
			Mend:    "Remove one of the two.",
			Example: &Example{File: "policies.yaml", Old: "roles: [customer]", New: "roles: [customer, customer]"},
		},
	}}
}
