package slot

import (
	"errors"
	"strings"
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
		folded := strings.ToLower(e.Key)
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
