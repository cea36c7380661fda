package bundle

import (
	"archive/tar"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// repeater is an endless stream: head once, then unit for ever.
type repeater struct {
	head, unit, rest []byte
}

func (r *repeater) Read(p []byte) (int, error) {
	if len(r.head) > 0 {
		n := copy(p, r.head)
		r.head = r.head[n:]
		return n, nil
	}
	if len(r.rest) == 0 {
		r.rest = r.unit
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// bomb is an endless gzip stream of head and then unit for ever. The unit must
// be longer than deflate's window: then its compressed form can be repeated.
func bomb(t testing.TB, head, unit []byte) io.Reader {
	t.Helper()
	var out bytes.Buffer
	zw, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	var ends []int
	for _, part := range [][]byte{head, unit, unit} {
		if _, err := zw.Write(part); err != nil {
			t.Fatal(err)
		}
		if err := zw.Flush(); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, out.Len())
	}
	gzipHeader := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}
	return &repeater{head: append(gzipHeader, out.Bytes()[:ends[1]]...), unit: out.Bytes()[ends[1]:]}
}

// Each of these streams has no end; Unpack has one.
func TestUnpackBombs(t *testing.T) {
	header := func(name string, size int64) []byte {
		var out bytes.Buffer
		if err := tar.NewWriter(&out).WriteHeader(entryHeader(name, size)); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	zeros := make([]byte, 1<<20)
	// An extended header and its records, without the entry they belong to.
	var pax bytes.Buffer
	long := tar.Header{Typeflag: tar.TypeReg, Name: "x", Format: tar.FormatPAX, PAXRecords: map[string]string{"GWCTL.x": strings.Repeat("y", 1<<19)}}
	if err := tar.NewWriter(&pax).WriteHeader(&long); err != nil {
		t.Fatal(err)
	}
	pax.Truncate(pax.Len() - blockSize)

	good := honest(t)
	whole := good.tar(t)
	open := whole[: len(whole)-endSize : len(whole)-endSize]
	manifest := func(body string) []byte {
		return append(header(manifestPath, int64(len(body))), body...)
	}
	empties := `{"version": 1, "language": "gwctl.dev/v1", "files": [{}` + strings.Repeat(",{}", 100_000) + "]}"
	for _, c := range []struct {
		name       string
		head, unit []byte
		want       Reason
	}{
		{"zeros only", nil, zeros, ReasonManifest},
		{"zeros after the archive", whole, zeros, ReasonTrailing},
		{"large manifest", header(manifestPath, MaxManifest+1), zeros, ReasonTooLarge},
		{"manifest of zeros", header(manifestPath, MaxManifest), zeros, ReasonManifest},
		{"large first entry", header("a", 6<<30), zeros, ReasonManifest},
		{"large last entry", append(open, header("z", 6<<30)...), zeros, ReasonUnlisted},
		{"extended headers before the manifest", nil, pax.Bytes(), ReasonTrailing},
		{"extended headers after the files", open, pax.Bytes(), ReasonTrailing},
		{"many files", manifest(empties), zeros, ReasonTooMany},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Unpack(bomb(t, c.head, c.unit)); reasonOf(err) != c.want {
				t.Errorf("got %v, want reason %q", err, c.want)
			}
		})
	}
}

// A bundle that keeps every rule but the size of its stored form.
func TestUnpackCompressedLimit(t *testing.T) {
	body := make([]byte, MaxFile)
	sum := strings.TrimPrefix(Digest(body), "sha256:")
	// write stores n files without compressing them.
	write := func(w io.Writer, n int) error {
		m := Manifest{Version: Version, Language: Language}
		for i := range n {
			m.Files = append(m.Files, FileDigest{Path: fmt.Sprintf("%03d", i), SHA256: sum, Size: MaxFile})
		}
		head, err := m.encode()
		if err != nil {
			return err
		}
		zw, err := gzip.NewWriterLevel(w, gzip.NoCompression)
		if err != nil {
			return err
		}
		tw := tar.NewWriter(zw)
		if err := tw.WriteHeader(entryHeader(manifestPath, int64(len(head)))); err != nil {
			return err
		}
		if _, err := tw.Write(head); err != nil {
			return err
		}
		for _, f := range m.Files {
			if err := tw.WriteHeader(entryHeader(f.Path, f.Size)); err != nil {
				return err
			}
			if _, err := tw.Write(body); err != nil {
				return err
			}
		}
		return errors.Join(tw.Close(), zw.Close())
	}
	unpack := func(n int) error {
		pr, pw := io.Pipe()
		defer pr.Close()
		go func() { pw.CloseWithError(write(pw, n)) }()
		_, err := Unpack(pr)
		return err
	}
	if err := unpack(2); err != nil {
		t.Errorf("two files: %v", err)
	}
	if err := unpack(MaxCompressed / MaxFile); reasonOf(err) != ReasonTooLarge {
		t.Errorf("got %v", err)
	}
}

func TestSourceStops(t *testing.T) {
	src := &source{r: &repeater{unit: make([]byte, 1<<16)}, sum: sha256.New()}
	n, err := io.Copy(io.Discard, src)
	if n != MaxCompressed+1 || err != nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
}
