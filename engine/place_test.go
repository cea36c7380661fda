package engine

import (
	"slices"
	"testing"
)

const placed = `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: file}
spec:
  actions: {read: {}, write: {}}
  attributes:
    bucket: {type: string, optional: true, from: [path]}
    rest: {type: string, optional: true, from: [path]}
  routes:
    - {route: "GET /files/{id}/{rest...}", action: read, websocket: true}
    - {route: "POST /files/{id}/{rest...}", action: write}
    - {route: "GET /files/admin", action: read}
    - {route: "GET {bucket}.example.com/things/{id}", action: read}
`

func TestPlace(t *testing.T) {
	s := compile(t, placed)
	read := s.Place("GET", "any", "/files/7/a/b", []string{"files", "7", "a", "b"})
	if read.ID == 0 || read.Route == nil || !read.Route.WebSocket || !slices.Equal(read.Fixed, []string{"7"}) {
		t.Errorf("read: %+v", read)
	}
	for _, tt := range []struct {
		method, host, path string
		segments           []string
		same, found        bool // as the first one
		fixed              []string
	}{
		{"HEAD", "any", "/files/8", []string{"files", "8"}, true, true, []string{"8"}},
		{"POST", "any", "/files/7/a", []string{"files", "7", "a"}, true, true, []string{"7"}},
		{"PUT", "any", "/files/7/a", []string{"files", "7", "a"}, true, false, nil},
		{"GET", "any", "/files/7//a", []string{"files", "7", "", "a"}, true, true, []string{"7"}},
		{"GET", "any", "/files/admin", []string{"files", "admin"}, false, true, []string{}},
		{"GET", "a.example.com", "/things/7", []string{"things", "7"}, false, true, []string{"a", "7"}},
	} {
		got := s.Place(tt.method, tt.host, tt.path, tt.segments)
		if got.ID == 0 || (got.ID == read.ID) != tt.same || (got.Route != nil) != tt.found || !slices.Equal(got.Fixed, tt.fixed) {
			t.Errorf("%s %s: %+v", tt.method, tt.path, got)
		}
	}
	for path, segments := range map[string][]string{"/": nil, "/nowhere": {"nowhere"}, "/files//a": {"files", "", "a"}, "//": {""}, "/things/7": {"things", "7"}} {
		if got := s.Place("GET", "any", path, segments); got.ID != 0 || got.Route != nil {
			t.Errorf("%s: %+v", path, got)
		}
	}
}
