package policy

import (
	"slices"
	"strings"

	"github.com/gwctl/gwctl/policy/document"
)

// Resource declares one resource type: its actions, attributes and routes.
type Resource struct {
	Header
	Actions    []Text
	Attributes []Attribute
	Routes     []Route
}

// Route maps HTTP requests to an action of the resource.
type Route struct {
	Pattern Text // METHOD[,METHOD…] /PATH, unread
	Methods []MethodAction
	Path    string // the path part of the pattern
	Span    Span
}

// MethodAction is one HTTP method of a route with the action it means.
type MethodAction struct {
	Method string
	Action Text
}

func readResource(w *document.Walker, h Header, root *document.Object) *Resource {
	spec := root.Object("spec")
	r := &Resource{Header: h, Attributes: readAttributes(w, spec, "attributes")}
	for _, e := range spec.Object("actions").Entries() {
		checkName(w, e.Key)
		w.Object(e.Value, e.Key.Value).Done()
		r.Actions = append(r.Actions, e.Key)
	}
	spec.Require("actions")
	if n := spec.Node("actions"); n != nil && n.IsMap() && len(r.Actions) == 0 {
		w.Error(spec.Key("actions"), "empty_list", "name at least one action, as in actions: {read: {}}", "the resource has no action")
	}
	for _, n := range spec.List("routes") {
		if route, ok := readRoute(w, n); ok {
			r.Routes = append(r.Routes, route)
		}
	}
	spec.Done()
	return r
}

func readRoute(w *document.Walker, n *document.Node) (Route, bool) {
	o := w.Object(n, "a route")
	r := Route{Pattern: o.Text("route"), Span: n.Span()}
	o.Require("route", "action")
	methods, path, ok := strings.Cut(r.Pattern.Value, " ")
	path = strings.TrimLeft(path, " ")
	ok = ok && path != "" && strings.Count(methods, ",") < maxMethods
	if r.Pattern.IsSet() && !ok {
		w.Error(r.Pattern.Span(), "bad_route", `write it as "GET /path" or "GET,POST /path"`, "the route has no method, too many of them, or no path")
	}
	r.Path = path
	if action := o.Node("action"); ok && action != nil {
		r.readActions(w, action, strings.Split(methods, ","))
	}
	o.Done()
	return r, ok && len(r.Methods) > 0
}

// maxMethods is the most methods that one route names.
const maxMethods = 20

// readActions pairs the methods of the pattern with actions: one action for
// all of them, or a mapping that names exactly these methods.
func (r *Route) readActions(w *document.Walker, n *document.Node, methods []string) {
	named := map[string]Text{}
	if n.IsMap() {
		for _, e := range w.Object(n, `"action"`).Entries() {
			named[e.Key.Value] = w.Text(e.Value, "the action of "+e.Key.Value)
			if !slices.Contains(methods, e.Key.Value) {
				w.Error(e.Key.Span(), "bad_route", "", "the route has no method %s", e.Key.Value)
			}
		}
	}
	for i, m := range methods {
		if slices.Contains(methods[:i], m) {
			w.Error(r.Pattern.Span(), "bad_route", "", "method %s stands twice", m)
			continue
		}
		if !validMethod(m) {
			w.Error(r.Pattern.Span(), "bad_route", "methods are upper-case words such as GET", "%q is not a method", m)
			continue
		}
		action, given := named[m]
		if !n.IsMap() {
			action, given = w.Text(n, `"action"`), true
		}
		switch {
		case !given:
			w.Error(n.Span(), "bad_route", "", "method %s has no action", m)
		case action.IsSet():
			r.Methods = append(r.Methods, MethodAction{Method: m, Action: action})
		}
	}
}

func validMethod(m string) bool {
	if m == "" || len(m) > 20 || m == "CONNECT" || m == "TRACE" {
		return false
	}
	return strings.Trim(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
