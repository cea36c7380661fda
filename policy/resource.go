package policy

import (
	"regexp"

	"github.com/gwctl/gwctl/policy/document"
)

// Resource declares one resource type: its actions, attributes and routes.
type Resource struct {
	Header
	Actions    []Action
	Attributes []Attribute
	Hosts      []Text // bind every route of the resource
	Routes     []Route
}

// Action is something that can be done to a resource. Its attributes come from
// the caller.
type Action struct {
	Name Text
	*ActionExtras
}

// ActionExtras is what few actions have. It is never nil.
type ActionExtras struct {
	Attributes []Attribute
}

// ActionNames are the names of the actions, in the order of the file.
func (r *Resource) ActionNames() []string {
	out := make([]string, len(r.Actions))
	for i, a := range r.Actions {
		out[i] = a.Name.Value()
	}
	return out
}

// hostForm is a host name, or one whose first label is a placeholder.
var hostForm = regexp.MustCompile(`^(\{[a-z_][a-z0-9_]*\}\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

func readResource(w *reader, h Header, root *document.Object) *Resource {
	spec := root.Object("spec")
	r := &Resource{Header: h, Attributes: readAttributes(w, spec, "attributes"), Hosts: spec.Names("hosts")}
	actions := spec.Declarations("actions")
	r.Actions = make([]Action, 0, len(actions))
	for _, e := range actions {
		checkName(w, e.Key)
		o := w.Object(e.Value, e.Key.Value())
		x := ActionExtras{Attributes: readAttributes(w, o, "attributes")}
		r.Actions = append(r.Actions, Action{Name: e.Key, ActionExtras: kept(&x, &w.empty.action, len(x.Attributes) == 0)})
		o.Done()
	}
	spec.Require("actions")
	if n := spec.Node("actions"); n != nil && n.IsMap() && len(r.Actions) == 0 {
		w.Error(spec.Key("actions"), "empty_list", "name at least one action, as in actions: {read: {}}", "the resource has no action")
	}
	var hosts []string
	for _, host := range r.Hosts {
		checkHost(w, host, host.Value())
		hosts = append(hosts, host.Value())
	}
	var bound *RouteExtras
	if len(hosts) > 0 {
		bound = &RouteExtras{Hosts: hosts}
	}
	routes := spec.List("routes")
	r.Routes = make([]Route, 0, len(routes))
	for _, n := range routes {
		route, ok := readRoute(w, n)
		if !ok {
			continue
		}
		switch host := route.Host(); {
		case host != "":
			route.bind(w, &RouteExtras{Hosts: []string{host}})
			if len(hosts) > 0 {
				w.Error(route.Pattern.Span(), "bad_route", "keep one of the two", "hosts of the resource already binds the route")
			}
		case bound != nil:
			route.bind(w, bound)
		}
		r.Routes = append(r.Routes, route)
	}
	spec.Done()
	return r
}

// bind binds a route to hosts; routes without anything of their own share them.
func (r *Route) bind(w *reader, to *RouteExtras) {
	if r.RouteExtras == &w.empty.route {
		r.RouteExtras = to
		return
	}
	r.Hosts = to.Hosts
}

func checkHost(w *reader, t Text, host string) {
	if len(host) > 253 || !hostForm.MatchString(host) {
		w.Error(t.Span(), "bad_host", "write a lower-case name without a port, as in api.example.com or {name}.example.com", "%q is not a host", host)
	}
}
