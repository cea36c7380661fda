package authn

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// lastGood is a file that keeps an issuer's keys over a restart, for the case
// that the issuer is down then. Whoever can write it can make tokens, so it
// counts only if nobody but its owner can.
type lastGood struct {
	Issuer  string          `json:"issuer"`
	Fetched int64           `json:"fetched"` // Unix seconds
	TTL     int64           `json:"ttl"`     // seconds
	Keys    json.RawMessage `json:"jwks"`
}

const lastGoodMode = 0o600

// save writes the document of a good fetch. A crash on the way leaves the file
// of before.
func (k *KeySet) save(g *generation) error {
	if k.cfg.LastGood == "" {
		return nil
	}
	data, err := json.Marshal(lastGood{k.cfg.Issuer, g.fetched.Unix(), int64(g.ttl / time.Second), g.document})
	if err != nil {
		return fmt.Errorf("write the last good keys: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(k.cfg.LastGood), ".keys-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write the last good keys: %w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), k.cfg.LastGood)
	}
	if err != nil {
		return fmt.Errorf("write the last good keys: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// restore takes the keys of the file if there are none and they are not too old.
func (k *KeySet) restore() error {
	if k.cfg.LastGood == "" || k.current.Load() != nil {
		return nil
	}
	data, err := readPrivate(k.cfg.LastGood, k.cfg.MaxBody+4<<10)
	if err != nil {
		return fmt.Errorf("read the last good keys: %w", err)
	}
	g, err := k.parseLastGood(data)
	if err != nil {
		return fmt.Errorf("read the last good keys: %w", err)
	}
	k.current.CompareAndSwap(nil, g)
	return nil
}

func (k *KeySet) parseLastGood(data []byte) (*generation, error) {
	o, err := parseObject(data)
	if err != nil {
		return nil, err
	}
	issuer, _, issErr := o.text("issuer")
	fetched, hasFetched, fetchedErr := o.integer("fetched")
	ttl, _, ttlErr := o.integer("ttl")
	raw, hasKeys := o.get("jwks")
	if errors.Join(issErr, fetchedErr, ttlErr) != nil || !hasFetched || !hasKeys {
		return nil, errShape
	}
	if issuer != k.cfg.Issuer {
		return nil, errors.New("it is of another issuer")
	}
	at, now := time.Unix(fetched, 0), k.cfg.Clock()
	if age := now.Sub(at); age < -time.Minute || age > min(k.cfg.StaleFor, 24*time.Hour) {
		return nil, errors.New("it is too old, or from the future")
	}
	keys, ignored, err := parseJWKS(raw, k.cfg.MaxKeys)
	if err != nil {
		return nil, err
	}
	ring, more := newKeyring(keys)
	if len(ring.keys) == 0 {
		return nil, errors.New("no usable key")
	}
	return &generation{
		ring: ring, ignored: append(ignored, more...), fetched: at,
		ttl: min(time.Duration(min(ttl, 24*3600))*time.Second, k.cfg.MaxTTL),
	}, nil
}

// readPrivate reads a plain file that nobody but its owner can read or write.
func readPrivate(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no plain file")
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("its mode is %v: others than its owner may use it; it must be %v", info.Mode().Perm(), os.FileMode(lastGoodMode))
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = errBodyTooLarge
	}
	return data, err
}
