package bundle

import "strings"

// Reason is a stable code for what is wrong with a bundle or with the files to
// be packed.
type Reason string

// The reasons of a [*FormatError].
const (
	ReasonNotGzip    Reason = "not_gzip"    // does not start like a gzip stream
	ReasonCorrupt    Reason = "corrupt"     // gzip or tar structure is broken
	ReasonTruncated  Reason = "truncated"   // ends too early
	ReasonTrailing   Reason = "trailing"    // has bytes after its end, or between its entries
	ReasonHeader     Reason = "header"      // a gzip or tar header that Pack does not write
	ReasonNotRegular Reason = "not_regular" // an entry that is not a regular file
	ReasonManifest   Reason = "manifest"    // the manifest is missing, not first or malformed
	ReasonVersion    Reason = "version"     // a bundle version or policy language this build does not know
	ReasonMeta       Reason = "meta"        // a value of Meta breaks its rules
	ReasonPath       Reason = "path"        // a path breaks the rules of File.Path, or is also a directory
	ReasonDuplicate  Reason = "duplicate"   // a path appears twice
	ReasonOrder      Reason = "order"       // entries are not sorted by path
	ReasonUnlisted   Reason = "unlisted"    // an entry is not in the manifest
	ReasonMissing    Reason = "missing"     // a file of the manifest is not in the archive
	ReasonSize       Reason = "size"        // an entry's size differs from the manifest
	ReasonDigest     Reason = "digest"      // an entry's content differs from the manifest
	ReasonEmpty      Reason = "empty"       // no file at all
	ReasonTooLarge   Reason = "too_large"   // a size limit is exceeded
	ReasonTooMany    Reason = "too_many"    // more than MaxFiles files
)

// FormatError says why an archive is not a bundle, or why files cannot become
// one. A failing reader or writer is never reported as a FormatError.
type FormatError struct {
	Reason Reason // what rule is broken
	Path   string // the entry it is about, as found and not safe to print; empty when it is about the whole bundle
	Detail string // one clause for people
	Err    error  // the cause, where there is one
}

// Error gives one line: the entry, quoted, and what is wrong with it.
func (e *FormatError) Error() string {
	var b strings.Builder
	b.WriteString("bundle: ")
	if e.Path != "" {
		b.WriteString(quote(e.Path))
		b.WriteString(": ")
	}
	b.WriteString(e.Detail)
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause, or nil.
func (e *FormatError) Unwrap() error { return e.Err }

func refuse(reason Reason, path, detail string) *FormatError {
	return &FormatError{Reason: reason, Path: path, Detail: detail}
}
