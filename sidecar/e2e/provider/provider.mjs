// A certified OpenID provider (npm oidc-provider) on loopback, for the end-to-end
// tests. It speaks JSON lines on stdout:
//
//   {"event":"listening","issuer":"http://127.0.0.1:41234","address":"http://127.0.0.1:41234"}
//   {"event":"keys","kids":["RS256-2","ES256-2","EdDSA-2","RS256-1",…]}
//
// Environment:
//   PORT       port on 127.0.0.1; 0 or unset picks a free one
//   ISSUER     the issuer, for a provider that is reached through something
//              else; unset is the port itself
//   CLIENTS    JSON: {"<client id>": {"secret": "…", "scope": "a b", "claims": {…}}};
//              the claims go into every access token of the client
//   RESOURCES  JSON: {"<resource indicator>": {"audience": "…", "alg": "RS256", "ttl": 600, "opaque": false}}
//   WEB        JSON: {"id": "…", "secret": "…", "scope": "openid a b", "redirect": "URL", "logout": "URL", "claims": {…}}:
//              a client of people, who log in with any name and password; logout
//              tokens go to its URL. Without it nobody can log in
//
// A token request with a DPoP proof gets a DPoP-bound token. The client "certified"
// gets tokens that are bound to the certificate in its X-Client-Certificate header
// (DER in base64), as from a provider behind a proxy that ends TLS.
//
// Signals: SIGHUP makes a new key of each algorithm and signs with it; the old
// keys stay published. SIGUSR2 drops all but the newest generation. SIGTERM, or
// the end of stdin, stops.
import { X509Certificate } from 'node:crypto';
import http from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

const host = '127.0.0.1';
const algorithms = ['RS256', 'ES256', 'EdDSA'];
const clients = JSON.parse(process.env.CLIENTS || '{}');
const resources = JSON.parse(process.env.RESOURCES || '{}');
const web = process.env.WEB ? JSON.parse(process.env.WEB) : undefined;
const say = (event, more) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

let issuer;
let generation = 0;
let keys = []; // newest first
let handler = (request, response) => response.writeHead(503).end();

// What the provider has issued. It outlives a change of keys, which makes a new
// Provider. This is what client credentials and logins need of an adapter.
const issued = new Map();

class Issued {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, payload) {
    issued.set(`${this.model} ${id}`, payload);
  }

  async find(id) {
    return issued.get(`${this.model} ${id}`);
  }

  async findByUid(uid) {
    return [...issued].find(([key, value]) => key.startsWith(`${this.model} `) && value.uid === uid)?.[1];
  }

  async consume(id) {
    issued.get(`${this.model} ${id}`).consumed = Math.floor(Date.now() / 1000);
  }

  async revokeByGrantId(grantId) {
    for (const [key, value] of issued) if (value.grantId === grantId) issued.delete(key);
  }

  async destroy(id) {
    issued.delete(`${this.model} ${id}`);
  }
}

async function newKey(alg) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `${alg}-${generation}` };
}

function configuration() {
  return {
    adapter: Issued,
    jwks: { keys },
    clients: Object.entries(clients).map(([id, client]) => ({
      client_id: id,
      client_secret: client.secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: client.scope,
      tls_client_certificate_bound_access_tokens: id === 'certified',
    })).concat(web ? [{
      client_id: web.id,
      client_secret: web.secret,
      grant_types: ['authorization_code'],
      redirect_uris: [web.redirect],
      scope: web.scope,
      backchannel_logout_uri: web.logout,
      backchannel_logout_session_required: true,
    }] : []),
    scopes: [...new Set(Object.values(clients).concat(web ?? []).flatMap((client) => client.scope.split(' ')))],
    extraTokenClaims: (ctx, token) => (token.clientId === web?.id ? web : clients[token.clientId])?.claims,
    // Its own would not connect to this host.
    fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    cookies: { keys: ['no cookie is set by client credentials'] },
    features: {
      dPoP: { enabled: true },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        getCertificate: (ctx) => {
          const der = ctx.get('x-client-certificate');
          return der ? new X509Certificate(Buffer.from(der, 'base64')) : undefined;
        },
      },
      devInteractions: { enabled: Boolean(web) },
      backchannelLogout: { enabled: Boolean(web) },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (ctx, indicator, client) => {
          const resource = resources[indicator];
          if (!resource) throw new Error(`resource ${indicator} is not configured`);
          return {
            scope: (client.clientId === web?.id ? web : clients[client.clientId]).scope,
            audience: resource.audience,
            accessTokenTTL: resource.ttl ?? 600,
            accessTokenFormat: resource.opaque ? 'opaque' : 'jwt',
            jwt: { sign: { alg: resource.alg ?? 'RS256' } },
          };
        },
      },
    },
  };
}

function publish() {
  const provider = new Provider(issuer, configuration());
  provider.on('server_error', (ctx, err) => console.error(err));
  provider.on('backchannel.error', (ctx, err) => console.error(err));
  handler = provider.callback();
  say('keys', { kids: keys.map((key) => key.kid) });
}

async function rotate() {
  generation += 1;
  keys = [...(await Promise.all(algorithms.map(newKey))), ...keys];
  publish();
}

function dropOldKeys() {
  keys = keys.slice(0, algorithms.length);
  publish();
}

const server = http.createServer((request, response) => handler(request, response));

function stop() {
  server.closeAllConnections();
  process.exit(0);
}

process.on('SIGHUP', rotate);
process.on('SIGUSR2', dropOldKeys);
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.stdin.on('end', stop).resume();

server.listen(Number(process.env.PORT || 0), host, async () => {
  // The issuer holds the port, so the port comes first.
  const address = `http://${host}:${server.address().port}`;
  issuer = process.env.ISSUER || address;
  await rotate();
  say('listening', { issuer, address });
});
