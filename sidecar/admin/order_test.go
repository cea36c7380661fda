package admin

import (
	"encoding/json"
	"testing"
)

// FuzzOrder: what is taken is one JSON object of known members, each once.
func FuzzOrder(f *testing.F) {
	for _, s := range []string{`{}`, `{"sub":"a","iss":"b"}`, `{"all":true}`, `{"sub":"a","sub":"b"}`, `{"Sub":"a"}`, `{"sub":1}`, `{"sub":"a"}{}`, `[]`, `{"s\u0075b":"a"}`, `{"sub":{}}`, "{\"sub\":\"\xff\"}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := parseOrder(data)
		if err != nil {
			return
		}
		var same struct {
			Issuer  string `json:"iss"`
			ID      string `json:"jti"`
			Subject string `json:"sub"`
			Session string `json:"sid"`
			All     bool   `json:"all"`
		}
		if err := json.Unmarshal(data, &same); err != nil || o != (order{same.Issuer, same.ID, same.Subject, same.Session, same.All}) {
			t.Fatalf("%q is read as %+v and %+v, %v", data, o, same, err)
		}
	})
}
