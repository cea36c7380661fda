package canonical

import "strings"

// parseQuery decodes a query whose raw bytes are already checked, as an HTML
// form (`&` and `=`, `+` is a space). It refuses what parsers disagree about:
// `;`, which some take for `&`, and broken triplets, for which some drop the
// parameter and others the whole query.
//
// The raw query is sent on as it is, so its bytes need no canonical form.
func parseQuery(raw string) (map[string][]string, *fault) {
	if raw == "" {
		return nil, nil
	}
	if strings.IndexByte(raw, ';') >= 0 {
		return nil, notCanonical(RuleQuerySemicolon, "query has a raw semicolon")
	}
	n := strings.Count(raw, "&") + 1
	if n > MaxQueryParams {
		return nil, notCanonical(RuleQueryParams, "query has too many parameters")
	}
	query := make(map[string][]string, n)
	values := make([]string, 0, n) // one block; a repeated name moves out of it
	for piece := range strings.SplitSeq(raw, "&") {
		if piece == "" {
			continue
		}
		k, v, _ := strings.Cut(piece, "=")
		name, f := formText(k)
		if f != nil {
			return nil, f
		}
		value, f := formText(v)
		if f != nil {
			return nil, f
		}
		if old, ok := query[name]; ok {
			query[name] = append(old, value)
			continue
		}
		values = append(values, value)
		query[name] = values[len(values)-1 : len(values) : len(values)]
	}
	return query, nil
}

// formText decodes one name or value.
func formText(s string) (string, *fault) {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s, nil
	}
	text, ok := unescape(s, true)
	if !ok {
		return "", notCanonical(RuleQueryEncoding, "query has a % without two hex digits")
	}
	if checkText(text) != textGood {
		return "", notCanonical(RuleQueryText, "decoded query has control characters or is not UTF-8")
	}
	return text, nil
}
