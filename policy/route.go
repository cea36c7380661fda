package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/policy/document"
)

// Route maps HTTP requests to an action of the resource.
type Route struct {
	Pattern Text // METHOD[,METHOD…] [HOST]/PATH, unread
	Methods []MethodAction
	At      Place
	*RouteExtras
}

// RouteExtras is what few routes have. It is never nil.
type RouteExtras struct {
	Hosts      []string // that the route is bound to: its own, or the resource's
	BodyAction *BodyAction
	Body       *Body
	CORS       *CORS
	WebSocket  bool

	// What is refused in a path unless its route keeps it.
	KeepEncodedSlash  bool // %2F, inside a segment
	KeepEmptySegments bool // two slashes in a row
	KeepPathParams    bool // a semicolon
}

// Host is the host of the pattern, "" without one.
func (r *Route) Host() string {
	target := r.target()
	return target[:strings.IndexByte(target, '/')]
}

// Path is the path part of the pattern.
func (r *Route) Path() string {
	target := r.target()
	return target[strings.IndexByte(target, '/'):]
}

// target is the pattern without the methods; it holds a slash.
func (r *Route) target() string {
	_, target, _ := strings.Cut(r.Pattern.Value(), " ")
	return strings.TrimLeft(target, " ")
}

// MethodAction is one HTTP method of a route with the action it means. The
// action is unset when the body chooses it.
type MethodAction struct {
	Method string
	Action Text
}

// BodyAction has a string member of the body choose the action.
type BodyAction struct {
	Field Text
	Map   []Label // value of the member → action
}

// Body is a JSON body that conditions can read as request.body.
type Body struct {
	MaxBytes int64 // default 64 KiB, at most 1 MiB
	Fields   []Attribute
	At       Place
}

// CORS is who may call the route from a browser; for the doors.
type CORS struct {
	Origins     []Text
	Headers     []Text // of requests
	Expose      []Text // headers of answers that a page may read
	Credentials bool
	MaxAge      int64 // seconds
}

// Sizes of a body.
const (
	DefaultMaxBody = 64 << 10
	MaxMaxBody     = 1 << 20
)

// LeadsTo tells whether the route can mean one of some actions.
func (r *Route) LeadsTo(some func(action string) bool) bool {
	if r.BodyAction != nil {
		return slices.ContainsFunc(r.BodyAction.Map, func(l Label) bool { return some(l.Value.Value()) })
	}
	return slices.ContainsFunc(r.Methods, func(m MethodAction) bool { return some(m.Action.Value()) })
}

func readRoute(w *reader, n *document.Node) (Route, bool) {
	o := w.Object(n, "a route")
	w.routeDraft = RouteExtras{}
	r := Route{Pattern: o.Text("route"), At: n.Place(), RouteExtras: &w.routeDraft}
	o.Require("route", "action")
	methods, target, ok := strings.Cut(r.Pattern.Value(), " ")
	target = strings.TrimLeft(target, " ")
	slash := strings.IndexByte(target, '/')
	if strings.Count(methods, ",") >= maxMethods {
		methods, ok = "", false
	}
	if r.Pattern.IsSet() && (!ok || slash < 0) {
		w.Error(r.Pattern.Span(), "bad_route", `write it as "GET /path" or "GET,POST host/path"`, "the route has no method, too many of them, or no path")
		ok = false
	}
	if ok && slash > 0 {
		checkHost(w, r.Pattern, target[:slash])
	}
	r.readBody(w, o)
	if action := o.Node("action"); ok && action != nil {
		r.readActions(w, action, strings.Split(methods, ","))
	}
	r.readOptions(w, o)
	o.Done()
	x := r.RouteExtras
	r.RouteExtras = kept(x, &w.empty.route, x.BodyAction == nil && x.Body == nil && x.CORS == nil && !x.WebSocket && !x.KeepEncodedSlash && !x.KeepEmptySegments && !x.KeepPathParams)
	return r, ok && len(r.Methods) > 0
}

// routeMethods are the methods of requests; any other is refused before a route
// is looked for.
var routeMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// maxMethods is the most methods that one route names.
const maxMethods = 7

