package sidecar_test

// policies is the set of the tests in this package.
const policies = `apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: shop}
spec:
  user:
    clearance: {type: string, optional: true, sensitive: true}
    plan: {type: string, optional: true}
  env:
    region: {type: string, enum: [eu, us]}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: item}
spec:
  actions: {read: {}, write: {}, export: {}, peek: {}, glance: {}, lookup: {}}
  routes:
    - {route: "GET,POST,PUT /items/{id}", action: {GET: read, POST: write, PUT: write}}
    - {route: "GET /export/{id}", action: export}
    - {route: "GET /peek/{id}", action: peek}
    - {route: "GET /glance/{id}", action: glance}
    - {route: "GET /lookup/{id}", action: lookup}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: page}
spec:
  actions: {view: {}}
  attributes:
    rest: {type: string, optional: true, from: [path]}
  routes:
    - {route: "GET /public/{rest...}", action: view}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: admin}
spec:
  actions: {view: {}}
  attributes:
    rest: {type: string, optional: true, from: [path]}
  routes:
    - {route: "GET,POST,DELETE /admin/{rest...}", action: view}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: items}
spec:
  resources: [item]
  consts:
    known: {nothing: true}
  rules:
    - {id: reads, effect: allow, actions: [read], when: user.authenticated && env.region == 'eu'}
    - {id: writes, effect: allow, actions: [write], roles: [customer]}
    - {id: exports, effect: allow, actions: [export], scopes: ["items:export"]}
    - id: peeks
      effect: allow
      actions: [peek]
      when: "'x-plan' in request.headers || request.param('q').hasValue() || has(user.clearance)"
      transports: [http]
    - {id: glances, effect: allow, actions: [glance], anonymous: true, when: "'x-plan' in request.headers", transports: [http]}
    - id: looks-up
      effect: allow
      actions: [lookup]
      when: request.header('authorization').hasValue() && consts.known[request.header('authorization').value()]
      transports: [http]
    - id: embargo
      effect: deny
      when: resource.id == 'embargoed'
      reason: {code: embargoed, message: "Not from here.", status: 451}
    - id: busy
      effect: deny
      when: resource.id == 'busy'
      reason: {code: too_busy, message: "Come back later.", status: 429}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: pages}
spec:
  resources: [page]
  rules:
    - {id: anyone, effect: allow, actions: [view], anonymous: true}
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
kind: Resource
metadata: {name: refund}
spec:
  actions: {make: {}, settle: {}, note: {}}
  routes:
    - {route: "POST /refunds/{id}", action: make, body: {type: json, maxBytes: 64, fields: {amount: {type: double, min: 0}}}}
    - {route: "POST /settle/{id}", action: settle}
    - {route: "GET /notes/{id}", action: note}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: refunds}
spec:
  resources: [refund]
  rules:
    - id: small
      effect: allow
      actions: [make]
      when: request.body.amount <= 100.0
      transports: [http]
      obligations: {set_headers: {X-Refund-Limit: "'100'"}}
    - id: notes
      effect: allow
      actions: [note]
      obligations: {set_headers: {X-Seen-By: "has(user.clearance) ? user.clearance : 'anybody'"}}
    - id: strong
      effect: deny
      actions: [settle]
      reason: {code: step_up, status: 401, challenge: {acr_values: ["urn:mfa"], max_age: 300}}
`
