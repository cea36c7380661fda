package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// forge writes archives that Pack would not.
type forge struct {
	gzip    gzip.Header
	entries []entry
	noEnd   bool   // leave the two zero blocks out
	tail    []byte // after the tar archive, within the gzip stream
	after   []byte // after the gzip stream
}

type entry struct {
	header tar.Header
	data   []byte
}

// honest gives the archive that Pack writes for testFiles, to be tampered with.
func honest(t testing.TB) *forge {
	t.Helper()
	data, _ := pack(t, testFiles(), testMeta)
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	f := &forge{gzip: zr.Header}
	tr := tar.NewReader(zr)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return f
		} else if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		f.entries = append(f.entries, entry{*h, body})
	}
}

func (f *forge) clone() *forge {
	c := *f
	c.entries = slices.Clone(f.entries)
	for i := range c.entries {
		c.entries[i].data = bytes.Clone(c.entries[i].data)
	}
	return &c
}

func (f *forge) tar(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	tw := tar.NewWriter(&out)
	for _, e := range f.entries {
		h := e.header
		if err := tw.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Flush(); err != nil {
		t.Fatal(err)
	}
	if !f.noEnd {
		out.Write(make([]byte, endSize))
	}
	out.Write(f.tail)
	return out.Bytes()
}

func (f *forge) bytes(t testing.TB) []byte {
	t.Helper()
	return append(compress(t, f.gzip, f.tar(t)), f.after...)
}

func compress(t testing.TB, h gzip.Header, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	zw, err := gzip.NewWriterLevel(&out, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	zw.Header = h
	if _, err := zw.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// body replaces an entry's data and keeps its header true.
func (e *entry) body(data []byte) {
	e.data = data
	e.header.Size = int64(len(data))
}

func (f *forge) manifest(from, to string) {
	e := &f.entries[0]
	e.body(bytes.Replace(e.data, []byte(from), []byte(to), 1))
}

func TestUnpackRefuses(t *testing.T) {
	regular := func(path, data string) entry {
		return entry{*entryHeader(path, int64(len(data))), []byte(data)}
	}
	special := func(typeflag byte) func(*forge) {
		return func(f *forge) {
			f.entries[2] = entry{header: tar.Header{Typeflag: typeflag, Name: f.entries[2].header.Name, Linkname: "target", Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}}
		}
	}
	// Entries are: the manifest, a path of 255 bytes, orders.yaml,
	// orders/empty.yaml, orders/read.yaml, schema.yaml.
	const orders, empty, read = "orders.yaml", "orders/empty.yaml", "orders/read.yaml"
	base := honest(t)
	unpackBytes(t, base.bytes(t))
	for _, c := range []struct {
		name   string
		tamper func(*forge)
		want   Reason
		where  string
	}{
		{"gzip name", func(f *forge) { f.gzip.Name = "host" }, ReasonHeader, ""},
		{"gzip comment", func(f *forge) { f.gzip.Comment = "c" }, ReasonHeader, ""},
		{"gzip extra", func(f *forge) { f.gzip.Extra = []byte("x") }, ReasonHeader, ""},
		{"gzip time", func(f *forge) { f.gzip.ModTime = time.Unix(1e9, 0) }, ReasonHeader, ""},
		{"no entry", func(f *forge) { f.entries = nil }, ReasonManifest, manifestPath},
		{"no manifest", func(f *forge) { f.entries = f.entries[2:] }, ReasonManifest, orders},
		{"manifest last", func(f *forge) { f.entries = append(f.entries[1:], f.entries[0]) }, ReasonManifest, f255()},
		{"manifest twice", func(f *forge) { f.entries = append(f.entries, f.entries[0]) }, ReasonDuplicate, manifestPath},
		{"manifest is a link", func(f *forge) {
			f.entries[0] = entry{header: tar.Header{Typeflag: tar.TypeSymlink, Name: manifestPath, Linkname: "x", Mode: 0o644, Format: tar.FormatUSTAR}}
		}, ReasonNotRegular, manifestPath},
		{"unlisted last", func(f *forge) { f.entries = append(f.entries, regular("zzz", "x")) }, ReasonUnlisted, "zzz"},
		{"unlisted first", func(f *forge) {
			f.entries = append([]entry{f.entries[0], regular("a", "x")}, f.entries[1:]...)
		}, ReasonUnlisted, "a"},
		{"missing", func(f *forge) { f.entries = append(f.entries[:2], f.entries[3:]...) }, ReasonMissing, orders},
		{"missing last", func(f *forge) { f.entries = f.entries[:5] }, ReasonMissing, "schema.yaml"},
		{"swapped", func(f *forge) { f.entries[2], f.entries[3] = f.entries[3], f.entries[2] }, ReasonMissing, orders},
		{"twice", func(f *forge) { f.entries[3] = f.entries[2] }, ReasonDuplicate, orders},
		{"twice at the end", func(f *forge) { f.entries = append(f.entries, f.entries[4]) }, ReasonDuplicate, read},
		{"longer", func(f *forge) { f.entries[4].body([]byte("kind: Policy\n\n")) }, ReasonSize, read},
		{"shorter", func(f *forge) { f.entries[4].body([]byte("kind: Policy")) }, ReasonSize, read},
		{"altered", func(f *forge) { f.entries[4].body([]byte("kind: policy\n")) }, ReasonDigest, read},
		{"directory", special(tar.TypeDir), ReasonNotRegular, orders},
		{"symbolic link", special(tar.TypeSymlink), ReasonNotRegular, orders},
		{"hard link", special(tar.TypeLink), ReasonNotRegular, orders},
		{"device", special(tar.TypeChar), ReasonNotRegular, orders},
		{"pipe", special(tar.TypeFifo), ReasonNotRegular, orders},
		{"executable", func(f *forge) { f.entries[2].header.Mode = 0o755 }, ReasonHeader, orders},
		{"owner", func(f *forge) { f.entries[2].header.Uid = 1000 }, ReasonHeader, orders},
		{"owner name", func(f *forge) { f.entries[2].header.Uname = "alice" }, ReasonHeader, orders},
		{"time", func(f *forge) { f.entries[2].header.ModTime = time.Unix(1e9, 0) }, ReasonHeader, orders},
		{"link name", func(f *forge) { f.entries[2].header.Linkname = "x" }, ReasonHeader, orders},
		{"GNU format", func(f *forge) { f.entries[2].header.Format = tar.FormatGNU }, ReasonHeader, orders},
		{"PAX in the manifest", func(f *forge) {
			h := &f.entries[0].header
			h.Format, h.PAXRecords = tar.FormatPAX, map[string]string{"GWCTL.x": "y"}
		}, ReasonHeader, manifestPath},
		{"PAX in a file", func(f *forge) {
			h := &f.entries[2].header
			h.Format, h.PAXRecords = tar.FormatPAX, map[string]string{"GWCTL.x": "y"}
		}, ReasonHeader, orders},
		{"global PAX", func(f *forge) {
			g := entry{header: tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": "x"}, Format: tar.FormatPAX}}
			f.entries = append([]entry{g}, f.entries...)
		}, ReasonManifest, "pax_global_header"},
		{"PAX at the end", func(f *forge) {
			e := regular("zzz", "x")
			e.header.Format, e.header.PAXRecords = tar.FormatPAX, map[string]string{"GWCTL.x": "y"}
			f.entries = append(f.entries, e)
		}, ReasonTrailing, ""},
		{"no end", func(f *forge) { f.noEnd = true }, ReasonTruncated, ""},
		{"half an end", func(f *forge) { f.noEnd, f.tail = true, make([]byte, blockSize) }, ReasonTruncated, ""},
		{"third zero block", func(f *forge) { f.tail = make([]byte, blockSize) }, ReasonTrailing, ""},
		{"byte after the tar", func(f *forge) { f.tail = []byte{0} }, ReasonTrailing, ""},
		{"byte after the gzip", func(f *forge) { f.after = []byte{0} }, ReasonTrailing, ""},
		{"second gzip stream", func(f *forge) { f.after = compress(t, gzip.Header{}, nil) }, ReasonTrailing, ""},
		{"manifest not JSON", func(f *forge) { f.entries[0].body([]byte("kind: Policy\n")) }, ReasonManifest, manifestPath},
		{"manifest empty", func(f *forge) { f.entries[0].body(nil) }, ReasonManifest, manifestPath},
		{"files not a list", func(f *forge) {
			f.entries[0].body([]byte(`{"version": 1, "language": "gwctl.dev/v1", "files": {}}`))
		}, ReasonManifest, manifestPath},
		{"files null", func(f *forge) {
			f.entries[0].body([]byte(`{"version": 1, "language": "gwctl.dev/v1", "files": null}`))
		}, ReasonManifest, manifestPath},
		{"no files", func(f *forge) {
			f.entries[0].body([]byte(`{"version": 1, "language": "gwctl.dev/v1", "files": []}`))
		}, ReasonEmpty, ""},
		{"newer version", func(f *forge) { f.manifest(`"version": 1`, `"version": 2`) }, ReasonVersion, manifestPath},
		{"no version", func(f *forge) { f.manifest(`"version": 1,`, ``) }, ReasonVersion, manifestPath},
		{"other language", func(f *forge) { f.manifest(`gwctl.dev/v1`, `gwctl.dev/v9`) }, ReasonVersion, manifestPath},
		{"unknown key", func(f *forge) { f.manifest(`"version": 1,`, `"version": 1, "built": "now",`) }, ReasonManifest, manifestPath},
		{"unknown key of a file", func(f *forge) { f.manifest(`"size"`, `"mode": 1, "size"`) }, ReasonManifest, manifestPath},
		{"repeated key", func(f *forge) { f.manifest(`"version": 1,`, `"version": 1, "version": 1,`) }, ReasonManifest, manifestPath},
		{"key in capitals", func(f *forge) { f.manifest(`"name"`, `"Name"`) }, ReasonManifest, manifestPath},
		{"other spelling", func(f *forge) { f.manifest(`"version": 1`, `"version":1`) }, ReasonManifest, manifestPath},
		{"text after the manifest", func(f *forge) { f.entries[0].body(append(f.entries[0].data, "{}\n"...)) }, ReasonManifest, manifestPath},
		{"unsorted manifest", func(f *forge) { f.manifest(`"orders.yaml"`, `"z"`) }, ReasonOrder, empty},
		{"path twice", func(f *forge) { f.manifest(`"orders/empty.yaml"`, `"orders.yaml"`) }, ReasonDuplicate, orders},
		{"path leaves", func(f *forge) { f.manifest(`"orders.yaml"`, `"../a"`) }, ReasonPath, "../a"},
		{"absolute path", func(f *forge) { f.manifest(`"orders.yaml"`, `"/etc/passwd"`) }, ReasonPath, "/etc/passwd"},
		{"backslash path", func(f *forge) { f.manifest(`"orders.yaml"`, `"a\\b"`) }, ReasonPath, `a\b`},
		{"file and directory", func(f *forge) { f.manifest(`"orders.yaml"`, `"orders"`) }, ReasonPath, empty},
		{"digest in capitals", func(f *forge) {
			upper := strings.ToUpper(Digest([]byte("kind: Policy\n"))[7:])
			f.manifest(strings.ToLower(upper), upper)
		}, ReasonManifest, read},
		{"digest too short", func(f *forge) { f.manifest(`"sha256": "`, `"sha256": "", "x": "`) }, ReasonManifest, manifestPath},
		{"negative size", func(f *forge) { f.manifest(`"size": 512`, `"size": -1`) }, ReasonManifest, orders},
		{"fractional size", func(f *forge) { f.manifest(`"size": 512`, `"size": 512.5`) }, ReasonManifest, manifestPath},
		{"large file", func(f *forge) { f.manifest(`"size": 512`, `"size": 1048577`) }, ReasonTooLarge, orders},
		{"control in meta", func(f *forge) { f.manifest(`"shop"`, `"shop\n"`) }, ReasonMeta, manifestPath},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := base.clone()
			c.tamper(f)
			b, err := Unpack(bytes.NewReader(f.bytes(t)))
			var fe *FormatError
			if !errors.As(err, &fe) || fe.Reason != c.want || fe.Path != c.where {
				t.Errorf("got %#v, want reason %q at %q", err, c.want, c.where)
			}
			if b != nil {
				t.Error("a refused archive gave a bundle")
			}
		})
	}
}

func f255() string { return testFiles()[4].Path }

func TestUnpackNotGzip(t *testing.T) {
	for _, data := range []string{"", "\x1f", "\x1f\x8b", "kind: Policy\n"} {
		if _, err := Unpack(strings.NewReader(data)); reasonOf(err) != ReasonNotGzip {
			t.Errorf("%q: got %v", data, err)
		}
	}
}

// Every proper beginning of a bundle and every flipped byte is refused.
func TestUnpackDamaged(t *testing.T) {
	data, _ := pack(t, testFiles()[:2], Meta{})
	unpackBytes(t, data)
	for i := range data {
		if _, err := Unpack(bytes.NewReader(data[:i])); i < 3 && reasonOf(err) != ReasonNotGzip || i >= 3 && reasonOf(err) != ReasonTruncated {
			t.Fatalf("first %d of %d bytes: got %v", i, len(data), err)
		}
		// XFL and OS (RFC 1952, section 2.3.1) carry no meaning for us.
		if i == 8 || i == 9 {
			continue
		}
		bad := bytes.Clone(data)
		bad[i] ^= 0xff
		if _, err := Unpack(bytes.NewReader(bad)); reasonOf(err) == "" {
			t.Fatalf("byte %d flipped: got %v", i, err)
		}
	}
}

// However a reader cuts the bytes, the bundle is the same.
func TestUnpackReaders(t *testing.T) {
	data, _ := pack(t, testFiles(), testMeta)
	for name, r := range map[string]io.Reader{
		"one byte": iotest.OneByteReader(bytes.NewReader(data)),
		"data err": iotest.DataErrReader(bytes.NewReader(data)),
	} {
		b, err := Unpack(r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if b.Digest != Digest(data) {
			t.Errorf("%s: digest %s", name, b.Digest)
		}
	}
}

func TestUnpackReaderFails(t *testing.T) {
	data, _ := pack(t, testFiles(), testMeta)
	gone := errors.New("connection reset")
	for _, n := range []int{0, 2, 5, 40, len(data) - 1, len(data)} {
		for _, cause := range []error{gone, io.ErrUnexpectedEOF} {
			_, err := Unpack(io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(cause)))
			if !errors.Is(err, cause) || reasonOf(err) != "" {
				t.Errorf("after %d bytes: got %v, want the reader's own error", n, err)
			}
		}
	}
}

func TestFormatErrorText(t *testing.T) {
	_, err := Pack(io.Discard, []File{{Path: "a\x1b[31m\n"}}, Meta{})
	if err == nil {
		t.Fatal("a path with control characters was packed")
	}
	if text := err.Error(); strings.ContainsAny(text, "\x1b\n") || !strings.Contains(text, `"a\x1b[31m\n"`) {
		t.Errorf("the text is not safe to print or does not name the file: %q", text)
	}
	cause := errors.New("cause")
	if e := (&FormatError{Reason: ReasonCorrupt, Err: cause}); !errors.Is(e, cause) {
		t.Error("the cause is lost")
	}
}
