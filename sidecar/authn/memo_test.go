package authn

import (
	"testing"
	"time"
)

// What was kept for one snapshot goes when there is another.
func TestRenew(t *testing.T) {
	f := newKeyFile(t)
	key, text := record("job", time.Now().Add(time.Hour), "")
	f.write(keyHeader + text)
	keys, err := f.method(nil)
	if err != nil {
		t.Fatal(err)
	}
	opaque := must(NewIntrospection(introspectionConfig(&authorizer{body: activeAnswer().String()}, nil)))
	for _, tc := range []struct {
		m interface {
			Method
			Renew()
		}
		c Credentials
	}{{keys, withKey(key)}, {opaque, bearing("t")}} {
		old := new(int)
		id, err := tc.m.Authenticate(t.Context(), tc.c)
		if err != nil {
			t.Fatal(err)
		}
		id.Memo.Store(old, "of the old snapshot")
		if again, _ := tc.m.Authenticate(t.Context(), tc.c); again.Memo.Load(old) == nil {
			t.Errorf("control: %s keeps nothing", tc.m.Kind())
		}
		tc.m.Renew()
		if again, _ := tc.m.Authenticate(t.Context(), tc.c); again.Memo.Load(old) != nil {
			t.Errorf("%s keeps the old snapshot", tc.m.Kind())
		}
	}
}
