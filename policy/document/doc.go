// Package document reads YAML documents strictly and remembers where every
// value stands.
//
// Call [Parse] to get the documents of a file, then walk each one through
// [Walker.Object]: every key is asked for by name and type, and what nobody
// asked for is reported as unknown. Nothing is decoded by reflection.
//
// The package refuses what makes a file mean something other than it shows:
// anchors, aliases, merge keys, tags (a lone "!" included), duplicate keys,
// characters that nobody sees, and YAML's own guesses at a scalar's type.
// Scalars are read by the type that the reader asks for.
package document
