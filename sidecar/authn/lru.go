package authn

import "container/list"

// lru is a map that forgets the least recently used entry when it is full.
type lru[K comparable, V any] struct {
	limit   int
	order   *list.List // front is newest
	entries map[K]*list.Element
}

type lruEntry[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](limit int) *lru[K, V] {
	return &lru[K, V]{limit: limit, order: list.New(), entries: map[K]*list.Element{}}
}

func (l *lru[K, V]) get(key K) (value V, ok bool) {
	e, ok := l.entries[key]
	if !ok {
		return value, false
	}
	l.order.MoveToFront(e)
	return e.Value.(lruEntry[K, V]).value, true
}

func (l *lru[K, V]) put(key K, value V) {
	if e, ok := l.entries[key]; ok {
		e.Value = lruEntry[K, V]{key, value}
		l.order.MoveToFront(e)
		return
	}
	if l.order.Len() >= l.limit {
		oldest := l.order.Back()
		delete(l.entries, l.order.Remove(oldest).(lruEntry[K, V]).key)
	}
	l.entries[key] = l.order.PushFront(lruEntry[K, V]{key, value})
}

func (l *lru[K, V]) clear() {
	l.order.Init()
	clear(l.entries)
}
