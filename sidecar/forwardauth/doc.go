// Package forwardauth is the door for a proxy that asks before it forwards
// (nginx auth_request, Caddy forward_auth, Traefik ForwardAuth, HAProxy with a
// script): it decides about the request that the proxy describes on a request
// of its own, the carrier, and never sees the original itself.
//
// [New] makes the door, an http.Handler. [Door.Server] gives the http.Server
// that carries it, and [Door.Listener] what to serve on.
//
// A listener speaks one dialect: one family of headers describes the request,
// each of them sent exactly once. The door refuses peers that are not
// configured, falls back to no other family and not to the carrier's own line,
// and reads no body. Everything on the carrier but the family is the client's
// and believed as little as if the client had sent it here.
package forwardauth
