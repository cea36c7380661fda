// Package plan turns checked conditions into Go closures over slots.
//
// [NewCompiler] is made once per slot layout; [Compiler.Compile] plans an
// expression, and [Program.Bool] or [Program.Text] runs it on a [Machine] that
// [Machine.Reset] has bound to one request's values. What a part of an
// expression has no closure for, cel-go evaluates: results are those of
// [celenv.Expr.EvalBool] for the whole language, value and class of error. One
// thing is settled here that CEL leaves open: loops over maps go in the order
// of keys, so that the same request has the same error every time.
//
// The package checks nothing and reports nothing to authors: an expression
// comes here after [celenv.Scope.Compile] accepted it.
package plan
