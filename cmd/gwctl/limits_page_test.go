package main

import (
	"go/ast"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pageLimits says where the numbers of docs/limits.md come from.
func pageLimits() map[string]string {
	return map[string]string{
		"cookies of a request":                                             "sidecar/canonical.MaxCookies",
		"names in the `Connection` lines of a request":                     "sidecar/canonical.MaxConnectionOptions",
		"bytes of the name of an identity header":                          "sidecar/canonical.maxNameBytes",
		"bytes of the JSON text of claims and of values on a command line": "engine/slot.MaxJSONSize",
		"links to follow on the way to a set":                              "policy/watch.maxLinks",
		"directories of a set that are watched":                            "policy/watch.MaxDirectories",
		"bytes of a bundle's manifest":                                     "policy/bundle.MaxManifest",
		"bytes of a name or version in it":                                 "policy/bundle.maxMeta",
		"bytes of a text":                                                  "engine/record.MaxField",
		"bytes of an input's value":                                        "engine/record.MaxValue",
		"bytes of a record":                                                "engine/record.MaxLine",
	}
}

// TestLimitsPage holds docs/limits.md to the constants of the code.
func TestLimitsPage(t *testing.T) {
	page := parseMarkdown("docs/limits.md", readText(t, filepath.Join(root, "docs/limits.md")))
	sources, numbers := pageLimits(), numbersOf(t)
	for _, anchor := range []string{"requests", "bundles", "decision-records"} {
		for _, r := range page.table(t, anchor, "what").rows {
			compareNumber(t, page, r, r.cells[1], sources[r.cells[0]], numbers)
			delete(sources, r.cells[0])
		}
	}
	for _, what := range slices.Sorted(maps.Keys(sources)) {
		t.Errorf("%s does not tell the limit %q", page.name, what)
	}
}

// limitTests names, for each limit, a test that stands at it and one step
// beyond.
func limitTests() map[string]string {
	return map[string]string{
		"policy.MaxFiles": "policy.TestMostFiles", "policy/document.MaxFileSize": "policy/document.TestParseRefuses", "policy/bundle.MaxTotal": "policy/bundle.TestManifestLimits",
		"policy/bundle.MaxCompressed": "policy/bundle.TestManifestLimits", "policy/bundle.MaxManifest": "policy/bundle.TestUnpackBombs", "policy/bundle.maxMeta": "policy/bundle.TestPackRefuses",
		"policy/document.MaxDepth": "policy/document.TestParseRefuses", "policy/document.MaxFindings": "policy/document.TestFindingsAreBounded", "policy/document.MaxDeclared": "policy.TestDeclared",
		"policy.maxName": "policy.TestNames", "~policy.reasonForm": "policy.TestLimits", "~policy.tokenForm": "policy.TestLimits", "~policy.headerForm": "policy.TestLimits",
		"policy.maxFieldDepth": "policy.TestLimits", "policy.maxMethods": "policy.TestLimits", "policy.MaxMaxBody": "policy.TestLimits", "policy.DefaultMaxBody": "policy.TestDefaultBody",
		"Resource#/properties/spec/properties/hosts/items/maxLength":       "policy.TestLimits",
		"Resource#/$defs/route/properties/cors/properties/max_age/maximum": "policy.TestLimits",
		"policy.MaxRows": "policy.TestSuiteLimits", "policy.MaxExclusions": "policy.TestSuiteLimits",
		"policy.MaxCells": "policy.TestMatrixSize", "policy.MaxRules": "policy.TestExtent", "policy.MaxCandidates": "policy.TestExtent", "policy.MaxRoutes": "policy.TestExtent",
		"policy.MaxPattern": "policy.TestBroken", "policy.MaxPatterns": "policy.TestExtent",
		"policy/watch.maxLinks": "policy/watch.TestTrailLinks", "policy/watch.MaxDirectories": "policy/watch.TestPlanLimit",
		"engine.maxObligation": "engine.TestObligationLength", "engine.constant:MaxLength": "engine.TestConditionLimits", "engine.constant:MaxItems": "engine.TestConditionLimits",
		"engine/slot.maxTypeDepth": "engine/slot.TestLimits", "engine/slot.maxJSONDepth": "engine/slot.TestLimits", "engine/slot.MaxListFromCredential": "engine/slot.TestLimits",
		"engine/slot.DefaultMaxEntries": "engine/slot.TestLimits", "engine/slot.DefaultMaxItems": "engine/slot.TestConvertConstraints", "engine/slot.DefaultMaxLength": "engine/slot.TestConvertConstraints",
		"engine/slot.MaxJSONSize":       "engine/slot.TestParseJSON",
		"engine/index.maxPatternLength": "engine/index.TestParsePattern", "engine/index.maxPatternSegments": "engine/index.TestParsePattern",
		"engine/celenv.MaxExpressionSize": "engine.TestConditionLimits", "engine/celenv.MaxNesting": "engine/celenv.TestProblems", "engine/celenv.MaxNodes": "engine/celenv.TestTooLarge",
		"engine/celenv.MaxLoops": "engine/celenv.TestTooNested", "engine/celenv.MaxRegexProgram": "engine.TestConditionLimits", "engine/celenv.StepBudget": "engine/celenv.TestCostOverBudget",
		"engine/record.MaxField": "engine/record.TestStrings", "engine/record.MaxValue": "engine/record.TestValues", "engine/record.MaxLine": "engine/record.TestLineBound",
		"sidecar/canonical.MaxTargetBytes": "sidecar/canonical.TestTargetAttacksRefused", "sidecar/canonical.MaxQueryParams": "sidecar/canonical.TestTargetAttacksRefused",
		"sidecar/canonical.MaxHeaders": "sidecar/canonical.TestHeaderAttacksRefused", "sidecar/canonical.MaxHeaderBytes": "sidecar/canonical.TestHeaderAttacksRefused",
		"sidecar/canonical.MaxHeaderTotalBytes": "sidecar/canonical.TestHeaderAttacksRefused", "sidecar/canonical.MaxCookies": "sidecar/canonical.TestHeaderAttacksRefused",
		"sidecar/canonical.MaxConnectionOptions": "sidecar/canonical.TestHeaderAttacksRefused", "sidecar/canonical.maxNameBytes": "sidecar/canonical.TestNewRefuses",
	}
}

// TestEveryLimitIsTested finds a limit that a page tells and no test stands at.
func TestEveryLimitIsTested(t *testing.T) {
	tests := map[string]bool{}
	for _, f := range parseTree(t).files {
		for _, d := range f.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && f.test && strings.HasPrefix(fn.Name.Name, "Test") {
				tests[f.dir+"."+fn.Name.Name] = true
			}
		}
	}
	named := limitTests()
	for _, source := range slices.Concat(slices.Collect(maps.Values(limitSources())), slices.Collect(maps.Values(pageLimits()))) {
		if named[source] == "" {
			t.Errorf("no test stands at %s: write one, and name it in limitTests", source)
		}
	}
	for source, test := range named {
		if !tests[test] {
			t.Errorf("%s is held by %s, which is not there", source, test)
		}
	}
}
