// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"cmp"
	"container/list"
	"slices"

	"github.com/google/uuid"
)

// place is where a live record is in the file.
type place struct {
	id     uuid.UUID
	at     int64
	length int64 // header and payload as stored
}

// live are the records that are not acknowledged, in log order, with their places (wal-format.md 6).
type live struct {
	order    *list.List // of place
	byID     map[uuid.UUID]*list.Element
	bytes    int64
	consumed *live // DATA that is acknowledged, in the order of the ACKs (C4); nil: forgotten
}

func newLive(consumed bool) live {
	l := live{order: list.New(), byID: map[uuid.UUID]*list.Element{}}
	if consumed {
		c := newLive(false)
		l.consumed = &c
	}
	return l
}

// put adds a DATA record; a known id keeps its position and gets the new place.
func (l *live) put(p place) {
	if e := l.byID[p.id]; e != nil {
		l.bytes += p.length - e.Value.(place).length
		e.Value = p
		return
	}
	l.byID[p.id] = l.order.PushBack(p)
	l.bytes += p.length
}

// drop takes a record out, if it is there.
func (l *live) drop(id uuid.UUID) (p place, was bool) {
	e := l.byID[id]
	if e == nil {
		return place{}, false
	}
	p = e.Value.(place)
	l.bytes -= p.length
	l.order.Remove(e)
	delete(l.byID, id)
	return p, true
}

// places are those of the records, in order.
func (l *live) places() []place {
	all := make([]place, 0, l.order.Len())
	for e := l.order.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(place))
	}
	return all
}

// spent are the places of the consumed DATA, the oldest record first.
func (l *live) spent() []place {
	if l.consumed == nil {
		return nil
	}
	all := l.consumed.places()
	slices.SortFunc(all, func(a, b place) int { return cmp.Compare(a.at, b.at) })
	return all
}

// apply is what a valid record at an offset, length bytes with its header, does to the live ones.
func (l *live) apply(r Record, at, length int64) {
	switch r.Kind {
	case Data:
		if l.consumed != nil {
			l.consumed.drop(r.ID) // put back
		}
		l.put(place{r.ID, at, length})
	case Ack:
		if p, was := l.drop(uuid.UUID(r.Payload)); was && l.consumed != nil {
			l.consumed.put(p)
		}
	}
}
