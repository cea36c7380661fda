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
//
// Signals: SIGHUP makes a new key of each algorithm and signs with it; the old
// keys stay published. SIGUSR2 drops all but the newest generation. SIGTERM, or
// the end of stdin, stops.
import http from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

const host = '127.0.0.1';
const algorithms = ['RS256', 'ES256', 'EdDSA'];
const clients = JSON.parse(process.env.CLIENTS || '{}');
const resources = JSON.parse(process.env.RESOURCES || '{}');
const say = (event, more) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

let issuer;
let generation = 0;
let keys = []; // newest first
let handler = (request, response) => response.writeHead(503).end();

// What the provider has issued. It outlives a change of keys, which makes a new
// Provider. Client credentials need no more than this of an adapter.
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
    })),
    scopes: [...new Set(Object.values(clients).flatMap((client) => client.scope.split(' ')))],
    extraTokenClaims: (ctx, token) => clients[token.clientId]?.claims,
    cookies: { keys: ['no cookie is set by client credentials'] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (ctx, indicator, client) => {
          const resource = resources[indicator];
          if (!resource) throw new Error(`resource ${indicator} is not configured`);
          return {
            scope: clients[client.clientId].scope,
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
  handler = new Provider(issuer, configuration()).callback();
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
