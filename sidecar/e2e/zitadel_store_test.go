package e2e

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// zitadelResource finds the resource indicator of a request in its context.
type zitadelResource struct{}

func resourceOf(ctx context.Context) providerResource {
	name, _ := ctx.Value(zitadelResource{}).(string)
	return providerResources[name]
}

// zitadelStore is what the library asks for: clients, keys and tokens. Of the
// flows that need more than client credentials there are none, so the embedded
// interface is nil and calling into it would panic.
type zitadelStore struct {
	op.Storage

	mu         sync.Mutex
	generation int
	keys       []zitadelKey // newest first
	tokens     map[string]*zitadelToken
}

// zitadelToken is an access token, and the request for it.
type zitadelToken struct {
	client   string
	audience []string
	scopes   []string
	issued   time.Time
}

func (t *zitadelToken) GetSubject() string    { return t.client }
func (t *zitadelToken) GetAudience() []string { return t.audience }
func (t *zitadelToken) GetScopes() []string   { return t.scopes }

var errNoSuch = errors.New("there is no such thing")

func (s *zitadelStore) Health(context.Context) error { return nil }

// AuthorizeClientIDSecret checks who asks.
func (s *zitadelStore) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	c, ok := providerClients[id]
	if !ok || subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) != 1 {
		return errNoSuch
	}
	return nil
}

func (s *zitadelStore) ClientCredentials(ctx context.Context, id, secret string) (op.Client, error) {
	if err := s.AuthorizeClientIDSecret(ctx, id, secret); err != nil {
		return nil, err
	}
	return s.GetClientByClientID(ctx, id)
}

func (s *zitadelStore) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	if _, ok := providerClients[id]; !ok {
		return nil, errNoSuch
	}
	return zitadelClient{id: id, opaque: resourceOf(ctx).Opaque}, nil
}

func (s *zitadelStore) ClientCredentialsTokenRequest(ctx context.Context, id string, scopes []string) (op.TokenRequest, error) {
	return &zitadelToken{client: id, audience: []string{resourceOf(ctx).Audience}, scopes: scopes}, nil
}

func (s *zitadelStore) CreateAccessToken(_ context.Context, request op.TokenRequest) (string, time.Time, error) {
	t, ok := request.(*zitadelToken)
	if !ok {
		return "", time.Time{}, errNoSuch
	}
	id := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	t.issued = time.Now()
	s.tokens[id] = t
	return id, t.issued.Add(zitadelLife), nil
}

// GetPrivateClaimsFromScopes gives the claims of a JWT beside the standard ones.
func (s *zitadelStore) GetPrivateClaimsFromScopes(_ context.Context, _, id string, scopes []string) (map[string]any, error) {
	claims := zitadelClaims(id)
	claims["scope"] = strings.Join(scopes, " ")
	return claims, nil
}

// zitadelClaims gives what the first provider says of a client in the shape of
// ZITADEL: the roles are members of an object.
func zitadelClaims(id string) map[string]any {
	claims := map[string]any{}
	for name, value := range providerClients[id].Claims {
		switch name {
		case "roles":
			of := map[string]any{}
			for _, role := range value.([]string) {
				of[role] = map[string]string{"4711": "acme.example"}
			}
			claims[zitadelRoles] = of
		case "tenant":
			claims[zitadelTenant] = value
		default:
			claims[name] = value
		}
	}
	return claims
}

// SetIntrospectionFromToken answers about a token; an error means inactive.
func (s *zitadelStore) SetIntrospectionFromToken(_ context.Context, r *oidc.IntrospectionResponse, token, subject, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[token]
	if t == nil || t.client != subject {
		return errNoSuch
	}
	r.Subject, r.ClientID, r.Audience, r.Scope, r.TokenType, r.JWTID = t.client, t.client, t.audience, t.scopes, oidc.BearerToken, token
	r.IssuedAt, r.Expiration = oidc.FromTime(t.issued), oidc.FromTime(t.issued.Add(zitadelLife))
	r.Claims = zitadelClaims(t.client)
	return nil
}

// RevokeToken takes a token back, for its owner.
func (s *zitadelStore) RevokeToken(_ context.Context, token, _, client string) *oidc.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tokens[token]; t != nil && t.client != client {
		return oidc.ErrInvalidClient()
	}
	delete(s.tokens, token)
	return nil
}

// SigningKey gives the newest key of the algorithm that the resource wants.
func (s *zitadelStore) SigningKey(ctx context.Context) (op.SigningKey, error) {
	alg := resourceOf(ctx).Alg
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range s.keys {
		if alg == "" || string(key.alg) == alg {
			return zitadelSigning{key}, nil
		}
	}
	return nil, errNoSuch
}

func (s *zitadelStore) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA}, nil
}

func (s *zitadelStore) KeySet(context.Context) ([]op.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	published := make([]op.Key, 0, len(s.keys))
	for _, key := range slices.Clone(s.keys) {
		published = append(published, zitadelPublic{key})
	}
	return published, nil
}

// zitadelKey is a key pair.
type zitadelKey struct {
	id      string
	alg     jose.SignatureAlgorithm
	private any
	public  any
}

type zitadelSigning struct{ key zitadelKey }

func (k zitadelSigning) ID() string                                  { return k.key.id }
func (k zitadelSigning) SignatureAlgorithm() jose.SignatureAlgorithm { return k.key.alg }
func (k zitadelSigning) Key() any                                    { return k.key.private }

type zitadelPublic struct{ key zitadelKey }

func (k zitadelPublic) ID() string                         { return k.key.id }
func (k zitadelPublic) Algorithm() jose.SignatureAlgorithm { return k.key.alg }
func (k zitadelPublic) Use() string                        { return "sig" }
func (k zitadelPublic) Key() any                           { return k.key.public }

// zitadelClient is a client that gets its tokens by its own secret. What other
// flows ask for is nil.
type zitadelClient struct {
	op.Client

	id     string
	opaque bool
}

func (c zitadelClient) GetID() string               { return c.id }
func (c zitadelClient) AuthMethod() oidc.AuthMethod { return oidc.AuthMethodBasic }
func (c zitadelClient) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeClientCredentials}
}
func (c zitadelClient) ClockSkew() time.Duration { return 0 }

func (c zitadelClient) AccessTokenType() op.AccessTokenType {
	if c.opaque {
		return op.AccessTokenTypeBearer
	}
	return op.AccessTokenTypeJWT
}

func (c zitadelClient) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}
