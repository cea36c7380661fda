package celenv

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
	"cel.dev/cel-go/parser"

	"github.com/gwctl/gwctl/engine/slot"
)

// Limits of one expression.
const (
	MaxExpressionSize = 8 << 10 // runes
	MaxNesting        = 64
	MaxRegexProgram   = 1 << 12
	// StepBudget bounds the work of evaluating one expression, counted in
	// CEL's cost units. Once used up, the result is an error whatever the
	// expression goes on to say.
	StepBudget = 1 << 20
)

// Library is what all scopes share: CEL's standard library and the extensions
// of the language. It may be used concurrently.
type Library struct {
	env    *cel.Env
	parser *parser.Parser
	zones  *zones
	fronts fronts
}

// NewLibrary builds the shared environment.
func NewLibrary() (*Library, error) {
	z := &zones{}
	options := []cel.EnvOption{
		standardLibrary(), cel.OptionalTypes(), cel.EnableMacroCallTracking(), cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(MaxExpressionSize), cel.ParserRecursionLimit(MaxNesting), cel.RegexProgramSizeLimit(MaxRegexProgram),
		cel.HomogeneousAggregateLiterals(),
		ext.Strings(), ext.Lists(), ext.Sets(), ext.Math(), ext.TwoVarComprehensions(), ext.Network(),
		requestFunction("header", slot.RequestHeaders), requestFunction("param", slot.RequestQuery),
	}
	env, err := cel.NewCustomEnv(slices.Concat(options, z.options(), costModels())...)
	if err != nil {
		return nil, fmt.Errorf("building the CEL environment: %w", err)
	}
	p, err := newParser(env)
	if err != nil {
		return nil, err
	}
	return &Library{env: env, parser: p, zones: z, fronts: fronts{free: map[string][]*front{}}}, nil
}

// Canonical gives an expression in one spelling: layout, quotes and needless
// parentheses do not matter, everything else does. What does not parse is given
// back as it is.
func (l *Library) Canonical(source string) string {
	parsed, errs := l.parse(source)
	if len(errs) > 0 {
		return source
	}
	text, err := parser.Unparse(parsed.Expr(), parsed.SourceInfo(), parser.WrapOnColumn(MaxExpressionSize*4))
	if err != nil {
		return source
	}
	return text
}

// rootType is the CEL type of a root. Its name cannot be written in CEL.
func rootType(r slot.Root) *types.Type { return types.NewObjectType("@" + r.String()) }

var (
	varsType   = types.NewObjectType("@vars")
	constsType = types.NewObjectType("@consts")
)

// requestFunction declares request.header('x') or request.param('x'): the one
// value of that name, or none.
func requestFunction(name string, from slot.Index) cel.EnvOption {
	return cel.Function(name, cel.MemberOverload("request_"+name, []*cel.Type{rootType(slot.Request), cel.StringType}, cel.OptionalType(cel.StringType),
		cel.BinaryBinding(func(target, arg ref.Val) ref.Val {
			obj, isObject := target.(*object)
			key, isString := arg.(types.String)
			if !isObject || !isString {
				return types.MaybeNoSuchOverloadErr(target)
			}
			return obj.frame.single(from, string(key))
		})))
}

// celType gives the CEL type of an attribute type.
func celType(t *slot.Type) *types.Type {
	switch t.Kind {
	case slot.Bool:
		return types.BoolType
	case slot.Int:
		return types.IntType
	case slot.Double:
		return types.DoubleType
	case slot.String:
		return types.StringType
	case slot.Timestamp:
		return types.TimestampType
	case slot.Duration:
		return types.DurationType
	case slot.IP:
		return ext.IPType
	case slot.CIDR:
		return ext.CIDRType
	case slot.List:
		return types.NewListType(celType(t.Elem))
	case slot.Map:
		return types.NewMapType(types.StringType, celType(t.Elem))
	case slot.Object:
		return types.NewObjectType("@" + t.Name)
	}
	return types.ErrorType
}

// celValue gives the CEL value of a slot's value.
func celValue(v slot.Value) ref.Val {
	switch v.Kind() {
	case slot.Bool:
		return types.Bool(v.Bool())
	case slot.Int:
		return types.Int(v.Int())
	case slot.Double:
		return types.Double(v.Double())
	case slot.String:
		return types.String(v.Str())
	case slot.Timestamp:
		return types.Timestamp{Time: v.Time()}
	case slot.Duration:
		return types.Duration{Duration: v.Duration()}
	case slot.IP:
		return ext.IP{Addr: v.Addr()}
	case slot.CIDR:
		return ext.CIDR{Prefix: v.Prefix()}
	case slot.List:
		items := make([]ref.Val, len(v.Items()))
		for i, x := range v.Items() {
			items[i] = celValue(x)
		}
		return types.NewRefValList(types.DefaultTypeAdapter, items)
	case slot.Map:
		return slotDict(v.Entries())
	case slot.Object:
		return &record{value: v}
	}
	return types.NewErr("attribute of unknown kind")
}
