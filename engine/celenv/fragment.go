package celenv

// Scope is the scope that the expression was checked in.
func (e *Expr) Scope() *Scope { return e.scope }
