package report

import (
	"encoding/xml"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// element is what a schema says of one element: its children, as an expression
// over their names with a blank behind each, and its attributes, each with an
// expression for its value; ! marks those that have to be there.
type element struct {
	children   string
	attributes map[string]string
	text       bool // may hold text
}

// schema has the rules of a document type, by element; root is the outermost.
type schema struct {
	name, root string
	elements   map[string]element
}

const (
	anyText  = `(?s:.*)`
	someText = `(?s:.*\S.*)` // xs:token with a least length of 1
	integer  = `[+-]?\d+`
	decimal  = `[+-]?(\d+(\.\d*)?|\.\d+)`
	share    = `[01](\.\d+)?` // of a whole
)

// antJUnit are the rules of the schema of Ant's reports: JUnit.xsd of
// windyroad/JUnit-Schema.
var antJUnit = schema{"JUnit.xsd", "testsuites", map[string]element{
	"testsuites": {children: `(testsuite )*`},
	"testsuite": {children: `properties (testcase )*system-out system-err `, attributes: map[string]string{
		"package!": anyText, "id!": integer, "name!": someText, "timestamp!": `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`, "hostname!": someText,
		"tests!": integer, "failures!": integer, "errors!": integer, "skipped": integer, "time!": decimal}},
	"properties": {children: `(property )*`},
	"property":   {attributes: map[string]string{"name!": someText, "value!": anyText}},
	"testcase":   {children: `(skipped |error |failure )?`, attributes: map[string]string{"name!": anyText, "classname!": anyText, "time!": decimal}},
	"skipped":    {attributes: map[string]string{"message": anyText}, text: true},
	"error":      {attributes: map[string]string{"message": anyText, "type!": anyText}, text: true},
	"failure":    {attributes: map[string]string{"message": anyText, "type!": anyText}, text: true},
	"system-out": {text: true},
	"system-err": {text: true},
}}

// jenkinsJUnit are the rules of Jenkins' junit-10.xsd, which its xUnit plugin
// holds reports to; what it says of reruns is left out.
var jenkinsJUnit = schema{"junit-10.xsd", "testsuites", map[string]element{
	"testsuites": {children: `(testsuite )*`, attributes: map[string]string{"name": anyText, "time": surefireTime, "tests": anyText, "failures": anyText, "errors": anyText}},
	"testsuite": {children: `(testsuite |properties |testcase |system-out |system-err )*`, attributes: map[string]string{
		"name!": anyText, "tests!": anyText, "failures!": anyText, "errors!": anyText, "time": surefireTime, "skipped": anyText, "timestamp": anyText, "hostname": anyText,
		"id": anyText, "package": anyText, "file": anyText, "log": anyText, "url": anyText, "version": anyText, "group": anyText}},
	"properties": {children: `(property )*`},
	"property":   {attributes: map[string]string{"name!": anyText, "value!": anyText}},
	"testcase":   {children: `(skipped |error |failure |system-out |system-err )*`, attributes: map[string]string{"name!": anyText, "time": anyText, "classname": anyText, "group": anyText}},
	"skipped":    {attributes: map[string]string{"message": anyText, "type": anyText}, text: true},
	"error":      {attributes: map[string]string{"message": anyText, "type": anyText}, text: true},
	"failure":    {attributes: map[string]string{"message": anyText, "type": anyText}, text: true},
	"system-out": {text: true},
	"system-err": {text: true},
}}

const surefireTime = `\d{0,3}(,?\d{3})*(\.\d{0,3})?`

// coberturaRules are those of coverage-04.dtd. It leaves the values of
// attributes open; those below are what readers take.
var coberturaRules = schema{"coverage-04.dtd", "coverage", map[string]element{
	"coverage": {children: `(sources )?packages `, attributes: map[string]string{
		"line-rate!": share, "branch-rate!": share, "lines-covered!": integer, "lines-valid!": integer, "branches-covered!": integer, "branches-valid!": integer,
		"complexity!": integer, "version!": someText, "timestamp!": integer}},
	"sources":    {children: `(source )*`},
	"source":     {text: true},
	"packages":   {children: `(package )*`},
	"package":    {children: `classes `, attributes: map[string]string{"name!": someText, "line-rate!": share, "branch-rate!": share, "complexity!": integer}},
	"classes":    {children: `(class )*`},
	"class":      {children: `methods lines `, attributes: map[string]string{"name!": someText, "filename!": someText, "line-rate!": share, "branch-rate!": share, "complexity!": integer}},
	"methods":    {children: `(method )*`},
	"method":     {children: `lines `, attributes: map[string]string{"name!": someText, "signature!": anyText, "line-rate!": share, "branch-rate!": share, "complexity!": integer}},
	"lines":      {children: `(line )*`},
	"line":       {children: `(conditions )*`, attributes: map[string]string{"number!": integer, "hits!": integer, "branch": `true|false`, "condition-coverage": `\d+% \(\d+/\d+\)`}},
	"conditions": {children: `(condition )*`},
	"condition":  {attributes: map[string]string{"number!": integer, "type!": someText, "coverage!": `\d+%`}},
}}

// holds tells what of a document breaks the rules.
func (s schema) holds(t *testing.T, text string) {
	t.Helper()
	for _, problem := range s.problems(text) {
		t.Errorf("%s: %s", s.name, problem)
	}
}

func (s schema) problems(text string) []string {
	var out []string
	if !utf8.ValidString(text) {
		out = append(out, "not UTF-8")
	}
	type level struct{ name, children string }
	open := []level{{children: ""}}
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return append(out, err.Error())
		}
		inner := &open[len(open)-1]
		switch x := token.(type) {
		case xml.StartElement:
			inner.children += x.Name.Local + " "
			open = append(open, level{name: x.Name.Local})
			out = append(out, s.attributes(x)...)
		case xml.EndElement:
			if rule, ok := s.elements[inner.name]; ok && !whole(rule.children, inner.children) {
				out = append(out, "<"+inner.name+"> holds "+inner.children)
			}
			open = open[:len(open)-1]
		case xml.CharData:
			if rule := s.elements[inner.name]; !rule.text && strings.TrimSpace(string(x)) != "" {
				out = append(out, "<"+inner.name+"> holds text")
			}
		}
	}
	if open[0].children != s.root+" " {
		out = append(out, "the outermost is "+open[0].children)
	}
	return out
}

