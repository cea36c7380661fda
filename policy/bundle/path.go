package bundle

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

const (
	manifestPath = "manifest.json"

	// Sizes of the two USTAR name fields (POSIX.1-1988, ustar interchange
	// format): prefix, slash, name.
	ustarPrefix = 155
	ustarName   = 100
)

// checkPath refuses every path that could mean two things to two readers, or
// leave the directory it is extracted to.
func checkPath(p string) *FormatError {
	detail := ""
	switch {
	case p == "":
		return refuse(ReasonPath, "", "a file has an empty path")
	case !plain(p):
		detail = `path has a character outside printable ASCII, a backslash or a double quote; rename the file`
	case strings.HasPrefix(p, "/"):
		detail = "path is absolute"
	case len(p) > 1 && p[1] == ':' && letter(p[0]):
		detail = "path starts with a drive letter"
	case p == ".." || strings.HasPrefix(p, "../") || strings.Contains(p, "/../") || strings.HasSuffix(p, "/.."):
		detail = `path has ".." in it`
	case p == "." || path.Clean(p) != p:
		detail = "path is not clean"
	case strings.EqualFold(p, manifestPath):
		detail = "this path is taken by the manifest"
	case !fitsUSTAR(p):
		detail = fmt.Sprintf("path is too long: at most %d bytes after a slash and %d before it", ustarName, ustarPrefix)
	default:
		return nil
	}
	return refuse(ReasonPath, p, detail)
}

// fitsUSTAR reports whether p can be split at a slash into prefix and name.
func fitsUSTAR(p string) bool {
	if len(p) <= ustarName {
		return true
	}
	if len(p) > ustarPrefix+1+ustarName {
		return false
	}
	// The leftmost slash that leaves a name of fitting length gives the
	// shortest prefix.
	from := len(p) - ustarName - 1
	i := strings.IndexByte(p[from:], '/')
	return i >= 0 && from+i <= ustarPrefix && from+i < len(p)-1
}

// shadow returns the ancestor of p that is itself one of the files, which no
// file system could hold, or "".
func shadow(p string, files map[string]bool) string {
	for i := strings.LastIndexByte(p, '/'); i > 0; i = strings.LastIndexByte(p[:i], '/') {
		if files[p[:i]] {
			return p[:i]
		}
	}
	return ""
}

// plain reports whether s is printable ASCII that JSON writes as it is.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '\\' || c == '"' {
			return false
		}
	}
	return true
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// quote makes an outside path safe to print, and short.
func quote(s string) string {
	const most = 300
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strconv.QuoteToASCII(s)
}
