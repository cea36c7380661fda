package record

import "time"

// appendParts writes what records beside those of requests are about.
func (e *Event) appendParts(dst []byte) []byte {
	if r := e.Reload; r != nil {
		dst = appendBool(dst, "ok", r.OK)
		dst = appendText(dst, "digest", r.Digest)
		dst = appendText(dst, "by", r.By)
		dst = appendText(dst, "error", r.Error)
		if d := r.Diff; d != nil {
			dst = append(dst, `,"diff":{"other":`...)
			dst = appendBare(dst, d.Other)
			dst = appendNames(dst, "added", d.Added, MaxNames)
			dst = appendNames(dst, "removed", d.Removed, MaxNames)
			dst = appendNames(dst, "changed", d.Changed, MaxNames)
			if d.More != 0 {
				dst = appendInt(dst, "more", int64(d.More))
			}
			dst = append(dst, '}')
		}
	}
	if r := e.Refresh; r != nil {
		dst = append(dst, `,"refresh":{"trigger":`...)
		dst = appendString(dst, r.Trigger)
		dst = appendString(appendName(dst, "result"), r.Result)
		dst = appendInt(dst, "keys", int64(r.Keys))
		dst = appendNames(dst, "added", r.Added, MaxNames)
		dst = appendNames(dst, "removed", r.Removed, MaxNames)
		dst = append(appendBool(dst, "forced", r.Forced), '}')
	}
	if p := e.Provider; p != nil {
		dst = append(dst, `,"idp":{"state":`...)
		dst = appendString(dst, p.State)
		dst = appendText(dst, "was", p.Was)
		dst = append(appendText(dst, "breaker", p.Breaker), '}')
	}
	if s := e.Stripped; s != nil {
		dst = append(dst, `,"stripped":{"reason":`...)
		dst = appendString(dst, s.Reason)
		dst = appendText(dst, "header", s.Header)
		dst = append(appendUint(dst, "count", s.Count), '}')
	}
	if p := e.Process; p != nil {
		dst = append(dst, `,"process":{"version":`...)
		dst = appendString(dst, p.Version)
		dst = appendText(dst, "digest", p.Digest)
		dst = append(appendText(dst, "instance", p.Instance), '}')
	}
	dst = e.appendCare(dst)
	if g := e.Gap; g != nil {
		dst = appendUint(dst, "from", g.From)
		dst = appendUint(dst, "to", g.To)
		dst = appendUint(dst, "dropped", g.Dropped)
	}
	return dst
}

// appendCare writes what operators and issuers do to tokens and secrets.
func (e *Event) appendCare(dst []byte) []byte {
	if p := e.Purge; p != nil {
		dst = append(dst, `,"purge":{"by":`...)
		dst = appendString(dst, p.By)
		dst = appendString(appendName(dst, "kind"), p.Kind)
		dst = appendText(dst, "fingerprint", p.Fingerprint)
		dst = appendInt(dst, "tokens", int64(p.Tokens))
		dst = append(appendInt(dst, "introspection", int64(p.Introspection)), '}')
	}
	if s := e.Session; s != nil {
		dst = append(dst, `,"session":{"end":`...)
		dst = appendString(dst, s.End)
		dst = appendText(dst, "sub_fp", s.Subject)
		dst = appendText(dst, "sid_fp", s.Session)
		dst = append(appendText(dst, "jti_fp", s.Token), '}')
	}
	if s := e.Secret; s != nil {
		dst = append(dst, `,"secret":{"use":`...)
		dst = appendString(dst, s.Use)
		dst = appendText(dst, "fingerprint", s.Fingerprint)
		if !s.Expires.IsZero() {
			dst = appendText(dst, "expires", s.Expires.UTC().Format(time.RFC3339Nano))
		}
		dst = append(dst, '}')
	}
	return appendNames(dst, "insecure", e.Insecure, MaxNames)
}

func appendCache(dst []byte, c *Cache) []byte {
	if c == nil {
		return dst
	}
	dst = append(dst, `,"cache":{`...)
	first := len(dst)
	dst = appendText(dst, "jwks", c.JWKS)
	dst = appendText(dst, "introspection", c.Introspection)
	if len(dst) > first {
		dst = append(dst[:first], dst[first+1:]...) // the comma before the first member
	}
	return append(dst, '}')
}

func appendBare(dst []byte, b bool) []byte {
	if b {
		return append(dst, "true"...)
	}
	return append(dst, "false"...)
}
