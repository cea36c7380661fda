package attacks_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	pointForm   = regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}$`)
	sectionForm = regexp.MustCompile(`^## RFC ([0-9]{4})`)
	itemForm    = regexp.MustCompile(`^([0-9]{1,2})\. `)
)

// checklistBreaches compares docs/oauth-checklist.md with the tests, and with
// the points that have to be answered if they are given.
func checklistBreaches(page string, tests tested, points []string) (out []string) {
	seen := map[string]bool{}
	section := ""
	for line := range strings.Lines(page) {
		if m := sectionForm.FindStringSubmatch(line); m != nil {
			section = m[1]
		} else if strings.HasPrefix(line, "## ") {
			section = ""
		}
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 || strings.Contains(cells[1], "---") || strings.TrimSpace(cells[3]) == "held by" {
			continue
		}
		point, does, held := strings.TrimSpace(cells[1]), cells[2], strings.TrimSpace(cells[3])
		switch {
		case section == "": // the vectors
		case !pointForm.MatchString(point) || !strings.HasPrefix(point, section+"-"):
			out = append(out, fmt.Sprintf("%q is no point of RFC %s", point, section))
		case seen[point]:
			out = append(out, point+" is there twice")
		}
		seen[point] = true
		if held == "" {
			if !strings.Contains(does, "**not offered**:") && !strings.Contains(does, "**open**:") {
				out = append(out, point+" is held by nothing")
			}
			continue
		}
		for name := range strings.SplitSeq(held, ", ") {
			if m := heldByForm.FindStringSubmatch(name); m == nil || tests.rows[m[1]+"."+m[2]] == nil {
				out = append(out, fmt.Sprintf("%s: %s is not there", point, name))
			}
		}
	}
	for _, point := range points {
		if !seen[point] {
			out = append(out, point+" is not answered")
		}
	}
	for point := range seen {
		if points != nil && pointForm.MatchString(point) && !slices.Contains(points, point) {
			out = append(out, point+" is not asked")
		}
	}
	return out
}

// askedPoints reads the numbers of the list that GWCTL_EXTERNAL holds, nil
// without it.
func askedPoints(t *testing.T) (points []string) {
	t.Helper()
	root := os.Getenv("GWCTL_EXTERNAL")
	if root == "" {
		t.Log("GWCTL_EXTERNAL is not set: the points that have to be answered are not known")
		return nil
	}
	text, err := os.ReadFile(filepath.Join(root, "oauth", "CHECKLISTS.md"))
	if err != nil {
		t.Fatal(err)
	}
	section := ""
	for line := range strings.Lines(string(text)) {
		if m := sectionForm.FindStringSubmatch(line); m != nil {
			section = m[1]
		} else if m := itemForm.FindStringSubmatch(line); m != nil {
			points = append(points, section+"-"+m[1])
		}
	}
	if len(points) < 60 {
		t.Fatalf("read %d points", len(points))
	}
	return points
}

// TestChecklist holds docs/oauth-checklist.md to the tests, and to what is
// asked.
func TestChecklist(t *testing.T) {
	data, err := os.ReadFile("../../docs/oauth-checklist.md")
	if err != nil {
		t.Fatal(err)
	}
	page, tests, points := string(data), readTests(t), askedPoints(t)
	tests.readBelow(t, "../../engine/mapping")
	for _, breach := range checklistBreaches(page, tests, points) {
		t.Error(breach)
	}
	// A page that is wrong is found out.
	for _, wrong := range []struct{ was, is, breach string }{
		{"| 7662-1 |", "| 7662-2 |", "7662-2 is there twice"},
		{"| 7662-1 |", "| 7663-1 |", `"7663-1" is no point of RFC 7662`},
		{"`authn.TestIntrospectionIdentity`", "`authn.TestNothing`", "7662-1: `authn.TestNothing` is not there"},
		{"`authn.TestIntrospectionIdentity`, ", "a look, ", "7662-1: a look is not there"},
		{"**not offered**: gwctl reads no such document", "gwctl reads no such document", "9728-8 is held by nothing"},
		{"`authn.TestNginxAuthJWT`", "`authn.TestNginx`", "an nginx module for JWTs: `authn.TestNginx` is not there"},
	} {
		changed := strings.Replace(page, wrong.was, wrong.is, 1)
		if found := checklistBreaches(changed, tests, nil); changed == page || !slices.Contains(found, wrong.breach) {
			t.Errorf("%q is not found: %q", wrong.breach, found)
		}
	}
	if found := checklistBreaches(page, tests, []string{"7662-1", "7662-99"}); !slices.Contains(found, "7662-99 is not answered") || !slices.Contains(found, "7662-2 is not asked") {
		t.Errorf("%q", found)
	}
}
