// Package bundle packs the files of a policy set into one archive and opens
// such an archive again.
//
// [Pack] writes a bundle, [Unpack] reads one, [Sniff] tells one by its first
// bytes. A bundle is a gzip-compressed USTAR archive whose first entry,
// manifest.json, lists every other entry with its size and SHA-256.
//
// Pack is deterministic: the same files and [Meta], in any order, give the same
// bytes. Nothing about the time, the machine or the user goes in. The bytes may
// differ between builds with different Go releases, because the compressor may.
//
// Unpack accepts what Pack writes and nothing else: an archive with an
// unlisted, missing, altered, repeated or non-regular entry, with an extended
// header or with bytes after its end is refused whole, never repaired. Both
// hold the same limits, so what Pack writes can be read.
//
// The package does no input or output of its own, writes no file to disk and
// does not read the policies: it knows paths and bytes. It verifies no
// signature; a digest says that nothing was damaged, not who made it.
package bundle

import (
	"crypto/sha256"
	"encoding/hex"
)

// Limits of a bundle. Exceeding one is a [*FormatError].
const (
	// MaxCompressed is the largest size of a bundle as stored, in bytes.
	MaxCompressed = 32 << 20
	// MaxManifest is the largest size of manifest.json, in bytes.
	MaxManifest = 8 << 20
	// MaxFile is the largest size of one file, in bytes.
	MaxFile = 1 << 20
	// MaxTotal is the largest size of all files together, in bytes.
	MaxTotal = 64 << 20
	// MaxFiles is the largest number of files, the manifest not counted.
	MaxFiles = 20_000
)

// MediaType is the media type of a bundle, and of its layer in an OCI registry.
const MediaType = "application/vnd.gwctl.bundle.layer.v1.tar+gzip"

// File is one file of a policy set.
type File struct {
	// Path is relative, clean and slash-separated: "orders/read.yaml". It has
	// 1 to 255 bytes of printable ASCII without a backslash or a double quote
	// and fits the name fields of a USTAR header (100 bytes after the last
	// slash; a longer path needs a slash that leaves at most 155 bytes before
	// it and 100 after). "manifest.json" is taken.
	Path string
	// Data is the content, at most [MaxFile] bytes.
	Data []byte
}

// Meta is what a bundle says about itself. Each value has at most 256 bytes of
// printable ASCII without double quotes and backslashes, and may be empty.
type Meta struct {
	Name         string // the set's name, for people
	CELVersion   string // version of the CEL implementation the set was checked with
	GwctlVersion string // version of the gwctl that packed it
	SetDigest    string // digest of the set's meaning, from the engine
}

// Bundle is an archive that was read and verified.
type Bundle struct {
	Manifest Manifest
	// Files holds every file, sorted by path. It is never empty.
	Files []File
	// Digest is the digest of the archive as it was read, in the form of
	// [Digest]. It is also the digest of its layer in an OCI registry.
	Digest string
}

// Digest returns "sha256:" and the SHA-256 of data in lower-case hex.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Sniff reports whether content that begins with head may be a bundle: whether
// it has the magic number of gzip with its one compression method (RFC 1952,
// section 2.3.1). Three bytes are enough; fewer are never a bundle.
func Sniff(head []byte) bool {
	return len(head) >= 3 && head[0] == 0x1f && head[1] == 0x8b && head[2] == 0x08
}
