package command

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/audit"
)

// maxLog bounds what is read of one file, unpacked.
const maxLog = 64 << 30

// recordLog searches decision records in a log and in what it was rotated to.
type recordLog struct {
	id     string
	lines  int
	broken []string // places of lines that are no whole records, the first few
	others int      // broken lines beyond those
	ocsf   bool     // it has events in the form of OCSF
}

// foundRecord is a record with its place.
type foundRecord struct {
	*record.Event
	place string // FILE:LINE
}

const maxBroken = 3

// errNoRecord says that no line has the record.
var errNoRecord = errors.New("no record")

// find looks for the record of a request by its decision id: in the file, then
// in the rotated ones, newest first. A record of another kind than a decision
// counts only if there is none of a decision.
func (l *recordLog) find(path string) (*foundRecord, error) {
	paths := []string{path}
	rotated, err := audit.Rotated(path)
	if err == nil {
		for i := len(rotated) - 1; i >= 0; i-- {
			paths = append(paths, rotated[i])
		}
	}
	for i, p := range paths {
		found, err := l.file(p)
		if i == 0 && len(paths) > 1 && errors.Is(err, os.ErrNotExist) {
			continue // just rotated
		}
		if found != nil || err != nil {
			return found, err
		}
	}
	return nil, errNoRecord
}

func (l *recordLog) file(path string) (*foundRecord, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var in io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		unpacked, err := gzip.NewReader(file)
		if err != nil {
			return nil, fmt.Errorf("unpacking %s: %w", path, err)
		}
		in = unpacked
	}
	found, err := l.search(path, io.LimitReader(in, maxLog))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return found, nil
}

// search reads lines, of which none takes more memory than a record can be
// long.
func (l *recordLog) search(name string, in io.Reader) (found *foundRecord, err error) {
	r := bufio.NewReaderSize(in, 64<<10)
	var line []byte
	for n := 1; ; n++ {
		var tooLong bool
		line, tooLong, err = readLine(r, line[:0])
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		atEnd := err != nil
		if atEnd && len(line) == 0 && !tooLong {
			return found, nil
		}
		place := fmt.Sprintf("%s:%d", name, n)
		l.lines++
		e, wrong := l.line(line, tooLong)
		switch {
		case wrong != nil && atEnd:
			l.note(place + " (cut short: the process ended while it was written, or is writing it)")
		case wrong != nil:
			l.note(place + " (" + wrong.Error() + ")")
		case e != nil && e.Kind == record.KindDecision:
			return &foundRecord{e, place}, nil
		case e != nil && found == nil:
			found = &foundRecord{e, place}
		}
		if atEnd {
			return found, nil
		}
	}
}

// line gives the record of a line if it has the id looked for. Other lines are
// not parsed, only looked at.
func (l *recordLog) line(line []byte, tooLong bool) (*record.Event, error) {
	line = bytes.TrimRight(line, "\r\n")
	switch {
	case tooLong:
		return nil, errors.New("longer than a record can be")
	case len(line) == 0:
		return nil, nil
	case line[0] != '{' || line[len(line)-1] != '}':
		return nil, errors.New("no whole record")
	case bytes.HasPrefix(line, []byte(`{"metadata":`)):
		l.ocsf = true
		return nil, nil
	case !bytes.Contains(line, []byte(`"`+l.id+`"`)):
		return nil, nil
	}
	e, err := record.Parse(line)
	if err != nil {
		return nil, err
	}
	if e.DecisionID != l.id {
		return nil, nil
	}
	return e, nil
}

func (l *recordLog) note(broken string) {
	if len(l.broken) < maxBroken {
		l.broken = append(l.broken, broken)
	} else {
		l.others++
	}
}

// readLine reads a line with its end into buf, which does not grow beyond what
// a record can be long; the rest of a longer line is skipped.
func readLine(r *bufio.Reader, buf []byte) (line []byte, tooLong bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if len(buf)+len(part) > record.MaxLine+2 {
			tooLong = true
			buf = buf[:0]
		}
		if !tooLong {
			buf = append(buf, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return buf, tooLong, err
		}
	}
}
