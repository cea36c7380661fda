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
	if spec.Require("actions"); spec.Has("actions") && len(r.Actions) == 0 {
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
	if r.Pattern.IsSet() && (!ok || path == "") {
		w.Error(r.Pattern.Span(), "bad_route", `write it as "GET /path" or "GET,POST /path"`, "route %q has no method or no path", r.Pattern.Value)
	}
	r.Path = path
	r.readActions(w, o, strings.Split(methods, ","))
	o.Done()
	return r, ok && path != "" && len(r.Methods) > 0
}

// readActions pairs the methods of the pattern with actions: one action for
// all of them, or a mapping that names exactly these methods.
func (r *Route) readActions(w *document.Walker, o *document.Object, methods []string) {
	n := o.Node("action")
	if n == nil || !r.Pattern.IsSet() {
		return
	}
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
		action := named[m]
		if !n.IsMap() {
			action = w.Text(n, `"action"`)
		}
		if !action.IsSet() {
			w.Error(n.Span(), "bad_route", "", "method %s has no action", m)
			continue
		}
		r.Methods = append(r.Methods, MethodAction{Method: m, Action: action})
	}
}

func validMethod(m string) bool {
	if m == "" || len(m) > 20 || m == "CONNECT" || m == "TRACE" {
		return false
	}
	return strings.Trim(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
