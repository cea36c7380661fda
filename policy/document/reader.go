package document

import "slices"

// File is one file as it was read. Path is what diagnostics print.
type File struct {
	Path string
	Data []byte
}

// Reader parses files, and uses again for the next what it needed for one. It
// belongs to one goroutine. The zero Reader is ready.
type Reader struct {
	gathering gathering
	looks     []look
	plain     plainReader
}

// Each parses files one after the other as Parse does. What files say alike is
// kept once, so that files that stay together are best parsed together. The
// documents of a file are there until visit returns, or, if it returns true,
// until Release; what was read of them stays.
func (r *Reader) Each(files []File, visit func(i int, docs []*Node, found Diagnostics) (keep bool)) {
	r.looks = r.looks[:0]
	for _, f := range files {
		data := f.Data[:min(len(f.Data), MaxFileSize)]
		l := lookAt(data)
		r.looks = append(r.looks, l)
		r.gathering.add(f.Path, data, l)
	}
	sources := r.gathering.sources()
	for i, f := range files {
		before := r.plain.nursery.mark
		docs, found := r.parse(&sources[i], f.Data, r.looks[i])
		if !visit(i, docs, found) {
			r.plain.nursery.mark = before
		}
	}
	if len(sources) > 0 {
		in := sources[0].in
		in.texts = slices.Clone(in.texts)
	}
}

// Release gives up the documents that were kept, and most of the memory that
// the largest file took.
func (r *Reader) Release() { r.plain.nursery.release() }
