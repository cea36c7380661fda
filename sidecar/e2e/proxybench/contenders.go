package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// Names of the contenders.
const (
	bare     = "Go ReverseProxy, nothing else"
	known    = "gwctl proxy, tokens known"
	unknown  = "gwctl proxy, every token verified"
	caddy    = "Caddy reverse_proxy, no authentication"
	nginx    = "nginx proxy_pass, no authentication"
	constant = "constant net/http handler"
	forward  = "gwctl forward-auth, tokens known"
)

// contender is a server to measure.
type contender struct {
	name     string
	group    string // of what it is compared with
	requests string // kind
	address  string
	readyURL string // "" where listening means ready
	body     int    // bytes of each answer
	command  []string
	world    *world
}

// contenders writes the configurations and says how to start each.
func contenders(gwctl string, w *world) []contender {
	own, _ := os.Executable() // without it serve fails, which is told
	to := "http://" + w.upstream.Addr().String()
	list := []contender{
		{name: bare, group: "proxy", address: freeAddress()},
		{name: known, group: "proxy", address: freeAddress()},
		{name: unknown, group: "proxy", address: freeAddress()},
		{name: caddy, group: "proxy", address: freeAddress()},
		{name: nginx, group: "proxy", address: freeAddress()},
		{name: constant, group: "decision", address: freeAddress(), requests: asked},
		{name: forward, group: "decision", address: freeAddress(), requests: asked},
	}
	for i := range list {
		c := &list[i]
		c.world = w
		if c.requests == "" {
			c.requests, c.body = direct, len(upstreamBody)
		}
		switch c.name {
		case bare:
			c.command = []string{own, "serve", c.address, to}
		case constant:
			c.command = []string{own, "serve", c.address, "constant"}
		case nginx:
			c.command = []string{"nginx", "-e", "stderr", "-c", w.write("nginx.conf", nginxConfig(w.dir, c.address, w.upstream.Addr().String()))}
		case caddy:
			c.command = []string{"caddy", "run", "--adapter", "caddyfile", "--config", w.write("Caddyfile", caddyConfig(c.address, w.upstream.Addr().String()))}
		default:
			health := freeAddress()
			c.readyURL = "http://" + health + "/readyz"
			c.command = []string{gwctl, "serve", "-c", w.write(fmt.Sprintf("gwctl%d.yaml", i), w.sidecar(c, health, fmt.Sprintf("audit%d.jsonl", i)))}
		}
	}
	return list
}

// freeAddress gives a loopback address with a port that was free just now.
func freeAddress() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (w *world) write(name, text string) string {
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		panic(err)
	}
	return path
}

// sidecar is gwctl as one would run it: policies, tokens, records to a file.
func (w *world) sidecar(c *contender, health, audit string) string {
	listener := fmt.Sprintf("    proxy: {address: %q, upstreams: [{match: \"/{rest...}\", url: \"http://%s\"}]}\n", c.address, w.upstream.Addr())
	if c.name == forward {
		listener = fmt.Sprintf("    forward_auth: {address: %q, dialect: generic, trusted_proxies: [127.0.0.1/32]}\n", c.address)
	}
	cache := ""
	if c.name == unknown {
		cache = ", token_cache: 0"
	}
	return fmt.Sprintf("apiVersion: gwctl.dev/v1\nkind: Sidecar\nmetadata: {name: bench}\nspec:\n  policies: {dir: %q}\n  listeners:\n%s    health: {address: %q}\n"+
		"  authn:\n    - jwt: {issuer: %q, audiences: [bench]%s}\n  propagate: {claims: [email]}\n  audit: {sinks: [{file: {path: %q}}]}\n  drain: {delay: 0s, timeout: 5s}\n",
		filepath.Join(w.dir, "policies"), listener, health, w.issuerURL(), cache, filepath.Join(w.dir, audit))
}

func nginxConfig(dir, address, upstream string) string {
	return fmt.Sprintf(`daemon off;
worker_processes 1;
pid %[1]s/nginx.pid;
events { worker_connections 1024; }
http {
  access_log %[1]s/nginx.log;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  keepalive_requests 1000000000;
  upstream service { server %[3]s; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen %[2]s;
    location / { proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }
  }
}
`, dir, address, upstream)
}

func caddyConfig(address, upstream string) string {
	_, port, _ := net.SplitHostPort(address) // as freeAddress made it
	return fmt.Sprintf("{\n\tadmin off\n\tauto_https off\n}\nhttp://:%s {\n\tbind 127.0.0.1\n\treverse_proxy %s\n}\n", port, upstream)
}
