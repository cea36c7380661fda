package record

import (
	"fmt"
	"strconv"
)

// Format is a form in which records are written, one line each.
type Format uint8

// The formats. Only JSON can be read back.
const (
	JSON Format = iota // the form of this package
	OCSF               // OCSF 1.8.0, classes 6003, 3002 and 0
)

// ParseFormat reads the name of a format: json or ocsf.
func ParseFormat(name string) (Format, error) {
	switch name {
	case "json":
		return JSON, nil
	case "ocsf":
		return OCSF, nil
	}
	return JSON, fmt.Errorf("record format %.100q is neither json nor ocsf", name)
}

// AppendHead begins a line with its sequence number. The number is known last,
// and later than all the rest, which [Format.AppendTail] writes.
func (f Format) AppendHead(dst []byte, seq uint64) []byte {
	head := `{"seq":`
	if f == OCSF {
		head = `{"metadata":{"sequence":`
	}
	return strconv.AppendUint(append(dst, head...), seq, 10)
}

// AppendTail writes what follows the head, without the line's end. Event.Seq
// plays no part in it. It makes the promises of [Event.AppendJSON].
func (f Format) AppendTail(dst []byte, e *Event) []byte {
	if f == OCSF {
		return e.appendOCSF(dst)
	}
	return e.appendTail(dst)
}
