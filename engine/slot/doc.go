// Package slot gives every attribute of a policy set a typed place.
//
// A [Layout] is made once per resource type from the Schema and the Resource;
// [Layout.Lookup] turns a name such as "user.country" into a slot. [Values]
// holds one request's values. Data from outside enters as [Input] and becomes
// a [Value] only through [Attr.Convert], which checks type, bounds and size.
//
// A slot without a value is absent, never zero. The package knows no CEL and
// guesses no types.
package slot
