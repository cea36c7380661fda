package bundle

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	// Version is the version of the archive format. Unpack knows no other.
	Version = 1
	// Language is the version of the policy language that a bundle holds.
	Language = "gwctl.dev/v1"
)

// Manifest is the first entry of a bundle, manifest.json: what the bundle is
// and the exact list of its files.
type Manifest struct {
	Version      int          `json:"version"`  // always [Version]
	Language     string       `json:"language"` // always [Language]
	Name         string       `json:"name,omitempty"`
	CELVersion   string       `json:"cel_version,omitempty"`
	GwctlVersion string       `json:"gwctl_version,omitempty"`
	SetDigest    string       `json:"set_digest,omitempty"`
	Files        []FileDigest `json:"files"` // sorted by path, each path once
}

// FileDigest is the manifest's line about one file.
type FileDigest struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"` // 64 lower-case hex digits
	Size   int64  `json:"size"`   // in bytes
}

// Meta returns what the manifest says about the bundle as a whole.
func (m Manifest) Meta() Meta {
	return Meta{Name: m.Name, CELVersion: m.CELVersion, GwctlVersion: m.GwctlVersion, SetDigest: m.SetDigest}
}

// encode gives the one spelling of a manifest, one value a line, so that two
// manifests can be compared with diff.
func (m Manifest) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(m); err != nil {
		return nil, fmt.Errorf("encoding the manifest: %w", err)
	}
	return b.Bytes(), nil
}

// parseManifest reads the one spelling that encode gives.
func parseManifest(data []byte) (Manifest, error) {
	var head struct {
		Version  int    `json:"version"`
		Language string `json:"language"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return Manifest{}, malformed(err)
	}
	if head.Version != Version {
		return Manifest{}, refuse(ReasonVersion, manifestPath, fmt.Sprintf("bundle version %d is not known, only %d; use the gwctl release that packed it or newer", head.Version, Version))
	}
	if head.Language != Language {
		return Manifest{}, refuse(ReasonVersion, manifestPath, fmt.Sprintf("policy language %s is not known, only %s", quote(head.Language), Language))
	}

	var wire struct {
		Manifest
		Files fileList `json:"files"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&wire); err != nil {
		return Manifest{}, malformed(err)
	}
	m := wire.Manifest
	m.Files = wire.Files
	if err := m.check(); err != nil {
		return Manifest{}, err
	}
	// encoding/json also reads repeated keys, other letter cases and text
	// after the value. Comparing with our own spelling refuses all of them.
	if again, err := m.encode(); err != nil || !bytes.Equal(again, data) {
		return Manifest{}, refuse(ReasonManifest, manifestPath, "the manifest is not written the way gwctl writes it")
	}
	return m, nil
}

func malformed(err error) error {
	var fe *FormatError
	if errors.As(err, &fe) {
		return fe
	}
	return &FormatError{Reason: ReasonManifest, Path: manifestPath, Detail: "the manifest is not valid", Err: err}
}

// check holds every rule that Pack and Unpack share.
func (m Manifest) check() error {
	for _, v := range []struct{ key, value string }{
		{"name", m.Name}, {"cel_version", m.CELVersion}, {"gwctl_version", m.GwctlVersion}, {"set_digest", m.SetDigest},
	} {
		if len(v.value) > maxMeta || !plain(v.value) {
			return refuse(ReasonMeta, manifestPath, fmt.Sprintf("%s has more than %d bytes or a character outside plain printable ASCII", v.key, maxMeta))
		}
	}
	if len(m.Files) == 0 {
		return refuse(ReasonEmpty, "", "there is no file in it")
	}
	if len(m.Files) > MaxFiles {
		return tooMany()
	}
	var total int64
	seen := make(map[string]bool, len(m.Files))
	for i, f := range m.Files {
		if err := checkPath(f.Path); err != nil {
			return err
		}
		if seen[f.Path] {
			return refuse(ReasonDuplicate, f.Path, "the file appears twice")
		}
		seen[f.Path] = true
		if i > 0 && f.Path < m.Files[i-1].Path {
			return refuse(ReasonOrder, f.Path, "the manifest is not sorted by path")
		}
		if raw, err := hex.DecodeString(f.SHA256); err != nil || len(raw) != 32 || strings.ToLower(f.SHA256) != f.SHA256 {
			return refuse(ReasonManifest, f.Path, "sha256 is not 64 lower-case hex digits")
		}
		if f.Size < 0 {
			return refuse(ReasonManifest, f.Path, "size is negative")
		}
		if f.Size > MaxFile {
			return refuse(ReasonTooLarge, f.Path, fmt.Sprintf("the file has %d bytes, the limit is %d", f.Size, MaxFile))
		}
		if total += f.Size; total > MaxTotal {
			return refuse(ReasonTooLarge, f.Path, fmt.Sprintf("with this file the set exceeds the limit of %d bytes in all", MaxTotal))
		}
	}
	for _, f := range m.Files {
		if dir := shadow(f.Path, seen); dir != "" {
			return refuse(ReasonPath, f.Path, quote(dir)+" is a file as well as a directory")
		}
	}
	return nil
}

// maxMeta bounds each value of Meta, in bytes.
const maxMeta = 256

func tooMany() *FormatError {
	return refuse(ReasonTooMany, "", fmt.Sprintf("it has more than %d files", MaxFiles))
}

// fileList stops at MaxFiles while it decodes: eight mebibytes of "{}," are
// three million entries.
type fileList []FileDigest

func (l *fileList) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if tok, err := dec.Token(); err != nil {
		return err
	} else if tok != json.Delim('[') {
		return errors.New("files is not a list")
	}
	*l = nil
	for dec.More() {
		if len(*l) == MaxFiles {
			return tooMany()
		}
		var f FileDigest
		if err := dec.Decode(&f); err != nil {
			return err
		}
		*l = append(*l, f)
	}
	if _, err := dec.Token(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
