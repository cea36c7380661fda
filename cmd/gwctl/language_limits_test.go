package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// limitSources says where each number of the table of limits comes from: a
// constant as DIR.NAME, the longest text of a pattern as ~DIR.NAME, a field of
// the one literal in a function as DIR.FUNC:FIELD, or a place in the JSON Schema
// of a kind.
func limitSources() map[string]string {
	return map[string]string{
		"files of a set":                             "policy.MaxFiles",
		"bytes of a file":                            "policy/document.MaxFileSize",
		"bytes of all files":                         "policy/bundle.MaxTotal",
		"bytes of a bundle, packed":                  "policy/bundle.MaxCompressed",
		"levels of nested YAML":                      "policy/document.MaxDepth",
		"findings that are told":                     "policy/document.MaxFindings",
		"characters of a name":                       "policy.maxName",
		"characters of a reason code":                "~policy.reasonForm",
		"characters of a value in a challenge":       "~policy.tokenForm",
		"levels of types in types":                   "engine/slot.maxTypeDepth",
		"levels of objects in objects":               "policy.maxFieldDepth",
		"bytes of a string, by default":              "engine/slot.DefaultMaxLength",
		"items of a list, by default":                "engine/slot.DefaultMaxItems",
		"entries of a map, by default":               "engine/slot.DefaultMaxEntries",
		"bytes of a map's key":                       "engine/slot.DefaultMaxLength",
		"roles, scopes or groups of a user":          "engine/slot.MaxListFromCredential",
		"bytes of a constant's text":                 "engine.constant:MaxLength",
		"items of a constant":                        "engine.constant:MaxItems",
		"methods of a route":                         "policy.maxMethods",
		"bytes of a route's path":                    "engine/index.maxPatternLength",
		"segments of a route's path":                 "engine/index.maxPatternSegments",
		"characters of a host":                       "Resource#/properties/spec/properties/hosts/items/maxLength",
		"bytes of a body, by default":                "policy.DefaultMaxBody",
		"bytes of a body":                            "policy.MaxMaxBody",
		"levels of a body's JSON":                    "engine/slot.maxJSONDepth",
		"characters of an expression":                "engine/celenv.MaxExpressionSize",
		"levels of an expression":                    "engine/celenv.MaxNesting",
		"parts of an expression, macros written out": "engine/celenv.MaxNodes",
		"loops in loops":                             "engine/celenv.MaxLoops",
		"size of a compiled pattern in `matches()`":  "engine/celenv.MaxRegexProgram",
		"steps of an expression":                     "engine/celenv.StepBudget",
		"characters of an obligation's header name":  "~policy.headerForm",
		"bytes of an obligation's value":             "engine.maxObligation",
		"seconds of `max_age` in `cors`":             "Resource#/$defs/route/properties/cors/properties/max_age/maximum",
		"expectations of all matrices of a set":      "policy.MaxCells",
		"rows of a table of cases":                   "policy.MaxRows",
		"exclusions of a matrix, names in each list of one, and globs side by side":                            "policy.MaxExclusions",
		"names in a list of a document, or what a mapping declares: actions, attributes, variables, constants": "policy/document.MaxDeclared",
		"rules of a set, counted once for each resource type":                                                  "policy.MaxRules",
		"rules of a set, counted once for each resource type and action":                                       "policy.MaxCandidates",
		"routes of a set, counted once for each method and host":                                               "policy.MaxRoutes",
		"steps or bytes of an attribute's `pattern`":                                                           "policy.MaxPattern",
		"steps in all patterns of attributes":                                                                  "policy.MaxPatterns",
		"bytes of a request's target":                                                                          "sidecar/canonical.MaxTargetBytes",
		"parameters of a query":                                                                                "sidecar/canonical.MaxQueryParams",
		"header lines of a request":                                                                            "sidecar/canonical.MaxHeaders",
		"bytes of a header line":                                                                               "sidecar/canonical.MaxHeaderBytes",
		"bytes of all header lines":                                                                            "sidecar/canonical.MaxHeaderTotalBytes",
	}
}

// untold are limits of policy and engine that the language does not show, with
// the reason.
func untold() map[string]string {
	return map[string]string{
		"policy/document.maxRetry":      "how hard a syntax error is looked for",
		"policy/document.mostHints":     "how many close matches are looked for",
		"policy/document.maxWord":       "how long a word a close match is looked for",
		"policy/document.mostSpare":     "of memory that is used again",
		"policy/document.maxCandidates": "among how many words a close match is looked for",
		"policy.maxClose":               "among how many names a close match is looked for",
		"engine/coverage.maxVectors":    "of coverage, which changes no decision",
		"engine.maxHints":               "how many close matches are looked for",
		"engine.maxListed":              "how many names a hint lists",
		"engine.maxRoleBits":            "of looking roles up, which changes no decision",
		"engine/celenv.maxNeeds":        "of looking rules up, which changes no decision",
		"engine/plan.maxItems":          "items that one rule makes, which only rules that make lists of lists reach",
		"engine/plan.maxLocals":         "of conditions that are planned; CEL takes the others",
		"engine/slot.maxLower":          "of what is remembered of header names",
		"engine/slot.maxLowerLength":    "of what is remembered of header names",
		"engine/celenv.maxSets":         "of looking rules up, which changes no decision",
		"engine/celenv.maxStrangers":    "how many unknown names of one expression are told",
		"engine/celenv.maxCuts":         "of bounding the cost, which is coarser beyond it",
		"policy/bundle.MaxManifest":     "gwctl writes the manifest itself",
		"policy/bundle.maxMeta":         "gwctl writes the manifest itself",
		"policy/watch.MaxDirectories":   "of the watching process",
		"policy/watch.maxLinks":         "of the watching process",
		"engine/slot.MaxJSONSize":       "claims and flags, not files",
		"engine/suite.mostMeasured":     "of measuring, which changes no decision",
		"engine/suite.mostAsked":        "of measuring, which changes no decision",
		"engine/suite.mostBatches":      "of measuring, which changes no decision",
		"engine/suite.mostRounds":       "of measuring, which changes no decision",
		"engine/record.MaxField":        "of decision records",
		"engine/record.MaxValue":        "of decision records",
		"engine/record.MaxLine":         "of decision records",
		"engine/record.MaxChain":        "of decision records",
		"engine/record.MaxNames":        "of decision records",
	}
}

