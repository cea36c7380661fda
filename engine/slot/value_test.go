package slot

import (
	"math"
	"net/netip"
	"reflect"
	"testing"
	"time"
)

// TestValueIsSmall: a request holds some thirty values, and rules copy them.
func TestValueIsSmall(t *testing.T) {
	if size := reflect.TypeFor[Value]().Size(); size > 48 {
		t.Errorf("a value has %d bytes", size)
	}
}

func TestValueAddresses(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"192.0.2.1", "192.0.2.1"}, {"0.0.0.0", "0.0.0.0"}, {"255.255.255.255", "255.255.255.255"}, {"::", "::"}, {"2001:db8::1", "2001:db8::1"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}, {"::ffff:192.0.2.1", "192.0.2.1"}, {"fe80::1%eth0", "fe80::1"},
	} {
		v := IPValue(netip.MustParseAddr(tt.in))
		if v.Addr() != netip.MustParseAddr(tt.want) || v.Text() != tt.want || v.Kind() != IP {
			t.Errorf("%s: %s", tt.in, v.Addr())
		}
	}
	if v := IPValue(netip.Addr{}); v.Addr().IsValid() || v.Equal(IPValue(netip.IPv6Unspecified())) {
		t.Errorf("no address is read as %s", v.Addr())
	}
	for _, text := range []string{"192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32", "::/0", "::1/128", "::ffff:192.0.2.0/120"} {
		if p := CIDRValue(netip.MustParsePrefix(text)).Prefix(); p.String() != text {
			t.Errorf("%s is read as %s", text, p)
		}
	}
}

func TestValueEqual(t *testing.T) {
	at := time.Date(2026, 1, 15, 10, 0, 0, 1, time.UTC)
	object, other := &Type{Kind: Object, Name: "a"}, &Type{Kind: Object, Name: "b"}
	groups := [][]Value{ // values are equal within a group, and different from all others
		{{}, {}},
		{BoolValue(false)}, {BoolValue(true)}, {IntValue(0)}, {IntValue(1)}, {IntValue(math.MinInt64)}, {IntValue(math.MaxInt64)},
		{DoubleValue(0), DoubleValue(math.Copysign(0, -1))}, {DoubleValue(1)}, {DoubleValue(-1.5)},
		{StringValue("")}, {StringValue("1"), StringValue("1")}, {TimeValue(at), TimeValue(at.Local())}, {TimeValue(at.Add(1))}, {TimeValue(time.Unix(1, 0))},
		{DurationValue(0)}, {DurationValue(1)},
		{IPValue(netip.MustParseAddr("0.0.0.1")), IPValue(netip.MustParseAddr("::ffff:0.0.0.1"))}, {IPValue(netip.MustParseAddr("::1"))}, {IPValue(netip.MustParseAddr("1::1"))}, {IPValue(netip.Addr{})},
		{CIDRValue(netip.MustParsePrefix("::/0"))}, {CIDRValue(netip.MustParsePrefix("::/1"))}, {CIDRValue(netip.MustParsePrefix("0.0.0.0/1"))},
		{StringsValue(nil), StringsValue([]string{}), listValue(nil)}, {StringsValue([]string{"a", "b"}), listValue([]Value{StringValue("a"), StringValue("b")})}, {StringsValue([]string{"b", "a"})}, {StringsValue([]string{""})},
		{StringListsValue(nil), mapValue([]Entry{})}, {StringListsValue(map[string][]string{"a": nil})}, {StringListsValue(map[string][]string{"a": {"b"}})},
		{objectValue(object, nil), objectValue(other, nil)}, {objectValue(object, []Entry{{"a", IntValue(1)}})},
	}
	for i, group := range groups {
		for j, with := range groups {
			for _, a := range group {
				for _, b := range with {
					if a.Equal(b) != (i == j) {
						t.Errorf("%d %s and %d %s: equal is %t", a.Kind(), a.AppendJSON(nil), b.Kind(), b.AppendJSON(nil), i != j)
					}
				}
			}
		}
	}
	if DoubleValue(math.NaN()).Equal(DoubleValue(math.NaN())) {
		t.Error("NaN equals itself")
	}
}

func TestValueReads(t *testing.T) {
	at := time.Date(1, 1, 1, 0, 0, 0, 999_999_999, time.UTC)
	if v := TimeValue(at); !v.Time().Equal(at) {
		t.Errorf("%s is read as %s", at, v.Time())
	}
	if v := IntValue(math.MinInt64); v.Int() != math.MinInt64 || v.Text() != "-9223372036854775808" {
		t.Errorf("read as %d", v.Int())
	}
	if v := DurationValue(-time.Second); v.Duration() != -time.Second || v.Text() != "-1s" {
		t.Errorf("read as %s", v.Duration())
	}
	if v := StringsValue(nil); len(v.Items()) != 0 || len(v.Strings()) != 0 || string(v.AppendJSON(nil)) != "[]" || v.holdsAny([]string{""}) {
		t.Errorf("an empty list is %s", v.AppendJSON(nil))
	}
	if v := StringListsValue(nil); len(v.Entries()) != 0 || string(v.AppendJSON(nil)) != "{}" || v.ObjectType() != nil {
		t.Errorf("an empty map is %s", v.AppendJSON(nil))
	}
	v := StringsValue([]string{"a", "b"})
	if !v.holdsAny([]string{"x", "b"}) || v.holdsAny([]string{"x", "ab"}) || v.holdsAny(nil) {
		t.Error("a list holds other items than it has")
	}
}
