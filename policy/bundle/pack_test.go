package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var testMeta = Meta{
	Name:         "shop",
	CELVersion:   "v0.33.2",
	GwctlVersion: "v1.2.3",
	SetDigest:    Digest([]byte("meaning")),
}

func testFiles() []File {
	return []File{
		{Path: "schema.yaml", Data: []byte("kind: Schema\n")},
		{Path: "orders/read.yaml", Data: []byte("kind: Policy\n")},
		{Path: "orders/empty.yaml", Data: []byte{}},
		{Path: "orders.yaml", Data: bytes.Repeat([]byte("x"), 512)},
		{Path: strings.Repeat("d", 155) + "/" + strings.Repeat("f", 95) + ".yaml", Data: []byte("long")},
	}
}

func pack(t testing.TB, files []File, meta Meta) ([]byte, Manifest) {
	t.Helper()
	var out bytes.Buffer
	m, err := Pack(&out, files, meta)
	if err != nil {
		t.Fatalf("Pack: %v", err)
	}
	return out.Bytes(), m
}

func unpackBytes(t testing.TB, data []byte) *Bundle {
	t.Helper()
	b, err := Unpack(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("Unpack: %v", err)
	}
	return b
}

func reasonOf(err error) Reason {
	var fe *FormatError
	if errors.As(err, &fe) {
		return fe.Reason
	}
	return ""
}

