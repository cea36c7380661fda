// Command service is the smallest service behind gwctl: it checks the
// assertion of each request and says who asks. docs/services.md tells more.
package main

import (
	"fmt"
	"log"
	"net/http"
	"strings"
	"time"

	"github.com/gwctl/gwctl/examples/service/gateway"
)

func main() {
	v := gateway.New("http://127.0.0.1:9900/.well-known/gwctl-jwks.json", "https://gw.example.com", "orders", &http.Client{Timeout: 2 * time.Second}, time.Now)
	srv := &http.Server{Addr: "127.0.0.1:9000", Handler: v.Require(http.HandlerFunc(answer)), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(srv.ListenAndServe())
}

func answer(w http.ResponseWriter, r *http.Request) {
	who := gateway.From(r)
	fmt.Fprintf(w, "%s %s: hello %s of %s (%s)\n", r.Method, r.URL.Path, who.Subject, who.Tenant, strings.Join(who.Roles, ", "))
}
