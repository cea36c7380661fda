package logout

import (
	"net/url"
	"testing"
)

// FuzzForm: what is taken is the one logout_token of a form that others read
// alike.
func FuzzForm(f *testing.F) {
	for _, s := range []string{"logout_token=a.b.c", "x=1&logout_token=a", "logout_token=a&logout_token=b", "logout_token=", "logout_token=%zz", "a;logout_token=b", "logout%5Ftoken=a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		token, ok := parseForm(text)
		form, err := url.ParseQuery(text)
		if want := err == nil && len(form["logout_token"]) == 1 && form.Get("logout_token") != ""; ok != want || ok != (token != "") || ok && token != form.Get("logout_token") {
			t.Fatalf("%q gives %q, %t", text, token, ok)
		}
	})
}
