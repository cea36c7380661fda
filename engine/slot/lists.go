package slot

import (
	"slices"
	"strings"
)

// lists makes lists of strings, and maps of them, in memory that the next
// request uses again.
type lists struct {
	names   []string
	items   []Value
	entries []Entry
	parts   []many
	lower   map[string]string // header names seen before
}

// Bounds of the names that are kept in lower case; clients choose them.
const (
	maxLower       = 64
	maxLowerLength = 64
)

func (l *lists) reset() { l.items, l.entries, l.parts = l.items[:0], l.entries[:0], l.parts[:0] }

// part keeps what a value holds. When the memory grows, what was handed out
// before stays where it was.
func (l *lists) part(m many) *many {
	l.parts = append(l.parts, m)
	return &l.parts[len(l.parts)-1]
}

func (l *lists) strings(list ...[]string) Value {
	from := len(l.items)
	for _, part := range list {
		for _, s := range part {
			l.items = append(l.items, StringValue(s))
		}
	}
	if from == len(l.items) {
		return Value{kind: List}
	}
	return Value{kind: List, many: l.part(many{items: slices.Clip(l.items[from:])})}
}

// named makes a map of lists. With fold, names are taken in lower case, and the
// lists of those that are the same then are joined, in the order of the names.
func (l *lists) named(m map[string][]string, fold bool) Value {
	l.names = l.names[:0]
	for name := range m {
		l.names = append(l.names, name)
	}
	slices.Sort(l.names)
	from := len(l.entries)
	for _, name := range l.names {
		key := name
		if fold {
			key = l.lowerCase(name)
		}
		l.entries = append(l.entries, Entry{Key: key, Value: l.strings(m[name])})
	}
	entries := l.entries[from:]
	if fold {
		sortEntries(entries)
		entries = l.join(entries)
	}
	return Value{kind: Map, many: l.part(many{entries: slices.Clip(entries)})}
}

// join makes one entry of those that stand side by side under one key.
func (l *lists) join(entries []Entry) []Entry {
	out := entries[:0]
	for _, e := range entries {
		if last := len(out) - 1; last >= 0 && out[last].Key == e.Key {
			out[last].Value = l.strings(out[last].Value.Strings(), e.Value.Strings())
			continue
		}
		out = append(out, e)
	}
	return out
}

func (l *lists) lowerCase(name string) string {
	lower, ok := l.lower[name]
	if ok {
		return lower
	}
	if lower = strings.ToLower(name); len(l.lower) < maxLower && len(name) <= maxLowerLength {
		if l.lower == nil {
			l.lower = map[string]string{}
		}
		// A copy, since a name may be a piece of something large.
		l.lower[strings.Clone(name)] = lower
	}
	return lower
}
