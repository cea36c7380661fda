package peerbench

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

// Worker answers the workload's question of a number. It belongs to one
// goroutine.
type Worker func(i int) bool

// Contender is one way of answering a workload W.
type Contender[W any] struct {
	Name string
	// Build loads the rules. Each call of what it gives makes a worker; input
	// that the contender takes prepared is prepared by then.
	Build func(w W) (func() (Worker, error), error)
}

// shared makes a worker for everyone out of one that keeps no state.
func shared(w Worker) func() (Worker, error) {
	return func() (Worker, error) { return w, nil }
}

// Mismatch says that a contender's answer is not the expected one.
type Mismatch struct {
	Question int
	Allowed  bool // what the contender said
}

func (m *Mismatch) Error() string {
	return fmt.Sprintf("question %d: allowed %t, expected %t", m.Question, m.Allowed, !m.Allowed)
}

// Check asks every step-th of n questions and compares with what is expected.
// The error is a *Mismatch.
func Check(w Worker, n, step int, expected func(i int) bool) error {
	for i := 0; i < n; i += step {
		if got := w(i); got != expected(i) {
			return &Mismatch{Question: i, Allowed: got}
		}
	}
	return nil
}
