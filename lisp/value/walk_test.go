// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"errors"
	"strings"
	"testing"
)

// Values that share parts are small and have endless many paths: the relations give up, as they do where nesting is too deep.
func TestRelationsGiveUp(t *testing.T) {
	shared := func() Value {
		v := Long(1)
		for range 60 {
			v = NewVector(v, v).Val()
		}
		return v
	}
	a, b := shared(), shared()
	for name, relation := range map[string]func(w *walk){
		"equal":   func(w *walk) { equal(a, b, false, w) },
		"compare": func(w *walk) { compare(a, b, w) },
		"hash":    func(w *walk) { hash(a, w) },
	} {
		func() {
			defer func() {
				ex, ok := recover().(*Exception)
				if !ok || !strings.Contains(ex.Message, "too large to compare") {
					t.Errorf("%s: %v", name, ex)
				}
			}()
			relation(&walk{left: 100_000})
		}()
	}
	if !Equal(a, a) || Compare(a, a) != 0 {
		t.Error("a value differs from itself")
	}
	w := &walk{left: 100}
	v := NewVector(NewVector(Long(1)).Val(), NewHashMap(Kw("a"), NewVector().Val()).Val()).Val()
	if !equal(v, NewVector(NewVector(Long(1)).Val(), NewHashMap(Kw("a"), NewVector().Val()).Val()).Val(), false, w) || w.depth != 0 || w.left != 96 {
		t.Errorf("%+v", w)
	}
	if hash(v, w); w.depth != 0 || w.left != 92 {
		t.Errorf("%+v", w)
	}
}

// A caller's Room bounds what is printed.
func TestPrinterAsksForRoom(t *testing.T) {
	v := Long(1)
	for range 60 {
		v = NewVector(v, v).Val()
	}
	p := Printer{Caller: &narrow{most: 1 << 20}}
	p.Print(v)
	if s, err := p.Text(); err != errNarrow || len(s) > 2<<20 {
		t.Errorf("%d bytes, %v", len(s), err)
	}
}

var errNarrow = errors.New("narrow")

// narrow is a Caller with little room.
type narrow struct {
	Caller
	most int
}

func (n *narrow) Step(int) error  { return nil }
func (n *narrow) Turns(int) error { return nil }
func (n *narrow) Room(bytes int) error {
	if bytes > n.most {
		return errNarrow
	}
	return nil
}
