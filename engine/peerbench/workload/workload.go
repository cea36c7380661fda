package workload

import (
	"fmt"
	"net/netip"
	"strings"
)

// User is who asks. Everything about a user is known before a request comes:
// a door has verified the token and keeps what it says.
type User struct {
	Number    int // place in the workload's list of users
	ID        string
	Tenant    string
	Country   string
	Plan      string
	Clearance int64
	MFA       bool
	Roles     []string
	Groups    []string
	Projects  []string
	Regions   []string
}

// Question is one request as a door has it once the request is canonical and
// the user is known, with the answer that is expected.
type Question struct {
	Method   string
	Host     string
	Path     string
	Segments []string // of Path, decoded
	IP       netip.Addr
	User     *User
	Allowed  bool
}

// newQuestion fills what follows from the path.
func newQuestion(method, path string, u *User) Question {
	return Question{
		Method: method, Host: "api.example.com", Path: path, User: u, IP: netip.AddrFrom4([4]byte{203, 0, 113, 7}),
		Segments: strings.Split(strings.TrimPrefix(path, "/"), "/"),
	}
}

// key tells questions apart.
func key(q *Question) string {
	return fmt.Sprintf("%s %s %d %s", q.Method, q.Path, q.User.Number, q.IP)
}

// Workload is a list of questions with the answers that are expected.
type Workload interface {
	Len() int
	Expected(i int) bool
}
