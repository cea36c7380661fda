package canonical

import "strings"

// MaxURIBytes bounds what [FoldURI] reads: a scheme and a host, and what a
// request target may have.
const MaxURIBytes = MaxTargetBytes + 512

// FoldURI takes an http or https URI apart into the form that [Request] has its
// own in: equal parts mean the same resource (RFC 3986 sections 6.2.2 and 6.2.3).
// Query and fragment do not count (RFC 9449 section 4.3, step 9). ok is false for
// anything else, also for a URI with a user.
func FoldURI(raw string) (scheme, host, path string, ok bool) {
	if len(raw) > MaxURIBytes {
		return "", "", "", false
	}
	if i := strings.IndexAny(raw, "?#"); i >= 0 {
		raw = raw[:i]
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	if scheme = strings.ToLower(scheme); !ok || scheme != "http" && scheme != "https" {
		return "", "", "", false
	}
	host, path = rest, "/"
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	if host, ok = foldHost(host, scheme); !ok {
		return "", "", "", false
	}
	var p pathReader
	path, f := p.fold(path)
	if f != nil {
		return "", "", "", false
	}
	return scheme, host, withoutDots(path), true
}

// withoutDots removes dot segments (RFC 3986 section 5.2.4). Dots are unreserved,
// so none of them is encoded any more.
func withoutDots(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	var out []string
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		switch s {
		case "..":
			out = out[:max(0, len(out)-1)]
		case ".":
		default:
			out = append(out, s)
			continue
		}
		if i == len(segments)-1 {
			out = append(out, "")
		}
	}
	return "/" + strings.Join(out, "/")
}
