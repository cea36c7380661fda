package slot

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// MaxBodySize is the largest JSON body that is read, in bytes.
const MaxBodySize = 1 << 20

// ParseBody reads a request's JSON body: one object, in which no two members
// differ in case only, since upstreams may not tell them apart.
func ParseBody(data []byte) (Input, error) {
	in, err := parseJSON(data, MaxBodySize)
	switch {
	case err != nil:
		return Input{}, err
	case in.shape != object:
		return Input{}, errors.New("reading JSON: not an object")
	}
	return in, caseVariants(in)
}

func caseVariants(in Input) error {
	seen := make(map[string]bool, len(in.entries))
	for _, e := range in.entries {
		folded := Fold(e.Key)
		if seen[folded] {
			return errors.New("reading JSON: two members differ in case only")
		}
		seen[folded] = true
		if err := caseVariants(e.Value); err != nil {
			return err
		}
	}
	for _, x := range in.items {
		if err := caseVariants(x); err != nil {
			return err
		}
	}
	return nil
}

// Fold gives the one form of all spellings that differ in case only, by
// Unicode's simple folding: decoders that take `Price` for `price` also take
// the long s for an s.
func Fold(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for x := unicode.SimpleFold(r); x != r; x = unicode.SimpleFold(x) {
			least = min(least, x)
		}
		return least
	}, name)
}

// hasVariant tells whether the input has a member that differs in case only
// from one of the given names. Conditions do not see such a member, and an
// upstream may take it for the declared one.
func (in Input) hasVariant(names []string) bool {
	if in.shape != object {
		return false
	}
	byFold := make(map[string]string, len(names))
	for _, name := range names {
		byFold[Fold(name)] = name
	}
	for _, e := range in.entries {
		if name, ok := byFold[Fold(e.Key)]; ok && name != e.Key {
			return true
		}
	}
	return false
}

// CheckVariants refuses a body in which a declared field, or one of an object
// field, is written in another case. more are names that count as declared.
func (in Input) CheckVariants(fields []*Attr, more ...string) error {
	names := append([]string{}, more...)
	for _, f := range fields {
		names = append(names, f.Name)
	}
	if in.hasVariant(names) {
		return errors.New("reading JSON: a declared field is written in another case")
	}
	for _, f := range fields {
		if f.Type.Kind != Object {
			continue
		}
		member, _ := in.Member(f.Name)
		if err := member.CheckVariants(f.Type.Fields); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}