// readActions pairs the methods of the pattern with actions: one action for
// all of them, a mapping that names exactly these methods, or the body.
func (r *Route) readActions(w *reader, n *document.Node, methods []string) {
	var named map[string]Text
	switch {
	case n.IsMap() && w.Object(n, `"action"`).Has("body"):
		r.readBodyAction(w, w.Object(n, `"action"`))
	case n.IsMap():
		named = map[string]Text{}
		for _, e := range w.Object(n, `"action"`).Entries() {
			named[e.Key.Value()] = w.Text(e.Value, "the action of "+e.Key.Value())
			if !slices.Contains(methods, e.Key.Value()) {
				w.Error(e.Key.Span(), "bad_route", "", "the route has no method %s", e.Key.Value())
			}
		}
	}
	r.Methods = make([]MethodAction, 0, len(methods))
	for i, m := range methods {
		switch {
		case slices.Contains(methods[:i], m):
			w.Error(r.Pattern.Span(), "bad_route", "", "method %s stands twice", m)
			continue
		case !slices.Contains(routeMethods, m):
			hint := "methods are " + strings.Join(routeMethods, ", ")
			if near, ok := document.Closest(m, routeMethods); ok {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			w.Error(r.Pattern.Span(), "bad_route", hint, "%q is not a method of requests that gwctl accepts", m)
			continue
		case r.BodyAction != nil && (m == "GET" || m == "HEAD"):
			w.Error(r.Pattern.Span(), "bad_route", "use POST", "a %s request has no body to choose the action", m)
		}
		action, given := named[m]
		if !n.IsMap() {
			action, given = w.Text(n, `"action"`), true
		}
		switch {
		case r.BodyAction != nil || action.IsSet():
			r.Methods = append(r.Methods, MethodAction{Method: m, Action: action})
		case !given:
			w.Error(n.Span(), "bad_route", "", "method %s has no action", m)
		}
	}
}

func (r *Route) readBodyAction(w *reader, o *document.Object) {
	b := &BodyAction{Field: o.Text("body")}
	for _, e := range o.Declarations("map") {
		b.Map = append(b.Map, Label{Key: e.Key, Value: w.Text(e.Value, "the action of "+e.Key.Value())})
	}
	o.Require("map")
	o.Done()
	if len(b.Map) == 0 {
		w.Error(o.Span(), "empty_list", `name at least one, as in map: {"tools/list": list}`, "the body chooses among no actions")
	}
	if r.Body == nil {
		r.Body = &Body{MaxBytes: DefaultMaxBody, At: o.Place()}
	}
	r.BodyAction = b
}

func (r *Route) readBody(w *reader, o *document.Object) {
	if !o.Has("body") {
		return
	}
	b := o.Object("body")
	r.Body = &Body{MaxBytes: DefaultMaxBody, At: b.Place(), Fields: readAttributes(w, b, "fields")}
	for _, f := range r.Body.Fields {
		if len(f.From)+len(f.For) > 0 || f.Sensitive {
			w.Error(f.Name.Span(), "bad_constraint", "remove for, from and sensitive", "a field of a body comes from the body")
		}
	}
	if t := b.Text("type"); t.IsSet() && t.Value() != "json" {
		w.Error(t.Span(), "bad_body", "write type: json", "bodies of type %q are not read", t.Value())
	}
	if size, ok := b.Int("maxBytes"); ok {
		if size < 1 || size > MaxMaxBody {
			w.Error(b.Key("maxBytes"), "bad_body", "write a size of at most 1048576 bytes", "maxBytes %d is out of range", size)
		}
		r.Body.MaxBytes = size
	}
	b.Require("type")
	b.Done()
}

func (r *Route) readOptions(w *reader, o *document.Object) {
	r.WebSocket = o.Bool("websocket")
	if r.WebSocket && len(r.Methods) > 0 && !slices.ContainsFunc(r.Methods, func(m MethodAction) bool { return m.Method == "GET" }) {
		w.Error(r.Pattern.Span(), "bad_setting", "give the route the method GET, or remove websocket", "a WebSocket is opened by a GET request")
	}
	r.KeepEncodedSlash = keeps(w, o, "encoded_slash")
	r.KeepEmptySegments = keeps(w, o, "empty_segments")
	r.KeepPathParams = keeps(w, o, "path_params")
	if o.Has("cors") {
		r.readCORS(w, o.Object("cors"))
	}
}

// keeps reads a setting that is reject unless the route says keep.
func keeps(w *reader, o *document.Object, key string) bool {
	t := o.Text(key)
	if t.IsSet() && t.Value() != "keep" && t.Value() != "reject" {
		w.Error(t.Span(), "bad_setting", "write reject or keep", "%s: %q is not known", key, t.Value())
	}
	return t.Value() == "keep"
}

func (r *Route) readCORS(w *reader, c *document.Object) {
	r.CORS = &CORS{Origins: c.Names("origins"), Headers: c.Names("headers"), Expose: c.Names("expose"), Credentials: c.Bool("credentials")}
	for _, header := range slices.Concat(r.CORS.Headers, r.CORS.Expose) {
		if !headerForm.MatchString(header.Value()) {
			w.Error(header.Span(), "bad_setting", "write the name of a header, as in X-Plan", "%q is not the name of a header", header.Value())
		}
	}
	for _, origin := range r.CORS.Origins {
		scheme, rest, ok := strings.Cut(origin.Value(), "://")
		if !ok || scheme != "https" && scheme != "http" || rest == "" || strings.ContainsAny(rest, "/*?# ") {
			w.Error(origin.Span(), "bad_setting", "write scheme and host, as in https://app.example.com", "origin %q cannot be matched exactly", origin.Value())
		}
	}
	if age, ok := c.Int("max_age"); ok && (age < 0 || age > 86400) {
		w.Error(c.Key("max_age"), "bad_setting", "write seconds, at most 86400", "max_age %d is out of range", age)
	} else {
		r.CORS.MaxAge = age
	}
	c.Require("origins")
	c.Done()
}
