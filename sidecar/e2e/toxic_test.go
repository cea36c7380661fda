package e2e

import (
	"fmt"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// toxic is toxiproxy between gwctl and an OpenID provider. The tests themselves
// reach the provider directly.
type toxic struct {
	proxy *toxiproxy.Proxy
}

// startProviderBehind starts a provider that gwctl reaches through toxiproxy
// only: the issuer is the proxy's address.
func startProviderBehind(t testing.TB) (*provider, *toxic) {
	t.Helper()
	address := freeAddress(t)
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	x := &toxic{toxiproxy.NewProxy(server, "provider", "127.0.0.1:0", address)}
	if err := x.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.proxy.Stop)
	_, port, _ := strings.Cut(address, ":")
	var n int
	if _, err := fmt.Sscan(port, &n); err != nil {
		t.Fatal(err)
	}
	return startProviderAs(t, n, "http://"+x.proxy.Listen), x
}

// down refuses connections and ends those there are.
func (x *toxic) down(testing.TB) { x.proxy.Stop() }

// up ends down.
func (x *toxic) up(t testing.TB) {
	t.Helper()
	if err := x.proxy.Start(); err != nil {
		t.Fatal(err)
	}
}

// add puts a toxic on the way from the provider; attributes is JSON.
func (x *toxic) add(t testing.TB, kind, attributes string) {
	t.Helper()
	text := fmt.Sprintf(`{"name": %q, "type": %q, "stream": "downstream", "attributes": %s}`, kind, kind, attributes)
	if _, err := x.proxy.Toxics.AddToxicJson(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
}

// remove takes it away.
func (x *toxic) remove(t testing.TB, kind string) {
	t.Helper()
	if err := x.proxy.Toxics.RemoveToxic(t.Context(), kind); err != nil {
		t.Fatal(err)
	}
}
