package authn

import "crypto/sha256"

// Whose says which tokens are meant, by their claims. The zero Whose means all
// tokens. Subject and Session together mean the session: the tokens that name
// it, and those of the user that name none, as nobody can tell that they belong
// to another one.
type Whose struct {
	ID      string // jti
	Subject string // sub
	Session string // sid
}

// mark stands for one claim of a token, so that a list of many has a size that
// nobody outside can choose.
type mark [16]byte

// marks are the claims by which tokens are meant; zero for a claim that is not
// there.
type marks struct{ id, subject, session mark }

func newMark(claim, value string) mark {
	if value == "" {
		return mark{}
	}
	sum := sha256.Sum256([]byte(claim + "\x00" + value))
	return mark(sum[:])
}

// readMarks reads them of a token. What is no text names nothing: a session that
// cannot be read is none.
func readMarks(claims object) marks {
	read := func(name string) mark {
		text, _, err := claims.text(name)
		if err != nil {
			return mark{}
		}
		return newMark(name, text)
	}
	return marks{id: read("jti"), subject: read("sub"), session: read("sid")}
}

func (w Whose) marks() marks {
	return marks{id: newMark("jti", w.ID), subject: newMark("sub", w.Subject), session: newMark("sid", w.Session)}
}

// means tells whether a token is one of those that w names.
func (w Whose) means(of marks) bool {
	if w == (Whose{}) {
		return true
	}
	m := w.marks()
	none := mark{}
	switch {
	case m.id != none && m.id == of.id:
		return true
	case m.session != none:
		return m.session == of.session || m.subject != none && m.subject == of.subject && of.session == none
	}
	return m.subject != none && m.subject == of.subject
}
