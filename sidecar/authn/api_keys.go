package authn

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/textproto"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// APIKeysConfig configures [APIKeys].
type APIKeysConfig struct {
	// Name is the name of the method in the configuration.
	Name string
	// File holds the keys: a document of kind APIKeys.
	File string
	// Header carries a key; "" means X-API-Key.
	Header string
	// UserType is TypeHuman or TypeService; "" means TypeService.
	UserType string
	// Poll is how often the file is looked at while Run runs: default 2 s, at
	// most 1 min.
	Poll time.Duration
	// Clock tells the time; nil means time.Now.
	Clock func() time.Time
	// Logger gets a line when the file has changed; nil means none.
	Logger *slog.Logger
}

// APIKeys knows users by keys of a file, which holds only hashes of them. It is a
// [Method]. Keep it across configuration reloads, for its counters.
type APIKeys struct {
	cfg     APIKeysConfig
	current atomic.Pointer[keyRing]
}

// keyRing is one good reading of the file.
type keyRing struct {
	data []byte
	byID map[string][]*apiKey
	none [1]*apiKey // compared with where there is no such id
}

type apiKey struct {
	*keyRecord
	id   *Identity
	used *atomic.Int64 // Unix seconds; shared by all readings
}

var _ Method = (*APIKeys)(nil)

// NewAPIKeys reads the file and makes a method; a file that cannot be used is an
// error, a [*KeyFileError] if it can be read.
func NewAPIKeys(cfg APIKeysConfig) (*APIKeys, error) {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Header == "" {
		cfg.Header = "X-API-Key"
	}
	cfg.Header = textproto.CanonicalMIMEHeaderKey(cfg.Header)
	if cfg.UserType == "" {
		cfg.UserType = TypeService
	}
	errs := []error{setting("poll", &cfg.Poll, 2*time.Second, 10*time.Millisecond, time.Minute)}
	if cfg.Name == "" {
		errs = append(errs, errors.New("name is missing"))
	}
	if cfg.UserType != TypeHuman && cfg.UserType != TypeService {
		errs = append(errs, fmt.Errorf("user type %q is neither %s nor %s", cfg.UserType, TypeHuman, TypeService))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("api_keys method %q: %w", cfg.Name, err)
	}
	a := &APIKeys{cfg: cfg}
	if _, err := a.reload(); err != nil {
		return nil, err
	}
	return a, nil
}

// Name is the name from the configuration.
func (a *APIKeys) Name() string { return a.cfg.Name }

// Kind is [KindAPIKey].
func (a *APIKeys) Kind() string { return KindAPIKey }

// Authenticate verifies the key in the method's header. Whether an id is unknown
// or its key is another one cannot be told apart, not even by the time it takes.
func (a *APIKeys) Authenticate(_ context.Context, c Credentials) (*Identity, error) {
	values, ok := c.Header[a.cfg.Header]
	if !ok {
		return nil, ErrNotMine
	}
	if len(values) != 1 {
		return nil, refuse(ReasonTokenMalformed, "the header of the key is repeated")
	}
	ring := a.current.Load()
	id, good := keyID(values[0])
	known := ring.byID[id]
	if len(known) == 0 {
		known = ring.none[:]
	}
	sum := sha256.Sum256([]byte(values[0]))
	var found *apiKey
	for _, k := range known {
		if subtle.ConstantTimeCompare(sum[:], k.hash[:]) == 1 {
			found = k
		}
	}
	now := a.cfg.Clock()
	switch {
	case !good:
		return nil, refuse(ReasonTokenMalformed, "not in the form of an API key")
	case found == nil || found.id == nil:
		return nil, refuse(ReasonAPIKeyUnknown, "no such API key")
	case !now.Before(found.expires):
		return nil, refuse(ReasonTokenExpired, "the API key has expired")
	}
	if at := now.Unix(); found.used.Load() != at {
		found.used.Store(at)
	}
	return found.id, nil
}

// reload reads the file and tells whether it has changed.
func (a *APIKeys) reload() (changed bool, err error) {
	file, data, err := readKeyFile(a.cfg.File, a.cfg.Clock())
	if err != nil {
		return false, err
	}
	last := a.current.Load()
	if last != nil && slices.Equal(last.data, data) {
		return false, nil
	}
	// The digest of the empty text is no key's: keys are longer.
	ring := &keyRing{data: data, byID: map[string][]*apiKey{}, none: [1]*apiKey{{keyRecord: &keyRecord{hash: sha256.Sum256(nil)}}}}
	for id, records := range file.records {
		for _, r := range records {
			k := &apiKey{keyRecord: r, used: new(atomic.Int64), id: a.identity(r)}
			if old := last.find(r); old != nil {
				k.used = old.used
			}
			ring.byID[id] = append(ring.byID[id], k)
		}
	}
	a.current.Store(ring)
	return true, nil
}

func (r *keyRing) find(record *keyRecord) *apiKey {
	if r == nil {
		return nil
	}
	for _, k := range r.byID[record.id] {
		if k.hash == record.hash {
			return k
		}
	}
	return nil
}

func (a *APIKeys) identity(r *keyRecord) *Identity {
	print := fmt.Sprintf("sha256:%x", r.hash[:6])
	return &Identity{
		Method: KindAPIKey, Name: a.cfg.Name, Source: SourceHeader, Type: a.cfg.UserType, Claims: r.claims,
		Expires: r.expires, KeyID: r.id, TokenFingerprint: print,
	}
}

// Renew lets go of what decision points keep with their users. Call it when there
// is a new snapshot, which the old one must not outlive here.
func (a *APIKeys) Renew() {
	for _, keys := range a.current.Load().byID {
		for _, k := range keys {
			k.id.Memo.Clear()
		}
	}
}

// Run follows the file until ctx ends: a change takes effect within the poll
// interval. A file that cannot be used leaves the keys as they are, except that
// they expire; the log says so once.
func (a *APIKeys) Run(ctx context.Context) {
	tick := time.NewTicker(a.cfg.Poll)
	defer tick.Stop()
	said := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed, err := a.reload()
		switch {
		case err != nil && err.Error() != said:
			said = err.Error()
			a.cfg.Logger.Warn("API keys not reloaded; those of before stay in force", "file", a.cfg.File, "error", said)
		case err == nil && (changed || said != ""):
			said = ""
			a.cfg.Logger.Info("API keys reloaded", "file", a.cfg.File, "keys", len(a.Status()))
		}
	}
}

// APIKeyStatus is a picture of one key for status pages and metrics.
type APIKeyStatus struct {
	// ID is the id of the key; several keys of one id are one entry.
	ID string
	// LastUsed is when a key of the id was last accepted in this process, zero if
	// it was not.
	LastUsed time.Time
	// Expires is when the last key of the id expires.
	Expires time.Time
}

// Status gives a picture of the keys, sorted by id.
func (a *APIKeys) Status() []APIKeyStatus {
	var out []APIKeyStatus
	for id, keys := range a.current.Load().byID {
		s := APIKeyStatus{ID: id}
		for _, k := range keys {
			if at := k.used.Load(); at != 0 && time.Unix(at, 0).After(s.LastUsed) {
				s.LastUsed = time.Unix(at, 0)
			}
			if k.expires.After(s.Expires) {
				s.Expires = k.expires
			}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(x, y APIKeyStatus) int { return strings.Compare(x.ID, y.ID) })
	return out
}
