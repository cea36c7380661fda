package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

const (
	entryMode = 0o644
	blockSize = 512           // a tar header, and what data is padded to
	endSize   = 2 * blockSize // the two zero blocks that end a tar archive
)

// Pack writes files as a bundle to w and returns its manifest. The order of
// files does not matter and files is left as it is. Nothing is written unless
// all files can be packed: files that break a rule of the format are a
// [*FormatError]; any other error comes from w.
func Pack(w io.Writer, files []File, meta Meta) (Manifest, error) {
	sorted := slices.Clone(files)
	slices.SortStableFunc(sorted, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	m := Manifest{
		Version:      Version,
		Language:     Language,
		Name:         meta.Name,
		CELVersion:   meta.CELVersion,
		GwctlVersion: meta.GwctlVersion,
		SetDigest:    meta.SetDigest,
		Files:        make([]FileDigest, 0, len(sorted)),
	}
	for _, f := range sorted {
		sum := sha256.Sum256(f.Data)
		m.Files = append(m.Files, FileDigest{Path: f.Path, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(f.Data))})
	}
	if err := m.check(); err != nil {
		return Manifest{}, err
	}
	head, err := m.encode()
	if err != nil {
		return Manifest{}, err
	}
	if len(head) > MaxManifest {
		return Manifest{}, refuse(ReasonTooLarge, manifestPath, fmt.Sprintf("the manifest has %d bytes, the limit is %d", len(head), MaxManifest))
	}

	var out bytes.Buffer
	if err := archive(&out, head, sorted); err != nil {
		return Manifest{}, fmt.Errorf("packing the bundle: %w", err)
	}
	if err := checkCompressed(int64(out.Len())); err != nil {
		return Manifest{}, err
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return Manifest{}, fmt.Errorf("writing the bundle: %w", err)
	}
	return m, nil
}

func archive(w io.Writer, manifest []byte, files []File) error {
	// The zero gzip header has no name, no time and "unknown" as its system.
	zw := gzip.NewWriter(w)
	tw := tar.NewWriter(zw)
	for _, f := range append([]File{{Path: manifestPath, Data: manifest}}, files...) {
		if err := tw.WriteHeader(entryHeader(f.Path, int64(len(f.Data)))); err != nil {
			return fmt.Errorf("%s: %w", quote(f.Path), err)
		}
		if _, err := tw.Write(f.Data); err != nil {
			return fmt.Errorf("%s: %w", quote(f.Path), err)
		}
	}
	if err := tw.Close(); err != nil {
		return err
	}
	return zw.Close()
}

func checkCompressed(n int64) error {
	if n > MaxCompressed {
		return refuse(ReasonTooLarge, "", fmt.Sprintf("compressed it has more than %d bytes", MaxCompressed))
	}
	return nil
}

// entryHeader is the only tar header that a bundle may have for an entry.
func entryHeader(path string, size int64) *tar.Header {
	return &tar.Header{
		Typeflag: tar.TypeReg,
		Name:     path,
		Size:     size,
		Mode:     entryMode,
		ModTime:  time.Unix(0, 0),
		Format:   tar.FormatUSTAR,
	}
}

// entrySize is what an entry of size bytes takes in the archive.
func entrySize(size int64) int64 {
	return blockSize + (size+blockSize-1)/blockSize*blockSize
}