func (s schema) attributes(x xml.StartElement) []string {
	rule, ok := s.elements[x.Name.Local]
	if !ok {
		return []string{"<" + x.Name.Local + "> is not known"}
	}
	var out, has []string
	for _, a := range x.Attr {
		has = append(has, a.Name.Local)
		form, known := rule.attributes[a.Name.Local+"!"]
		if !known {
			form, known = rule.attributes[a.Name.Local]
		}
		if !known || !whole(form, a.Value) {
			out = append(out, "<"+x.Name.Local+" "+a.Name.Local+"="+a.Value+">")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rule.attributes)) {
		if name, needed := strings.CutSuffix(name, "!"); needed && !slices.Contains(has, name) {
			out = append(out, "<"+x.Name.Local+"> lacks "+name)
		}
	}
	return out
}

func whole(form, text string) bool { return regexp.MustCompile(`^(?:` + form + `)$`).MatchString(text) }

// TestSchemaRules: the rules find what breaks them.
func TestSchemaRules(t *testing.T) {
	const good = `<testsuites><testsuite package="p" id="0" name="n" timestamp="2026-01-02T03:04:05" hostname="h" tests="1" failures="0" errors="0" time="0"><properties/><testcase name="a" classname="b" time="0.5"><skipped/></testcase><system-out/><system-err/></testsuite></testsuites>`
	if found := antJUnit.problems(good); len(found) > 0 {
		t.Fatalf("%q", found)
	}
	for _, change := range [][2]string{
		{`<properties/>`, ``}, {`id="0" `, ``}, {`id="0"`, `id="x"`}, {`05" hostname`, `05Z" hostname`}, {`time="0.5"`, `time="1s"`}, {`<skipped/>`, `<skipped/><error type="x"/>`},
		{`<skipped/>`, `<error/>`}, {`<skipped/>`, `text`}, {`<system-out/><system-err/>`, `<system-err/><system-out/>`}, {`name="a"`, `name="a" file="f"`}, {`name="n"`, `name=" "`},
		{`<testsuites>`, `<testsuites name="x">`}, {`<properties/>`, `<properties/><strange/>`}, {`name="a"`, `name="&#1;"`}, {`name="a"`, "name=\"\xff\""}, {`</testsuites>`, ``},
	} {
		if bad := strings.Replace(good, change[0], change[1], 1); bad == good || len(antJUnit.problems(bad)) == 0 {
			t.Errorf("%s for %s: nothing is found", change[1], change[0])
		}
	}
}
