package canonical

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// readHeader checks every header and takes away those that neither policy nor
// upstream may see.
//
// It walks a map, so of several faults the one of the first name in order is
// reported; a broken limit ends the walk and comes before all of them.
func (r *Reader) readHeader(c *Request, req *http.Request, vouches bool) *fault {
	in := req.Header
	options, f := r.connectionOptions(in["Connection"])
	if f != nil {
		return f
	}
	pass := headerPass{reader: r, request: c, http: req, options: options, vouches: vouches}
	lines, total := 0, 0
	for name, values := range in {
		lines += len(values)
		for _, v := range values {
			size := len(name) + len(v)
			total += size
			if size > MaxHeaderBytes || total > MaxHeaderTotalBytes || lines > MaxHeaders {
				return notCanonical(RuleHeaderLimit, "headers are too many or too large")
			}
		}
		pass.judge(name, values)
	}
	if pass.fault != nil {
		return pass.fault
	}
	c.Header = in
	if len(pass.removed) > 0 {
		c.Header = maps.Clone(in)
		for _, name := range pass.removed {
			delete(c.Header, name)
		}
	}
	slices.SortFunc(c.Dropped, func(a, b Dropped) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Reason, b.Reason))
	})
	if pass.aliased {
		return checkAliases(c.Header)
	}
	return nil
}

// headerPass is one walk over the headers of a request.
type headerPass struct {
	reader  *Reader
	request *Request
	http    *http.Request
	options []string // names in Connection
	vouches bool     // the peer says what certificate the client has shown

	removed []string // keys to leave out
	aliased bool     // an allowed name with `_` or `.` passed
	fault   *fault
	faulty  string // name that fault is about
}

// judge decides about the lines of one name.
func (p *headerPass) judge(name string, values []string) {
	c, aliased, ok := p.reader.classify(name)
	if !ok || http.CanonicalHeaderKey(name) != name {
		p.fail(RuleHeaderName, name, "has no canonical name")
		return
	}
	for _, v := range values {
		if !validValue(v) {
			p.fail(RuleHeaderValue, name, "has control characters or is not UTF-8")
			return
		}
	}
	switch {
	case c.managed():
		p.managed(name, values, c)
		return
	case aliased:
		if _, allowed := p.reader.allowed[name]; !allowed {
			p.drop(name, DropUnderscore)
			return
		}
		p.aliased = true
	}
	switch c {
	case classUpgrade:
		if f := p.reader.readUpgrade(p.request, p.http, p.options, values); f != nil {
			p.found(f, name)
			return
		}
		p.removed = append(p.removed, name)
		return
	case classConnection, classHop, classHost:
		p.removed = append(p.removed, name)
		return
	case classSingleton:
		if len(values) > 1 {
			p.fail(RuleRepeatedHeader, name, "is sent more than once")
			return
		}
	case classCookie:
		if countCookies(values) > MaxCookies {
			p.fail(RuleCookieLimit, name, "has too many cookies")
			return
		}
	}
	if slices.ContainsFunc(p.options, func(o string) bool { return strings.EqualFold(o, name) }) {
		p.drop(name, DropConnection)
	}
}

// managed removes a managed header. What a trusted peer said was used in
// [Reader.arrive] and is then not reported as dropped.
func (p *headerPass) managed(name string, values []string, c class) {
	if p.vouches && p.reader.certificates.uses(name) {
		p.removed = append(p.removed, name) // and read, by itself
		return
	}
	trusted := p.request.Trusted
	forwarded := trusted && len(name) > len(forwardedPrefix) && strings.EqualFold(name[:len(forwardedPrefix)], forwardedPrefix)
	if len(values) > 1 && (forwarded || name == "X-Request-Id") {
		p.fail(RuleRepeatedHeader, name, "is sent more than once")
		return
	}
	used := false
	if trusted && len(values) == 1 {
		switch name {
		case "X-Forwarded-For":
			used = true
		case "X-Forwarded-Proto":
			used = p.request.Scheme == values[0]
		case "X-Request-Id":
			used = p.request.ID == values[0]
		}
	}
	switch {
	case used:
		p.removed = append(p.removed, name)
	case c == classIdentity:
		p.drop(name, DropIdentity)
	default:
		p.drop(name, DropManaged)
	}
}

func (p *headerPass) drop(name, reason string) {
	p.removed = append(p.removed, name)
	p.request.Dropped = append(p.request.Dropped, Dropped{Name: Fold(cut(name)), Reason: reason})
}

func (p *headerPass) fail(rule, name, text string) { p.found(badHeader(rule, name, text), name) }

func (p *headerPass) found(f *fault, name string) {
	if p.fault == nil || name < p.faulty {
		p.fault, p.faulty = f, name
	}
}

// connectionOptions gives the names in Connection (RFC 9110 section 7.6.1). A
// name that this gateway protects cannot be a mistake: a reader that obeys it
// would take away what another reader relies on.
func (r *Reader) connectionOptions(lines []string) ([]string, *fault) {
	var options []string
	for _, line := range lines {
		for o := range strings.SplitSeq(line, ",") {
			if o = strings.Trim(o, " \t"); o == "" {
				continue
			}
			c, _, ok := r.classify(o)
			if !ok || len(options) == MaxConnectionOptions {
				return nil, notCanonical(RuleConnection, "connection is no short list of names")
			}
			if c.protected() {
				return nil, &fault{code: CodeHopByHopAbuse, rule: RuleConnectionAbuse, err: fmt.Errorf("connection names the protected header %q", cut(o))}
			}
			options = append(options, o)
		}
	}
	return options, nil
}

// checkAliases looks for two headers of the same fold. It runs only when a
// configured alias is among them; without one, names of equal fold are equal.
func checkAliases(h http.Header) *fault {
	seen := make(map[string]struct{}, len(h))
	for name := range h {
		fold := Fold(name)
		if _, twice := seen[fold]; twice {
			return badHeader(RuleHeaderAlias, fold, "is sent in two spellings")
		}
		seen[fold] = struct{}{}
	}
	return nil
}

// validValue is UTF-8 without control characters other than HTAB.
func validValue(v string) bool {
	if strings.IndexByte(v, '\t') >= 0 {
		for part := range strings.SplitSeq(v, "\t") {
			if checkText(part) != textGood {
				return false
			}
		}
		return true
	}
	return checkText(v) == textGood
}

func countCookies(lines []string) int {
	n := 0
	for _, line := range lines {
		n += strings.Count(line, ";") + 1
	}
	return n
}
