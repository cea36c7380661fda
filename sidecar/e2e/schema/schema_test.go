package schema

import (
	"strings"
	"testing"
)

const testdata = "cmd/gwctl/jsonschema/testdata/"

// TestDocuments: what gwctl reads is valid, and what a schema can tell is told.
// What no schema can tell stays beyond: a document there that has become
// invalid belongs to the refused ones.
func TestDocuments(t *testing.T) {
	x := setUp(t)
	docs := x.documents(t, "examples/*/*.yaml", "examples/recipes/*/*.yaml", "examples/*/policies/*.yaml", "docs/testdata/*/*.yaml",
		testdata+"good/*.yaml", testdata+"refused/*.yaml", testdata+"beyond/*.yaml")
	verdicts := x.verdicts(t, docs)
	for _, d := range docs {
		refused, beyond := strings.Contains(d.Place, testdata+"refused/"), strings.Contains(d.Place, testdata+"beyond/")
		switch {
		case d.Problem != "" && !beyond:
			t.Errorf("%s: %s", d.Place, d.Problem)
		case d.Problem != "":
		case refused && verdicts[d.Place]:
			t.Errorf("%s is valid", d.Place)
		case beyond && !verdicts[d.Place]:
			t.Errorf("%s is not valid: move it to refused", d.Place)
		case !refused && !beyond && !verdicts[d.Place]:
			t.Errorf("%s is not valid: %s", d.Place, x.explain(t, d))
		}
	}
}
