package forwardauth

// policies is the set of the tests in this package.
const policies = `apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: shop}
spec:
  user:
    plan: {type: string, optional: true}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: page}
spec:
  actions: {view: {}, secure: {}, office: {}, plan: {}, role: {}, send: {}, mark: {}}
  attributes: {rest: {type: string, optional: true, from: [path]}}
  routes:
    - {route: "GET,POST /public/{rest...}", action: view}
    - {route: "GET /secure", action: secure}
    - {route: "GET /office", action: office}
    - {route: "GET /plan", action: plan}
    - {route: "GET /role", action: role}
    - {route: "GET /mark", action: mark}
    - {route: "POST /send", action: send, body: {type: json, maxBytes: 64, fields: {amount: {type: double}}}}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: admin}
spec:
  actions: {view: {}}
  attributes: {rest: {type: string, optional: true, from: [path]}}
  routes: [{route: "GET,DELETE /admin/{rest...}", action: view}]
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: hosted}
spec:
  actions: {view: {}}
  hosts: [hosted.test]
  routes: [{route: "GET /here", action: view}]
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: pages}
spec:
  resources: [page]
  rules:
    - {id: anyone, effect: allow, actions: [view], anonymous: true}
    - {id: tls, effect: allow, actions: [secure], anonymous: true, transports: [http], when: request.scheme == 'https'}
    - {id: inside, effect: allow, actions: [office], anonymous: true, transports: [http], when: "has(env.ip) && cidr('10.0.0.0/8').containsIP(env.ip)"}
    - {id: payers, effect: allow, actions: [plan], anonymous: true, transports: [http], when: "'x-plan' in request.headers"}
    - {id: roles, effect: allow, actions: [role], anonymous: true, transports: [http], when: request.header('x-role').orValue('') != 'admin'}
    - {id: senders, effect: allow, actions: [send], transports: [http], when: request.body.amount < 10.0}
    - {id: marks, effect: allow, actions: [mark], obligations: {set_headers: {X-Order-View: "'own'", X-Seen-By: user.id}}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: admins}
spec:
  resources: [admin]
  rules:
    - {id: admins, effect: allow, actions: [view], roles: [admin]}
    - {id: closed, effect: deny, when: "has(resource.rest) && resource.rest == 'closed'", reason: {code: closed, message: "Closed.", status: 451}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: hosts}
spec:
  resources: [hosted]
  rules: [{id: anyone, effect: allow, actions: [view], anonymous: true}]
`