func TestRoundTrip(t *testing.T) {
	files := testFiles()
	before := slices.Clone(files)
	data, m := pack(t, files, testMeta)
	if !reflect.DeepEqual(files, before) {
		t.Error("Pack changed its argument")
	}
	if !Sniff(data) {
		t.Error("Sniff does not know a bundle")
	}
	b := unpackBytes(t, data)
	if !reflect.DeepEqual(b.Manifest, m) {
		t.Errorf("manifest read %+v, written %+v", b.Manifest, m)
	}
	if got := b.Manifest.Meta(); got != testMeta {
		t.Errorf("meta read %+v, written %+v", got, testMeta)
	}
	if m.Version != Version || m.Language != Language {
		t.Errorf("version %d, language %q", m.Version, m.Language)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	if !reflect.DeepEqual(b.Files, files) {
		t.Errorf("files read differ from files written: %v", b.Files)
	}
	for i, f := range files {
		want := FileDigest{Path: f.Path, SHA256: strings.TrimPrefix(Digest(f.Data), "sha256:"), Size: int64(len(f.Data))}
		if m.Files[i] != want {
			t.Errorf("manifest line %+v, want %+v", m.Files[i], want)
		}
	}
	if b.Digest != Digest(data) {
		t.Errorf("digest %s, want %s", b.Digest, Digest(data))
	}
}

func TestDigest(t *testing.T) {
	// SHA-256 of the empty string, FIPS 180-4 example values.
	const want = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	if got := Digest(nil); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSniff(t *testing.T) {
	for _, c := range []struct {
		head string
		want bool
	}{
		{"\x1f\x8b\x08", true},
		{"\x1f\x8b\x08\x00\x00", true},
		{"\x1f\x8b", false},
		{"\x1f\x8b\x07", false},
		{"", false},
		{"apiVersion: gwctl.dev/v1\n", false},
		{"PK\x03\x04", false},
	} {
		if got := Sniff([]byte(c.head)); got != c.want {
			t.Errorf("Sniff(%q) = %v", c.head, got)
		}
	}
}

// Any order of the same files gives the same bytes.
func TestPackIsDeterministic(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for round := range 5 {
		var files []File
		for i := range 1 + rnd.IntN(30) {
			body := make([]byte, rnd.IntN(1000))
			for j := range body {
				body[j] = byte('a' + rnd.IntN(8))
			}
			files = append(files, File{Path: fmt.Sprintf("d%d/f%d.yaml", rnd.IntN(4), i), Data: body})
		}
		first, m := pack(t, files, testMeta)
		for range 3 {
			rnd.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
			again, n := pack(t, files, testMeta)
			if !bytes.Equal(first, again) || !reflect.DeepEqual(m, n) {
				t.Fatalf("round %d: another order gives another bundle", round)
			}
		}
		other := testMeta
		other.Name = "other"
		if changed, _ := pack(t, files, other); bytes.Equal(first, changed) {
			t.Fatalf("round %d: the meta is not in the bundle", round)
		}
	}
}

// Nothing of the time, the machine or the user is in the headers.
func TestPackHeaders(t *testing.T) {
	data, m := pack(t, testFiles(), testMeta)
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if want := (gzip.Header{OS: 255}); !reflect.DeepEqual(zr.Header, want) {
		t.Errorf("gzip header %+v, want %+v", zr.Header, want)
	}
	tr := tar.NewReader(zr)
	var names []string
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || h.Mode != 0o644 || h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" ||
			h.ModTime.Unix() != 0 || h.Format != tar.FormatUSTAR || h.PAXRecords != nil {
			t.Errorf("entry %q has the header %+v", h.Name, h)
		}
		names = append(names, h.Name)
	}
	want := []string{manifestPath}
	for _, f := range m.Files {
		want = append(want, f.Path)
	}
	if !slices.Equal(names, want) {
		t.Errorf("entries %q, want %q", names, want)
	}
}

func TestPackRefuses(t *testing.T) {
	file := func(path string) []File { return []File{{Path: path}} }
	plainMeta := Meta{}
	for _, c := range []struct {
		name  string
		bad   []File
		good  []File
		meta  Meta
		twin  Meta
		want  Reason
		where string
	}{
		{name: "no file", bad: nil, good: file("a"), want: ReasonEmpty},
		{name: "empty path", bad: file(""), good: file("a"), want: ReasonPath},
		{name: "absolute", bad: file("/a"), good: file("a"), want: ReasonPath, where: "/a"},
		{name: "drive", bad: file("C:/a"), good: file("CC:/a"), want: ReasonPath, where: "C:/a"},
		{name: "dot dot", bad: file("../a"), good: file("..a"), want: ReasonPath, where: "../a"},
		{name: "inner dot dot", bad: file("a/../b"), good: file("a/..b"), want: ReasonPath, where: "a/../b"},
		{name: "last dot dot", bad: file("a/.."), good: file("a/..."), want: ReasonPath, where: "a/.."},
		{name: "dot", bad: file("."), good: file(".a"), want: ReasonPath, where: "."},
		{name: "leading dot", bad: file("./a"), good: file(".a/b"), want: ReasonPath, where: "./a"},
		{name: "double slash", bad: file("a//b"), good: file("a/b"), want: ReasonPath, where: "a//b"},
		{name: "directory", bad: file("a/"), good: file("a"), want: ReasonPath, where: "a/"},
		{name: "backslash", bad: file(`a\b`), good: file("a/b"), want: ReasonPath, where: `a\b`},
		{name: "quote", bad: file(`a"b`), good: file("a'b"), want: ReasonPath, where: `a"b`},
		{name: "NUL", bad: file("a\x00b"), good: file("a b"), want: ReasonPath, where: "a\x00b"},
		{name: "newline", bad: file("a\nb"), good: file("a b"), want: ReasonPath, where: "a\nb"},
		{name: "not ASCII", bad: file("é"), good: file("e"), want: ReasonPath, where: "é"},
		{name: "not UTF-8", bad: file("\xff"), good: file("y"), want: ReasonPath, where: "\xff"},
		{name: "manifest", bad: file("Manifest.json"), good: file("a/manifest.json"), want: ReasonPath, where: "Manifest.json"},
		{name: "long name", bad: file(strings.Repeat("a", 101)), good: file(strings.Repeat("a", 100)), want: ReasonPath, where: strings.Repeat("a", 101)},
		{name: "long prefix", bad: file(strings.Repeat("a", 156) + "/b"), good: file(strings.Repeat("a", 155) + "/b"), want: ReasonPath, where: strings.Repeat("a", 156) + "/b"},
		{name: "duplicate", bad: []File{{Path: "a"}, {Path: "b"}, {Path: "a"}}, good: []File{{Path: "a"}, {Path: "b"}}, want: ReasonDuplicate, where: "a"},
		{name: "file and directory", bad: []File{{Path: "a/b/c"}, {Path: "a.yaml"}, {Path: "a"}}, good: []File{{Path: "a/b/c"}, {Path: "a.yaml"}}, want: ReasonPath, where: "a/b/c"},
		{name: "large file", bad: []File{{Path: "a", Data: make([]byte, MaxFile+1)}}, good: []File{{Path: "a", Data: make([]byte, MaxFile)}}, want: ReasonTooLarge, where: "a"},
		{name: "long meta", bad: file("a"), good: file("a"), meta: Meta{Name: strings.Repeat("n", 257)}, twin: Meta{Name: strings.Repeat("n", 256)}, want: ReasonMeta, where: manifestPath},
		{name: "control in meta", bad: file("a"), good: file("a"), meta: Meta{CELVersion: "v1\n"}, twin: Meta{CELVersion: "v1"}, want: ReasonMeta, where: manifestPath},
		{name: "quote in meta", bad: file("a"), good: file("a"), meta: Meta{GwctlVersion: `v"1`}, twin: plainMeta, want: ReasonMeta, where: manifestPath},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			_, err := Pack(&out, c.bad, c.meta)
			var fe *FormatError
			if !errors.As(err, &fe) || fe.Reason != c.want || fe.Path != c.where {
				t.Errorf("got %#v, want reason %q at %q", err, c.want, c.where)
			}
			if out.Len() != 0 {
				t.Error("refused files were written")
			}
			data, _ := pack(t, c.good, c.twin)
			unpackBytes(t, data)
		})
	}
}

