package bundle

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
)

// Unpack reads a bundle from r up to r's end and verifies all of it. An archive
// that breaks any rule is a [*FormatError] and gives no bundle; any other error
// comes from r. It reads at most [MaxCompressed] bytes and one more, and needs
// memory for the files and the manifest, whatever the archive claims.
func Unpack(r io.Reader) (*Bundle, error) {
	src := &source{r: r, sum: sha256.New()}
	b, err := unpack(src)
	if src.err != nil {
		// The archive looks broken, but only because its reader is.
		return nil, fmt.Errorf("reading the bundle: %w", src.err)
	}
	if err := checkCompressed(src.n); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, broken(err)
	}
	b.Digest = "sha256:" + hex.EncodeToString(src.sum.Sum(nil))
	return b, nil
}

func unpack(src *source) (*Bundle, error) {
	// gzip reads a byte reader no further than the stream's end, so what
	// follows the stream can be seen.
	br := bufio.NewReader(src)
	if head, err := br.Peek(3); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	} else if !Sniff(head) {
		return nil, refuse(ReasonNotGzip, "", "this is not a bundle (no gzip stream)")
	}
	zr, err := gzip.NewReader(br)
	if err != nil {
		return nil, err
	}
	zr.Multistream(false)
	if h := zr.Header; h.Name != "" || h.Comment != "" || len(h.Extra) != 0 || !h.ModTime.IsZero() {
		return nil, refuse(ReasonHeader, "", "its gzip header has a name, a comment, a time or extra data")
	}

	stream := &budget{r: zr, left: entrySize(MaxManifest) + endSize}
	tr := tar.NewReader(stream)
	m, err := readManifest(tr, stream)
	if err != nil {
		return nil, err
	}
	b := &Bundle{Manifest: m, Files: make([]File, 0, len(m.Files))}
	for i := range m.Files {
		data, err := readEntry(tr, m.Files, i)
		if err != nil {
			return nil, err
		}
		b.Files = append(b.Files, File{Path: m.Files[i].Path, Data: data})
	}
	if h, err := tr.Next(); err == nil {
		return nil, extra(h, m.Files, len(m.Files))
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if stream.left != 0 {
		return nil, refuse(ReasonTruncated, "", "the archive has no proper end")
	}
	// Reading on to the end also makes gzip compare its checksum.
	if n, err := io.ReadFull(zr, make([]byte, 1)); n != 0 {
		return nil, trailing()
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if _, err := br.ReadByte(); err == nil {
		return nil, trailing()
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}

// readManifest reads the first entry and sets the stream's budget to exactly
// what the manifest's files take: no extended header and no hole fits.
func readManifest(tr *tar.Reader, stream *budget) (Manifest, error) {
	h, err := tr.Next()
	if errors.Is(err, io.EOF) {
		return Manifest{}, refuse(ReasonManifest, manifestPath, "the archive is empty")
	} else if err != nil {
		return Manifest{}, err
	}
	if h.Name != manifestPath {
		return Manifest{}, refuse(ReasonManifest, h.Name, manifestPath+" is not the first entry")
	}
	if err := checkHeader(h); err != nil {
		return Manifest{}, err
	}
	if h.Size > MaxManifest {
		return Manifest{}, refuse(ReasonTooLarge, manifestPath, fmt.Sprintf("the manifest has %d bytes, the limit is %d", h.Size, MaxManifest))
	}
	data := make([]byte, h.Size)
	if _, err := io.ReadFull(tr, data); err != nil {
		return Manifest{}, err
	}
	m, err := parseManifest(data)
	if err != nil {
		return Manifest{}, err
	}
	stream.left = entrySize(h.Size) - blockSize - h.Size + endSize
	for _, f := range m.Files {
		stream.left += entrySize(f.Size)
	}
	return m, nil
}

// readEntry reads the next entry, which must be file i of the manifest.
func readEntry(tr *tar.Reader, files []FileDigest, i int) ([]byte, error) {
	want := files[i]
	h, err := tr.Next()
	if errors.Is(err, io.EOF) {
		return nil, refuse(ReasonMissing, want.Path, "the manifest lists this file, the archive has no such entry")
	} else if err != nil {
		return nil, err
	}
	if h.Name != want.Path {
		return nil, extra(h, files, i)
	}
	if err := checkHeader(h); err != nil {
		return nil, err
	}
	if h.Size != want.Size {
		return nil, refuse(ReasonSize, want.Path, fmt.Sprintf("the entry has %d bytes, the manifest says %d", h.Size, want.Size))
	}
	data := make([]byte, want.Size)
	if _, err := io.ReadFull(tr, data); err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != want.SHA256 {
		return nil, refuse(ReasonDigest, want.Path, "the content is not what the manifest says (SHA-256 differs)")
	}
	return data, nil
}

// extra says what is wrong with an entry that stands where file i should.
func extra(h *tar.Header, files []FileDigest, i int) error {
	at, listed := slices.BinarySearchFunc(files, h.Name, func(f FileDigest, name string) int { return strings.Compare(f.Path, name) })
	switch {
	case !listed && h.Name == manifestPath:
		return refuse(ReasonDuplicate, h.Name, "the archive has a second manifest")
	case !listed:
		return refuse(ReasonUnlisted, h.Name, "the manifest does not list this entry")
	case at < i:
		return refuse(ReasonDuplicate, h.Name, "the entry appears twice")
	default:
		return refuse(ReasonMissing, files[i].Path, "the manifest lists this file next, the archive has "+quote(h.Name))
	}
}

// checkHeader refuses every header but the one that Pack writes.
func checkHeader(h *tar.Header) error {
	want := entryHeader(h.Name, h.Size)
	switch {
	case h.Typeflag != want.Typeflag:
		return refuse(ReasonNotRegular, h.Name, "the entry is not a regular file")
	case h.Format != want.Format:
		return refuse(ReasonHeader, h.Name, "the entry's header is not plain USTAR")
	case h.Mode != want.Mode, h.Uid != 0, h.Gid != 0, h.Uname != "", h.Gname != "", h.Linkname != "",
		h.Devmajor != 0, h.Devminor != 0, !h.ModTime.Equal(want.ModTime):
		return refuse(ReasonHeader, h.Name, "the entry's header has an owner, a mode, a link or a time that gwctl does not write")
	}
	return nil
}

func trailing() *FormatError {
	return refuse(ReasonTrailing, "", "there is more data than the manifest accounts for")
}

// broken turns an error of the gzip and tar readers into a FormatError.
func broken(err error) error {
	var fe *FormatError
	if errors.As(err, &fe) {
		return fe
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return &FormatError{Reason: ReasonTruncated, Detail: "the archive ends too early", Err: err}
	}
	return &FormatError{Reason: ReasonCorrupt, Detail: "the archive is damaged", Err: err}
}

// source counts and hashes the archive as stored, and keeps the reader's own
// error apart from those of the formats above it.
type source struct {
	r   io.Reader
	sum hash.Hash
	n   int64
	err error
}

func (s *source) Read(p []byte) (int, error) {
	left := MaxCompressed + 1 - s.n
	if left <= 0 {
		return 0, io.EOF
	}
	n, err := s.r.Read(p[:min(int64(len(p)), left)])
	s.n += int64(n)
	s.sum.Write(p[:n])
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// budget bounds the decompressed stream. Unlike io.LimitReader it tells its
// own end from the stream's.
type budget struct {
	r    io.Reader
	left int64
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left == 0 && len(p) > 0 {
		return 0, trailing()
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
