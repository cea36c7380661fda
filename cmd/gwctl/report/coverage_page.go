package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strconv"

	"github.com/gwctl/gwctl/engine/coverage"
)

var (
	//go:embed coverage_page.html
	coveragePage string
	//go:embed coverage_page.css
	coverageStyle string
)

// The page's own view of the coverage: everything is text, which the template
// escapes; the page has no script and fetches nothing. Its policy lets a browser
// apply the page's own style sheet and do nothing else, should a name ever get
// through as markup.

type pageView struct {
	Policy string
	Style  template.CSS
	Made   string
	Sets   []pageSet
}

type pageSet struct {
	Set      string
	Measures []pageMeasure
	Gaps     int
	Files    []pageFile
	Lists    []pageList
}

type pageMeasure struct {
	Name, Says     string
	Covered, Total int
	Percent, Class string
	Width          string // of the bar, of 100
}

type pageList struct {
	Title string
	Items []pageItem
}

type pageItem struct{ Text, Where string }

func (c *Coverage) html(w io.Writer) error {
	page, err := template.New("coverage").Parse(coveragePage)
	if err != nil {
		return fmt.Errorf("reading the template of the page: %w", err)
	}
	sum := sha256.Sum256([]byte(coverageStyle))
	view := pageView{
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
		Style:  template.CSS(coverageStyle), // our own, not the policies'
		Made:   c.Now.UTC().Format("2006-01-02 15:04 UTC"),
	}
	for i := range c.Coverage {
		view.Sets = append(view.Sets, c.Coverage[i].page("s"+strconv.Itoa(i)))
	}
	if err := page.Execute(w, view); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// page is the view of one set, whose anchors begin with id.
func (s *SetCoverage) page(id string) pageSet {
	out := pageSet{Set: visible(s.Set)}
	says := []string{"matched in a case", "outcomes of atoms, true and false", "atoms whose own effect is shown"}
	for i, m := range s.measures() {
		out.Measures = append(out.Measures, pageMeasure{m.name, says[i], m.Covered, m.Total, percent(m.Percent), class(m.Covered, m.Total), fmt.Sprintf("%.1f", m.Percent)})
	}
	one := &Coverage{Coverage: []SetCoverage{*s}}
	for i, f := range one.files() {
		view := s.pageFile(f, id+"f"+strconv.Itoa(i))
		out.Gaps += view.Gaps
		out.Files = append(out.Files, view)
	}
	add := func(title string, items []pageItem) {
		if len(items) > 0 {
			out.Lists = append(out.Lists, pageList{title, items})
		}
	}
	item := func(at coverage.Place, format string, args ...any) pageItem {
		return pageItem{visible(fmt.Sprintf(format, args...)), visible(where(at))}
	}
	var routes, actions, fixtures []pageItem
	for _, r := range s.Routes {
		routes = append(routes, item(r.Place, "%s (%s, action %s)", r.Route, r.Resource, r.Action))
	}
	for _, a := range s.Actions {
		actions = append(actions, item(a.Place, "%s of %s", a.Action, a.Resource))
	}
	for _, f := range s.Unused {
		fixtures = append(fixtures, item(f.Place, "%s %s", f.Kind, f.Name))
	}
	add("Routes without a case", routes)
	add("Actions without a case", actions)
	add("Fixtures that no case uses", fixtures)
	return out
}

func class(covered, total int) string {
	switch {
	case covered >= total:
		return "full"
	case covered == 0:
		return "none"
	}
	return "part"
}

func atomClass(a *coverage.Atom) string {
	switch lacks(a) {
	case "":
		return "full"
	case "never asked":
		return "none"
	}
	return "part"
}
