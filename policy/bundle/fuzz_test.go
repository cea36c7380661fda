package bundle

import (
	"bytes"
	"compress/gzip"
	"reflect"
	"slices"
	"testing"
)

// checkUnpacked holds what must be true of any bytes: refused with a reason, or
// a bundle within the limits that packs to itself.
func checkUnpacked(t *testing.T, data []byte) {
	t.Helper()
	b, err := Unpack(bytes.NewReader(data))
	if err != nil {
		if b != nil || reasonOf(err) == "" || err.Error() == "" {
			t.Fatalf("refused with %#v and bundle %v", err, b)
		}
		return
	}
	if !Sniff(data) || b.Digest != Digest(data) {
		t.Fatal("a bundle that Sniff does not know, or with another digest")
	}
	var out bytes.Buffer
	m, err := Pack(&out, b.Files, b.Manifest.Meta())
	if err != nil {
		t.Fatalf("what was read cannot be packed: %v", err)
	}
	if !reflect.DeepEqual(m, b.Manifest) {
		t.Fatalf("packed again it has the manifest %+v, was %+v", m, b.Manifest)
	}
	again, err := Unpack(&out)
	if err != nil {
		t.Fatalf("packed again it cannot be read: %v", err)
	}
	if !reflect.DeepEqual(again.Files, b.Files) {
		t.Fatal("packed again it has other files")
	}
}

func FuzzUnpack(f *testing.F) {
	data, _ := pack(f, testFiles(), testMeta)
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add(append(slices.Clone(data), 0))
	f.Add([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255})
	f.Add([]byte("kind: Policy\n"))
	f.Fuzz(checkUnpacked)
}

// FuzzUnpackTar gets past gzip's checksum.
func FuzzUnpackTar(f *testing.F) {
	whole := honest(f).tar(f)
	f.Add(whole)
	f.Add(whole[:len(whole)-endSize])
	f.Add(append(slices.Clone(whole), 0))
	f.Add(whole[:blockSize])
	f.Add(bytes.Replace(whole, []byte("ustar\x0000"), []byte("ustar  \x00"), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		checkUnpacked(t, compress(t, gzip.Header{}, data))
	})
}

// FuzzManifest gets past the tar header's checksum and size as well.
func FuzzManifest(f *testing.F) {
	f.Add(honest(f).entries[0].data)
	f.Add([]byte(`{"version": 1, "language": "gwctl.dev/v1", "files": [null]}`))
	f.Add([]byte(`{"version": 1, "language": "gwctl.dev/v1", "files": []`))
	f.Add([]byte(`{"version": 1, "Version": 2, "language": "gwctl.dev/v1", "files": [{"path": "a", "sha256": "", "size": 0}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest(data)
		if err != nil {
			if reasonOf(err) == "" {
				t.Fatalf("refused without a reason: %v", err)
			}
			return
		}
		again, err := m.encode()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("accepted another spelling: %q", data)
		}
		for _, file := range m.Files {
			if !fitsUSTAR(file.Path) || file.Size > MaxFile {
				t.Fatalf("accepted %+v", file)
			}
		}
	})
}
