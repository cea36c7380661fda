package e2e

import (
	"strings"
	"testing"
)

// Behind real proxies a proof is for the request that the client made, the nonce
// gets to the client, and the proof ends at the proxy.
func TestDPoPForwardAuth(t *testing.T) {
	idp := startProvider(t, 0)
	for _, name := range fronts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it mostly waits
			service := startRecorder(t)
			gwctl := startAsked(t, name, idp.issuer, [2]string{"audiences: [orders-api]", "audiences: [orders-api], dpop: {nonce: true}"})
			h := newHolder(t)
			token := idp.bound(t, customer, "DPoP", map[string]string{"DPoP": h.proof("POST", idp.issuer+"/token", "")})
			a := &asking{TB: t, front: startFront(t, name, gwctl.proxy, service.address), gwctl: gwctl, service: service}

			got := a.refused("no nonce", request("GET", orders, h.shows(token, orders)...), 401)
			if h.nonce = got.header.Get("DPoP-Nonce"); h.nonce == "" || !strings.HasPrefix(got.header.Get("WWW-Authenticate"), `DPoP realm="gwctl", algs=`) || !strings.Contains(got.header.Get("WWW-Authenticate"), `error="use_dpop_nonce", Bearer realm="gwctl"`) {
				t.Fatalf("answer %v", got.header)
			}
			good := request("GET", orders+"?x=1", h.shows(token, orders)...)
			got, seen := a.sends(good)
			_, headers := headersOf(t, seen)
			if got.status != 200 || len(headers["dpop"])+len(headers["authorization"]) > 0 || strings.Join(headers["x-user-id"], "|") != customer {
				t.Errorf("answer %d %s, the service saw %q", got.status, got.body, seen)
			}
			if got.header.Get("DPoP-Nonce") != "" {
				t.Errorf("a nonce on an allowed request: %v", got.header)
			}
			a.refused("the same proof again", good, 401)
			a.refused("for another path", request("GET", orders, h.shows(token, orders+"/7")...), 401)
			a.refused("of the proxy's question", request("GET", orders, "Authorization: DPoP "+token, "DPoP: "+h.proof("GET", "http://"+gwctl.proxy+"/", token)), 401)
			a.refused("as a bearer", request("GET", orders, bearer(token)), 401)
			a.refused("two proofs", request("GET", orders, append(h.shows(token, orders), h.shows(token, orders)[1])...), 400, 403)
			got, _ = a.sends(request("GET", orders, h.shows(token, orders)...))
			if got.status != 200 {
				t.Errorf("control: answer %d %s", got.status, got.body)
			}
		})
	}
}
