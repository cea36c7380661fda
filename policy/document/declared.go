package document

// MaxDeclared is the most names of one list, and the most declarations of one
// mapping. What is held against what takes their product, and a few lines could
// ask for billions of steps.
const MaxDeclared = 1000

// few reports a key that holds more than MaxDeclared, and gives what is read
// of it.
func few[E any](o *Object, key string, all []E) []E {
	if len(all) <= MaxDeclared {
		return all
	}
	o.w.Error(o.Key(key), "too_many", "cut the document into several", "%q holds %d; at most %d are read", key, len(all), MaxDeclared)
	return all[:MaxDeclared]
}

// Declarations gives the entries of the mapping under a key, of which each
// declares something: at most MaxDeclared.
func (o *Object) Declarations(key string) []Entry { return few(o, key, o.Object(key).Entries()) }

// Items gives the items of a list of at most MaxDeclared.
func (o *Object) Items(key string) []*Node { return few(o, key, o.List(key)) }

// Names gives a list of at most MaxDeclared scalars, each once.
func (o *Object) Names(key string) []Text { return o.texts(key, o.Items(key)) }
