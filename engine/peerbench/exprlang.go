package peerbench

import (
	"fmt"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
	"github.com/gwctl/gwctl/engine/peerbench/workload"
)

const nameExpr = "expr-lang, indexed by hand, input prepared"

// exprInput is what expressions see: a struct, as expr's documentation
// recommends for speed.
type exprInput struct {
	User     exprUser     `expr:"user"`
	Resource exprResource `expr:"resource"`
}

type exprUser struct {
	ID     string   `expr:"id"`
	Tenant string   `expr:"tenant"`
	Roles  []string `expr:"roles"`
}

type exprResource struct {
	Tenant string `expr:"tenant"`
	Owner  string `expr:"owner"`
}

func exprTexts(w *workload.Routes) []string {
	out := make([]string, len(w.Rules))
	for i, r := range w.Rules {
		out[i] = fmt.Sprintf(`"%s" in user.roles && user.tenant == resource.tenant && resource.owner == user.id`, r.Role)
	}
	return out
}

func exprPrograms(texts []string) ([]*vm.Program, error) {
	out := make([]*vm.Program, len(texts))
	for i, text := range texts {
		var err error
		if out[i], err = expr.Compile(text, expr.Env(exprInput{}), expr.AsBool()); err != nil {
			return nil, fmt.Errorf("compiling %q: %w", text, err)
		}
	}
	return out, nil
}

func loadExpr(w *workload.Routes) func() (any, error) {
	texts := exprTexts(w)
	return func() (any, error) { return exprPrograms(texts) }
}

// exprRoutes has a program for each route behind a Go map; the virtual machine
// is reused.
func exprRoutes(w *workload.Routes) (workload.Engine, error) {
	programs, err := exprPrograms(exprTexts(w))
	if err != nil {
		return nil, err
	}
	router, inputs := workload.NewRouter(w.Rules), make([]any, len(w.Questions))
	for i, r := range w.Resolve() {
		u := w.Questions[i].User
		inputs[i] = exprInput{exprUser{u.ID, u.Tenant, u.Roles}, exprResource{r.Tenant, r.Owner}}
	}
	return func() workload.Worker {
		machine := &vm.VM{}
		return func(i int) bool {
			q := &w.Questions[i]
			n := router.Find(q)
			if n < 0 || w.Rules[n].Method != q.Method {
				return false
			}
			v, err := machine.Run(programs[n], inputs[i])
			return err == nil && v == true
		}
	}, nil
}
