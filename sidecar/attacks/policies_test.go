package attacks_test

// policies is the set of the tests in this package: everybody below /public,
// admins below /admin, and a route for each row that needs a rule of its own.
const policies = `apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: attacked}
spec:
  user:
    email: {type: string, optional: true}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: page}
spec:
  actions: {view: {}, change: {}}
  attributes: {rest: {type: string, optional: true, from: [path]}}
  routes:
    - {route: "GET,HEAD,POST /public/{rest...}", action: {GET: view, HEAD: view, POST: change}}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: admin}
spec:
  actions: {view: {}}
  attributes: {rest: {type: string, optional: true, from: [path]}}
  routes:
    - {route: "GET,POST,DELETE /admin/{rest...}", action: view}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: item}
spec:
  actions: {read: {}, remove: {}}
  routes:
    - {route: "GET,DELETE /items/{id}", action: {GET: read, DELETE: remove}}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: probe}
spec:
  actions: {plan: {}, role: {}, secure: {}, near: {}, mail: {}, hosted: {}, whole: {}, number: {}}
  attributes: {rest: {type: string, optional: true, from: [path]}}
  routes:
    - {route: "GET /plan", action: plan}
    - {route: "GET /role", action: role}
    - {route: "GET /secure", action: secure}
    - {route: "GET /near", action: near}
    - {route: "GET /mail", action: mail}
    - {route: "GET app.test/hosted", action: hosted}
    - {route: "GET,DELETE /open/{rest...}", action: whole}
    - {route: "GET /number", action: number}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: pages}
spec:
  resources: [page]
  rules:
    - {id: anyone, effect: allow, actions: [view, change], anonymous: true}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: admins}
spec:
  resources: [admin]
  rules:
    - {id: admins, effect: allow, actions: [view], roles: [admin]}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: items}
spec:
  resources: [item]
  rules:
    - {id: read, effect: allow, actions: [read], anonymous: true}
    - {id: remove, effect: allow, actions: [remove], roles: [admin]}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: probes}
spec:
  resources: [probe]
  rules:
    - {id: pro, effect: allow, actions: [plan], anonymous: true, transports: [http], when: "request.header('x-plan').orValue('') == 'pro'"}
    - {id: role, effect: allow, actions: [role], anonymous: true}
    - {id: no-admin, effect: deny, actions: [role], transports: [http], when: "'x-role' in request.headers && 'admin' in request.headers['x-role']"}
    - {id: tls, effect: allow, actions: [secure], anonymous: true, transports: [http], when: "request.scheme == 'https'"}
    - {id: near, effect: allow, actions: [near], anonymous: true, when: "has(env.ip) && cidr('10.0.0.0/8').containsIP(env.ip)"}
    - {id: mail, effect: allow, actions: [mail], when: "has(user.email) && size(user.email.split('@')) == 2 && user.email.split('@')[1] == 'corp.com'"}
    - {id: hosted, effect: allow, actions: [hosted], anonymous: true}
    - {id: open, effect: allow, actions: [whole], anonymous: true}
    - {id: number, effect: allow, actions: [number], anonymous: true}
    - {id: no-large-number, effect: deny, actions: [number], transports: [http], when: "request.header('x-number').hasValue() && int(request.header('x-number').value()) > 100"}
    - {id: no-admin-area, effect: deny, actions: [whole], transports: [http], when: "size(request.segments) > 1 && request.segments[1] == 'admin'"}
`
