package attacks_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
)

// FuzzPathAuthorisedIsPathSent (A08): whatever bytes a client sends, if they are
// allowed then every service reads the path that was decided, and the identity
// headers are those that were decided (A08).
func FuzzPathAuthorisedIsPathSent(f *testing.F) {
	for _, target := range []string{
		"/public/x", "/public/%61/b%2Cc/", "/open/other/x?a=1&b", "/items/%25", "/hosted", "/plan", "/public/../admin/x", "/public/%2e%2e/admin", "/public/..%2fadmin",
		"//public/x", "/public//admin", "/public/x;y", "/public/..;/admin", "/public/%5c..%5cadmin", "/public/x%00", "/public/x#/../admin", "/public/%2561dmin", "/public/%252e%252e/admin",
		"/public/%c0%ae%c0%ae/admin", "/public/\u00e9", "http://app.test/public/x", "*", "public/x", "/public/?../admin", "/open/%61dmin/x", "/public/\u2024\u2024/admin", "/public/%e2%80%a4",
		"/files/a%2Fb", "/files/a%2Fsecret", "/files/%2e%2e%2Fadmin", "/tree/a//b%2Fc;d=1/e", "/tree//private/x", "/tree/%2Fprivate%2Fx", "/tree/;a/private", "/tree/a;/..;/private",
		"/java/x;y=1/z", "/java;x/admin", "/java/;x/admin", "/java/%3Bx", "/gaps//a///b/", "/gaps//admin/x", "/of/acme/x%2Fy", "/of/acme%2Fx/y", "/of/acme;evil/x", "/of//evil/x",
	} {
		f.Add(target, "app.test", "X-User-Id", "evil")
	}
	for _, name := range []string{"X_User_Id", "x.user.roles", "X-Tenant-ID", "X-USER-ROLES", "Connection", "X-Auth_Claims", "x-request-id", "Transfer-Encoding", "Content-Length", "Upgrade", "X-Plan"} {
		f.Add("/public/x", "App.Test:80", name, "evil, x-user-id")
		f.Add("/plan", "app.test.", name, "evil\r\nX-User-Id: evil")
	}
	d := newDecider(f)
	f.Fuzz(func(t *testing.T, target, host, name, value string) {
		raw := "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + name + ": " + value + "\r\nX-Plan: pro\r\n\r\n"
		in, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
		if err != nil {
			return
		}
		in.RemoteAddr = "192.0.2.1:4711"
		if _, err := d.judge(in); err != nil {
			t.Fatal(err)
		}
	})
}
