package slot

import (
	"regexp"
	"slices"
	"unicode/utf8"
)

// Root is the CEL variable that an attribute belongs to.
type Root uint8

// The roots.
const (
	User Root = iota
	Env
	Action
	Request
	Resource
	Body  // fields of the JSON body, read as request.body.x
	Roots // how many there are
)

var rootNames = [Roots]string{"user", "env", "action", "request", "resource", "request.body"}

// String gives the name that conditions use.
func (r Root) String() string { return rootNames[r] }

// Provider is someone who may answer for a value.
type Provider uint8

// The providers. Fixture stands in for any of them in suites and dev mode.
const (
	NoProvider Provider = iota
	Builtin
	Credential
	Path
	Source
	Directory
	Caller
	Config
	Fixture
)

var providerNames = map[string]Provider{
	"credential": Credential, "path": Path, "source": Source, "directory": Directory, "caller": Caller,
}

// ParseProvider reads a name of `from`.
func ParseProvider(name string) (Provider, bool) {
	p, ok := providerNames[name]
	return p, ok
}

// ProviderNames are the names that `from` may hold.
func ProviderNames() []string { return []string{"credential", "path", "source", "directory", "caller"} }

// Attr is one attribute with its type and bounds.
type Attr struct {
	Root       Root
	Name       string // without the root
	Type       *Type
	Optional   bool
	Sensitive  bool
	Demanded   bool     // `optional: false` is demanded where a candidate rule reads it
	For        []string // user types that have it; empty means all
	From       []Provider
	Enum       []Value
	Pattern    *regexp.Regexp
	Min, Max   Value // of kind Invalid when unset
	MaxItems   int
	MaxEntries int
	MaxLength  int // bytes of a string
	fullName   string
	anyText    int // bytes of the strings of which each is a value; 0 if not all are, or none is
}

// Default sizes of values.
const (
	DefaultMaxLength  = 1024
	DefaultMaxItems   = 100
	DefaultMaxEntries = 100
)

// FullName gives root.name.
func (a *Attr) FullName() string {
	if a.fullName != "" {
		return a.fullName
	}
	return a.Root.String() + "." + a.Name
}

// complete works out what is needed again and again.
func (a *Attr) complete() {
	a.fullName = a.FullName()
	if a.Type.Kind == String && len(a.Enum) == 0 && a.Pattern == nil {
		a.anyText = orDefault(a.MaxLength, DefaultMaxLength)
	}
}

// takes tells quickly that Convert makes a value of a text that is not empty.
func (a *Attr) takes(text string) bool {
	return text != "" && len(text) <= a.anyText && utf8.ValidString(text)
}

// AcceptsFrom tells whether a provider may supply the attribute.
func (a *Attr) AcceptsFrom(p Provider) bool {
	return p == Fixture || p == Builtin || slices.Contains(a.From, p)
}

// EmptyIsAbsent tells whether the empty string means that there is no value.
func (a *Attr) EmptyIsAbsent() bool {
	return a.Root == User || a.Root == Resource && a.Name == "id"
}

// AppliesTo tells whether users of a type have the attribute.
func (a *Attr) AppliesTo(userType string) bool {
	return len(a.For) == 0 || slices.Contains(a.For, userType)
}
