package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/docs/schema"
)

// keyTables names the tables of keys in docs/language.md by their heading, with
// the mappings that each is about: kind#place in the JSON Schema of the kind.
func keyTables() map[string][]string {
	tables := map[string][]string{
		"schema":             {"Schema#/properties/spec"},
		"attributes":         {"Schema#/$defs/userAttribute", "Schema#/$defs/attribute", "Schema#/$defs/field", "Resource#/$defs/attribute", "Resource#/$defs/bodyField", "Resource#/$defs/field"},
		"resource":           {"Resource#/properties/spec"},
		"actions":            {"Resource#/$defs/action"},
		"routes":             {"Resource#/$defs/route"},
		"bodies":             {"Resource#/$defs/route/properties/body"},
		"action-by-the-body": {"Resource#/$defs/route/properties/action/anyOf/1"},
		"cors":               {"Resource#/$defs/route/properties/cors"},
		"policy":             {"Policy#/properties/spec"},
		"rules":              {"Policy#/$defs/rule"},
		"reasons":            {"Policy#/$defs/reason"},
		"challenges":         {"Policy#/$defs/reason/properties/challenge"},
		"obligations":        {"Policy#/$defs/rule/properties/obligations"},
		"library":            {"Library#/properties/spec"},
		"directory":          {"Directory#/properties/spec"},
		"users":              {"Directory#/$defs/user/anyOf/1", "TestSuite#/$defs/user/anyOf/1"},
		"testsuite":          {"TestSuite#/properties/spec"},
		"cases":              {"TestSuite#/$defs/case", "TestSuite#/$defs/row"},
		"requests":           {"TestSuite#/$defs/case/properties/request/anyOf/1", "TestSuite#/$defs/row/properties/request/anyOf/1"},
		"expectations":       {"TestSuite#/$defs/expect/anyOf/1"},
		"shadow-results":     {"TestSuite#/$defs/expect/anyOf/1/properties/shadow/anyOf/1"},
		"matrix":             {"TestSuite#/$defs/matrix"},
		"exclusions":         {"TestSuite#/$defs/matrix/properties/exclude/items"},
	}
	for _, kind := range []string{"Schema", "Resource", "Policy", "Library", "Directory", "TestSuite"} {
		tables["documents"] = append(tables["documents"], kind+"#")
		tables["metadata"] = append(tables["metadata"], kind+"#/properties/metadata")
	}
	return tables
}

// keyed is a mapping of which the loader knows every key.
type keyed struct {
	keys     map[string]any // with the schema of the value
	required []string
}

// keyedMappings finds the mappings in the JSON Schemas that hold these keys
// and no others. The schemas are held to the loader where they are made.
func keyedMappings(t *testing.T) map[string]keyed {
	t.Helper()
	all, err := schema.All()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]keyed{}
	for _, s := range all {
		var doc any
		if err := json.Unmarshal(s.Text, &doc); err != nil {
			t.Fatalf("%s: %v", s.File, err)
		}
		if s.Kind != "Sidecar" && s.Kind != "APIKeys" && s.Kind != "Record" { // told in docs/serve.md, docs/authentication.md and docs/records.md
			collectKeyed(s.Kind+"#", doc, out)
		}
	}
	return out
}

func collectKeyed(at string, node any, out map[string]keyed) {
	switch n := node.(type) {
	case []any:
		for i, x := range n {
			collectKeyed(at+"/"+strconv.Itoa(i), x, out)
		}
	case map[string]any:
		properties, ok := n["properties"].(map[string]any)
		if ok && n["additionalProperties"] == false {
			k := keyed{keys: map[string]any{}}
			for name, of := range properties {
				if of != false { // known, to be refused with a message of its own
					k.keys[name] = of
				}
			}
			required, _ := n["required"].([]any)
			for _, r := range required {
				name, _ := r.(string)
				k.required = append(k.required, name)
			}
			out[at] = k
		}
		for name, x := range n {
			collectKeyed(at+"/"+name, x, out)
		}
	}
}

// TestLanguageKeys holds the tables of keys to what the loader accepts: no key
// is missing and none is invented, and required are those that are.
func TestLanguageKeys(t *testing.T) {
	page, mappings, tables := languagePage(t), keyedMappings(t), keyTables()
	told := map[string]bool{}
	for anchor, places := range tables {
		known, required := map[string]any{}, map[string]bool{}
		for _, place := range places {
			m, ok := mappings[place]
			if !ok {
				t.Errorf("#%s is about %s, and no schema has that", anchor, place)
			}
			told[place] = true
			maps.Copy(known, m.keys)
			for _, key := range m.required {
				required[key] = true
			}
		}
		for _, r := range page.table(t, anchor, "key").rows {
			for _, key := range codeSpans(r.cells[0]) {
				of, ok := known[key]
				switch {
				case !ok:
					t.Errorf("%s:%d: no key %s is read here, or the table has it twice", page.name, r.line, key)
				case required[key] != (r.cells[2] == "**required**"):
					t.Errorf("%s:%d: %s is required: %t, and the page says %q", page.name, r.line, key, required[key], r.cells[2])
				}
				for _, value := range choices(of) {
					if !strings.Contains(strings.Join(r.cells[1:4], " "), value) && !strings.Contains(r.cells[1], "](#") { // or a table does
						t.Errorf("%s:%d: %s may be %s, and the row does not say so", page.name, r.line, key, value)
					}
				}
				delete(known, key)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(known)) {
			t.Errorf("%s: #%s does not tell the key %s", page.name, anchor, key)
		}
	}
	for _, place := range slices.Sorted(maps.Keys(mappings)) {
		if !told[place] {
			t.Errorf("no table of %s is about %s: %q", page.name, place, slices.Sorted(maps.Keys(mappings[place].keys)))
		}
	}
}

// choices are the values of a key that can be any of a few.
func choices(of any) []string {
	n, _ := of.(map[string]any)
	var out []string
	values, _ := n["enum"].([]any)
	for _, v := range values {
		text, _ := json.Marshal(v)
		out = append(out, strings.Trim(string(text), `"`))
	}
	if items, ok := n["items"]; ok {
		out = append(out, choices(items)...)
	}
	alternatives, _ := n["anyOf"].([]any)
	for _, x := range alternatives {
		out = append(out, choices(x)...)
	}
	return out
}

// TestKeyTables holds every table to its columns, and those of keys to being
// known to TestLanguageKeys.
func TestKeyTables(t *testing.T) {
	page, tables := languagePage(t), keyTables()
	for _, s := range page.sections {
		for _, table := range s.tables {
			for _, r := range table.rows {
				if len(r.cells) != len(table.header) {
					t.Errorf("%s:%d: %d cells for %d columns; a bar in a cell is written \\|", page.name, r.line, len(r.cells), len(table.header))
				}
			}
			if table.header[0] != "key" {
				continue
			}
			if want := []string{"key", "type", "default", "meaning and example", "codes"}; !slices.Equal(table.header, want) {
				t.Errorf("%s: the table of #%s has the columns %q, want %q", page.name, s.anchor, table.header, want)
			}
			if len(tables[s.anchor]) == 0 {
				t.Errorf("%s: nobody compares the keys of #%s with the loader; add it to keyTables", page.name, s.anchor)
			}
		}
	}
}
