package command

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
)

const goodRecord = `{"seq":1,"event":"authn_failure","ts":"2026-01-15T10:00:00Z","decision_id":"d","reason":"token_expired","status":401}`

// A line takes no more memory than a record can be long, whatever the file.
func TestLongLines(t *testing.T) {
	text := strings.Repeat("x", 3*record.MaxLine) + "\n" + goodRecord + "\n" + strings.Repeat("y", 2*record.MaxLine)
	l := &recordLog{id: "d"}
	found, err := l.search("log", strings.NewReader(text))
	if err != nil || found == nil || found.place != "log:2" || l.lines != 3 || len(l.broken) != 2 {
		t.Errorf("found %+v, %v in %d lines; broken %q", found, err, l.lines, l.broken)
	}
	r := bufio.NewReaderSize(strings.NewReader(text), 64<<10)
	for {
		line, tooLong, err := readLine(r, nil)
		if len(line) > record.MaxLine+2 || tooLong && len(line) != 0 {
			t.Errorf("a line of %d bytes, too long %v", len(line), tooLong)
		}
		if err != nil {
			break
		}
	}
}

// A decision comes before other records of its request, and errors of reading
// are not the end of the file.
func TestSearch(t *testing.T) {
	decision := strings.Replace(goodRecord, `"authn_failure"`, `"decision"`, 1)
	other := strings.Replace(goodRecord, `"d"`, `"d2"`, 1)
	for _, tt := range []struct{ name, text, place string }{
		{"decision last", goodRecord + "\n" + decision + "\n", "log:2"},
		{"decision first", decision + "\n" + goodRecord + "\n", "log:1"},
		{"no line end", goodRecord, "log:1"},
		{"blank lines", "\n\r\n" + goodRecord + "\r\n", "log:3"},
		{"another one", other + "\n", ""},
		{"the id elsewhere", strings.Replace(other, "token_expired", "d", 1) + "\n", ""},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found, err := (&recordLog{id: "d"}).search("log", strings.NewReader(tt.text))
			if err != nil || (found == nil) != (tt.place == "") || found != nil && found.place != tt.place {
				t.Errorf("found %+v, %v", found, err)
			}
		})
	}
	fault := errors.New("fault")
	if found, err := (&recordLog{id: "d"}).search("log", io.MultiReader(strings.NewReader("{}\n"), faulty{fault})); !errors.Is(err, fault) || found != nil {
		t.Errorf("found %+v, %v", found, err)
	}
}

type faulty struct{ err error }

func (f faulty) Read([]byte) (int, error) { return 0, f.err }

// A pipe in the place of a log must not hold the command up.
func TestLogIsAFile(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "log")
	if err := os.Symlink(os.DevNull, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, link} {
		if found, err := (&recordLog{id: "d"}).find(path); err == nil || errors.Is(err, errNoRecord) || found != nil {
			t.Errorf("%s: found %+v, %v", path, found, err)
		}
	}
}

func FuzzRecordLog(f *testing.F) {
	f.Add([]byte(goodRecord+"\n"), "d")
	f.Add([]byte(`{"metadata":{"sequence":1}}`+"\n{\n\x00\xff\n"), "d")
	f.Add([]byte(strings.Repeat(goodRecord[:40]+"\n", 9)), `d"`)
	f.Fuzz(func(t *testing.T, text []byte, id string) {
		l := &recordLog{id: id}
		found, err := l.search("log", bytes.NewReader(text))
		if err != nil || len(l.broken) > maxBroken {
			t.Fatalf("%v, %d broken lines told", err, len(l.broken))
		}
		if found != nil && (found.DecisionID != id || found.Event == nil) {
			t.Fatalf("looked for %q, found %+v", id, found.Event)
		}
	})
}
