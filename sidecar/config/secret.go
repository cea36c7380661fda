package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// Secret says where a secret is: in an environment variable or in a file, never
// in the document itself.
type Secret struct {
	Env  string
	File string
	At   policy.Span
}

// IsSet tells whether the configuration names the secret.
func (s Secret) IsSet() bool { return s.Env != "" || s.File != "" }

const maxSecret = 64 << 10

// Read gives the secret as it is now, without a line break at its end. The error
// does not hold it.
func (s Secret) Read(getenv func(string) (string, bool)) (string, error) {
	if s.Env != "" {
		text, ok := getenv(s.Env)
		if !ok || text == "" {
			return "", fmt.Errorf("the environment variable %s is not set", s.Env)
		}
		return text, nil
	}
	f, err := os.Open(s.File)
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if text == "" || len(data) > maxSecret {
		return "", fmt.Errorf("reading a secret: %w", errors.New(s.File+" is empty or over 64 KiB"))
	}
	return text, nil
}

// secret reads where a secret is. A text in its place is refused without
// repeating it.
func (r *reader) secret(o *document.Object, key string) Secret {
	if !o.Has(key) {
		return Secret{}
	}
	n := o.Node(key)
	if n == nil {
		return Secret{}
	}
	if !n.IsMap() {
		r.w.Error(o.Key(key), "bad_setting", fmt.Sprintf("write %s: {env: NAME} or %s: {file: PATH}", key, key), "a secret does not stand in the configuration")
		return Secret{}
	}
	s := Secret{At: o.Key(key)}
	from := r.w.Object(n, key)
	env, file := from.Text("env"), from.Text("file")
	from.Done()
	if env.IsSet() == file.IsSet() {
		r.w.Error(from.Span(), "bad_setting", "write {env: NAME} or {file: PATH}", "%s has one source", key)
		return s
	}
	s.Env = env.Value()
	if file.IsSet() {
		s.File = r.resolve(file.Value())
	}
	return s
}