// The limits over all files are in the manifest, where they cost little to test.
func TestManifestLimits(t *testing.T) {
	sum := strings.TrimPrefix(Digest(nil), "sha256:")
	list := func(n int, size int64, path string) Manifest {
		m := Manifest{Version: Version, Language: Language}
		for i := range n {
			m.Files = append(m.Files, FileDigest{Path: fmt.Sprintf("%s%05d", path, i), SHA256: sum, Size: size})
		}
		return m
	}
	extra := FileDigest{Path: "z", SHA256: sum, Size: 1}

	full := list(MaxTotal/MaxFile, MaxFile, "")
	if err := full.check(); err != nil {
		t.Errorf("the largest set: %v", err)
	}
	full.Files = append(full.Files, extra)
	if err := full.check(); reasonOf(err) != ReasonTooLarge {
		t.Errorf("one byte more: %v", err)
	}

	many := list(MaxFiles, 0, "")
	if err := many.check(); err != nil {
		t.Errorf("the longest manifest: %v", err)
	}
	many.Files = append(many.Files, extra)
	if err := many.check(); reasonOf(err) != ReasonTooMany {
		t.Errorf("one file more: %v", err)
	}

	// The longest paths there are make the largest manifest.
	data, err := list(MaxFiles, MaxFile, strings.Repeat("d", 155)+"/"+strings.Repeat("f", 95)).encode()
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > MaxManifest {
		t.Errorf("the largest manifest has %d bytes", len(data))
	}

	if err := checkCompressed(MaxCompressed); err != nil {
		t.Errorf("the largest bundle: %v", err)
	}
	if err := checkCompressed(MaxCompressed + 1); reasonOf(err) != ReasonTooLarge {
		t.Errorf("one byte more: %v", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestPackWriterFails(t *testing.T) {
	full := errors.New("disk full")
	_, err := Pack(failingWriter{full}, testFiles(), testMeta)
	if !errors.Is(err, full) || reasonOf(err) != "" {
		t.Errorf("got %v", err)
	}
}
