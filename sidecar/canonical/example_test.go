package canonical_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/source"
	"github.com/gwctl/gwctl/sidecar/canonical"
)

// quickstart is the example set, compiled.
func quickstart() *engine.Set {
	files, err := source.Read("../../examples/quickstart")
	if err != nil {
		log.Fatal(err)
	}
	src, found := policy.Load(files.List)
	if found.HasErrors() {
		log.Fatal(found)
	}
	set, found := engine.Compile(src)
	if found.HasErrors() {
		log.Fatal(found)
	}
	return set
}

// A handler that decides what it was asked before it answers.
func ExampleReader() {
	set := quickstart()
	reader, err := canonical.New(canonical.Options{Identity: set.ObligationHeaders()})
	if err != nil {
		log.Fatal(err)
	}
	handle := func(w http.ResponseWriter, r *http.Request) {
		c, refused := reader.Read(r)
		if refused != nil {
			http.Error(w, refused.Code, refused.Status)
			return
		}
		q := set.HTTPRequest(engine.HTTP{
			ID: c.ID, Method: c.Method, Scheme: c.Scheme, Host: c.Host, Path: c.Path, Segments: c.Segments,
			Query: c.Query, Headers: c.Header, ClientIP: c.ClientIP,
		})
		q.SetTime(time.Now())
		q.Supply(slot.Config, slot.Env, "region", slot.Quoted("eu"))
		if d := set.Decide(q); !d.Allowed() {
			http.Error(w, d.Reason, d.HTTPStatus())
			return
		}
		fmt.Fprint(w, "at your service")
	}

	for _, target := range []string{"/status", "/admin/1", "/admin/../status"} {
		w := httptest.NewRecorder()
		handle(w, httptest.NewRequest("GET", target, nil))
		fmt.Println(target, w.Code, strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// /status 200 at your service
	// /admin/1 401 unauthenticated
	// /admin/../status 400 request_not_canonical
}
