package attacks_test

// kept are routes that let through what is refused elsewhere, each beside routes
// that only an admin may use.
const kept = `---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: kept}
spec:
  actions: {read: {}, own: {}, secret: {}}
  attributes:
    rest: {type: string, optional: true, from: [path]}
    tenant: {type: string, optional: true, from: [path]}
  routes:
    - {route: "GET /files/{id}", action: read, encoded_slash: keep}
    - {route: "GET /files/{id}/secret", action: secret}
    - {route: "GET /tree/{rest...}", action: read, encoded_slash: keep, empty_segments: keep, path_params: keep}
    - {route: "GET /tree", action: secret}
    - {route: "GET /tree/private/{rest...}", action: secret}
    - {route: "GET /java/{rest...}", action: read, path_params: keep}
    - {route: "GET /java", action: secret}
    - {route: "GET /java/admin/{rest...}", action: secret}
    - {route: "GET /gaps/{rest...}", action: read, empty_segments: keep}
    - {route: "GET /gaps/admin/{rest...}", action: secret}
    - {route: "GET /of/{tenant}/{rest...}", action: own, encoded_slash: keep, empty_segments: keep, path_params: keep}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: kept}
spec:
  resources: [kept]
  rules:
    - {id: anyone, effect: allow, actions: [read], anonymous: true}
    - {id: acme, effect: allow, actions: [own], anonymous: true, when: "has(resource.tenant) && resource.tenant == 'acme'"}
    - {id: admins, effect: allow, actions: [secret], roles: [admin]}
`
