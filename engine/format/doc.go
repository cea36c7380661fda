// Package format gives policy files their one canonical layout.
//
// Call [Source] with the bytes of one file. It lays out anew what stands
// between the values (indentation, spacing, line ends) and the CEL conditions;
// comments, order and blank lines stay. YAML is never marshalled: every
// scalar that is no condition is copied as it was written.
//
// Nothing is taken on trust. The result is read again by the strict reader,
// and unless both readings say the same, conditions compared as syntax trees,
// there is an error and no result. A file that is no gwctl document, or uses
// YAML that the reader refuses, is reported and left alone.
package format
