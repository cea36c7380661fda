package engine

import "github.com/gwctl/gwctl/engine/slot"

// maxRoleBits is how many of the roles that rules name are told apart by bits.
const maxRoleBits = 4096

// roleBits are roles by their numbers in the set.
type roleBits []uint64

// roleNumbers numbers the roles that rules name.
type roleNumbers map[string]int

func (n roleNumbers) of(roles []string) []int32 {
	var out []int32
	for _, role := range roles {
		i, known := n[role]
		if !known {
			if len(n) == maxRoleBits {
				return nil
			}
			i = len(n)
			n[role] = i
		}
		out = append(out, int32(i))
	}
	return out
}

// rolesOf are the roles of a user that rules name; nil where they are not
// known.
func (s *Set) rolesOf(user *slot.Values) roleBits {
	roles, state := user.Ref(slot.UserRoles)
	if state != slot.Present {
		return nil
	}
	out := make(roleBits, 1+len(s.roleNumbers)/64)
	for i := range roles.Len() {
		if n, ok := s.roleNumbers[roles.Item(i).Str()]; ok {
			out[n/64] |= 1 << (n % 64)
		}
	}
	return out
}

// holdsRole tells whether the user has one of the roles that a rule is for, if
// it is for some.
func (r *Request) holdsRole(of *held) (bool, error) {
	if len(of.roles) == 0 {
		return true, nil
	}
	if of.numbers == nil || r.roles == nil || !r.values.UserIsBound() {
		return r.holdsAny(slot.UserRoles, of.roles)
	}
	for _, n := range of.numbers {
		if r.roles[n/64]&(1<<(n%64)) != 0 {
			return true, nil
		}
	}
	return false, nil
}
