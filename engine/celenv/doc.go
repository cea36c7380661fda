// Package celenv builds the CEL environment in which conditions are checked
// and evaluated.
//
// [NewLibrary] makes the part that every set shares. [Library.NewScope] adds
// the attributes of one slot layout and the constants and variables of one
// policy; [Scope.Compile] checks an expression in it, and [Expr.Eval] runs it
// over a [Frame] of bound values.
//
// Attributes are objects whose fields are slots. Reading an absent one is an
// error, never a zero value, and so is testing one whose provider did not
// answer. There is no clock, no input and no output in the environment.
package celenv
