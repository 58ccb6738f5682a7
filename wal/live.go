// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"container/list"

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
	order *list.List // of place
	byID  map[uuid.UUID]*list.Element
	bytes int64
}

func newLive() live { return live{order: list.New(), byID: map[uuid.UUID]*list.Element{}} }

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

func (l *live) drop(id uuid.UUID) {
	if e := l.byID[id]; e != nil {
		l.bytes -= e.Value.(place).length
		l.order.Remove(e)
		delete(l.byID, id)
	}
}

// apply is what a valid record at an offset, length bytes with its header, does to the live ones.
func (l *live) apply(r Record, at, length int64) {
	switch r.Kind {
	case Data:
		l.put(place{r.ID, at, length})
	case Ack:
		l.drop(uuid.UUID(r.Payload))
	}
}