// TestLanguageLimits holds the table of limits to the constants of the code.
func TestLanguageLimits(t *testing.T) {
	page, sources, numbers := languagePage(t), limitSources(), numbersOf(t)
	for _, r := range page.table(t, "limits", "what").rows {
		source, ok := sources[r.cells[0]]
		if !ok {
			t.Errorf("%s:%d: nobody compares %q with the code; say in limitSources where it comes from", page.name, r.line, r.cells[0])
			continue
		}
		delete(sources, r.cells[0])
		compareNumber(t, page, r, r.cells[1], source, numbers)
	}
	for _, what := range slices.Sorted(maps.Keys(sources)) {
		t.Errorf("%s does not tell the limit %q", page.name, what)
	}
}

// TestLanguageDefaults does the same for the defaults of keys and types.
func TestLanguageDefaults(t *testing.T) {
	page, numbers := languagePage(t), numbersOf(t)
	defaults := map[[2]string]string{
		{"attributes", "maxLength"}: "engine/slot.DefaultMaxLength", {"attributes", "maxItems"}: "engine/slot.DefaultMaxItems",
		{"attributes", "maxEntries"}: "engine/slot.DefaultMaxEntries", {"bodies", "maxBytes"}: "policy.DefaultMaxBody",
	}
	for anchor := range keyTables() {
		for _, r := range page.table(t, anchor, "key").rows {
			key := [2]string{anchor, strings.Trim(r.cells[0], "`")}
			if source, ok := defaults[key]; ok {
				compareNumber(t, page, r, r.cells[2], source, numbers)
			}
			delete(defaults, key)
		}
	}
	for key := range defaults {
		t.Errorf("%s: no row of %s", page.name, key)
	}
	sizes := map[string]string{"string": "engine/slot.DefaultMaxLength", "list(T)": "engine/slot.DefaultMaxItems", "map(string, T)": "engine/slot.DefaultMaxEntries"}
	for _, r := range page.table(t, "types", "type").rows {
		if source, ok := sizes[strings.Trim(r.cells[0], "`")]; ok {
			number, _, _ := strings.Cut(r.cells[2], " ")
			compareNumber(t, page, r, number, source, numbers)
		}
	}
}

func compareNumber(t *testing.T, page *markdown, r markdownRow, told, source string, numbers map[string]int64) {
	t.Helper()
	want, ok := numbers[source]
	if !ok {
		t.Errorf("%s:%d: the code has no %s", page.name, r.line, source)
		return
	}
	if got, err := numberIn(told); err != nil || got != want {
		t.Errorf("%s:%d: %s is %d, and the page says %q", page.name, r.line, source, want, told)
	}
}

// numberIn reads 4096, 64 KiB or 1 MiB.
func numberIn(text string) (int64, error) {
	digits, unit, _ := strings.Cut(text, " ")
	n, err := strconv.ParseInt(digits, 10, 64)
	switch unit {
	case "":
	case "KiB":
		n <<= 10
	case "MiB":
		n <<= 20
	default:
		return 0, fmt.Errorf("%q is no unit", unit)
	}
	return n, err
}

// twins are limits that another package holds too; the bound of an expression's
// cost is true only as long as they are equal.
func twins() map[string]string {
	return map[string]string{
		"engine/celenv.maxHeaders":     "sidecar/canonical.MaxHeaders",
		"engine/celenv.maxParams":      "sidecar/canonical.MaxQueryParams",
		"engine/celenv.maxName":        "sidecar/canonical.maxNameBytes",
		"engine/celenv.maxHeaderBytes": "sidecar/canonical.MaxHeaderTotalBytes",
		"engine/celenv.maxTargetBytes": "sidecar/canonical.MaxTargetBytes",
		"policy/bundle.MaxFile":        "policy/document.MaxFileSize",
		"policy/bundle.MaxFiles":       "policy.MaxFiles",
		"engine/slot.MaxBodySize":      "policy.MaxMaxBody",
	}
}

// TestEveryLimitIsTold finds the limits that a set or request can meet and the
// page does not tell.
func TestEveryLimitIsTold(t *testing.T) {
	named := regexp.MustCompile(`^([mM]ax|most|Default)[A-Z]|Budget$`)
	sources, left, numbers := slices.Collect(maps.Values(limitSources())), untold(), numbersOf(t)
	for one, other := range twins() {
		if a, b := numbers[one], numbers[other]; a != b || a == 0 {
			t.Errorf("%s is %d and %s is %d", one, a, other, b)
		}
		left[one] = "compared"
	}
	for source := range numbers {
		dir, name, _ := strings.Cut(source, ".")
		if !inside(dir, "policy", "engine") || !named.MatchString(name) || strings.ContainsAny(source, "~:#") {
			continue
		}
		if _, ok := left[source]; !ok && !slices.Contains(sources, source) {
			t.Errorf("docs/language.md does not tell %s: add it to the table of limits and to limitSources, or say in untold why not", source)
		}
		delete(left, source)
	}
	for source := range left {
		t.Errorf("the code has no %s", source)
	}
}
