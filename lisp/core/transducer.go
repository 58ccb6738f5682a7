// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// transducerTable: transducers and what uses them, language.md 9. The functions over collections that are transducers when
// they are called without one have their rows in seq.go and hof.go, and their steps here.
var transducerTable = eval.Table{
	{Name: "transduce", Min: 3, Max: 4, FN: transduce, Forms: "(transduce xform f coll)\n(transduce xform f init coll)", Doc: "Reduces the transformed elements; without init, (f) is the start."},
	{Name: "halt-when", Min: 1, Max: 3, FN: haltWhen, Forms: "(halt-when pred)\n(halt-when pred halt-fn)\n(halt-when pred halt-fn no-halt-fn)", Doc: "A transducer that ends with the first element that satisfies pred, or with (halt-fn result element)."},
	{Name: "sorted", Min: 1, Max: 2, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		f := a[0]
		if !eval.IsFunction(f) {
			return value.Nil, value.CoerceError(f, "function")
		}
		if len(a) == 2 {
			return sortRow(th, a)
		}
		return gathering("sorted", func(th *eval.Thread, items []value.Value) ([]value.Value, error) {
			return mergeSort(items, comparator(th, f))
		}), nil
	}, Forms: "(sorted comparefn)\n(sorted comparefn coll)", Doc: "sort, and without a collection a transducer that sorts."},
	{Name: "dedupe", Min: 0, Max: 1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		if len(a) == 1 {
			return dedupe(th, a[0])
		}
		return transducer("dedupe", func() stage {
			var last value.Value
			some := false
			return stage{each: func(th *eval.Thread, rf, acc, x value.Value) (value.Value, error) {
				if some && value.Equal(x, last) {
					return acc, nil
				}
				last, some = x, true
				return th.Call2(rf, acc, x)
			}}
		}), nil
	}, Forms: "(dedupe)\n(dedupe coll)", Doc: "The elements without equal neighbours; without a collection a transducer."},
	{Name: "rf-first", Min: 0, Max: 2, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		switch len(a) {
		case 0:
			return value.Nil, nil
		case 1:
			return unreduced(a[0]), nil
		}
		return reduced(a[1]), nil
	}, Forms: "(rf-first)\n(rf-first result)\n(rf-first result input)", Doc: "A reducing function for the first element."},
	{Name: "rf-last", Min: 0, Max: 2, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		if len(a) == 0 {
			return value.Nil, nil
		}
		return a[len(a)-1], nil
	}, Forms: "(rf-last)\n(rf-last result)\n(rf-last result input)", Doc: "A reducing function for the last element."},
	{Name: "rf-any?", Min: 1, Max: 1, F1: reduceTest("rf-any?", true), Forms: "(rf-any? pred)", Doc: "A reducing function: whether an element satisfies pred."},
	{Name: "rf-every?", Min: 1, Max: 1, F1: reduceTest("rf-every?", false), Forms: "(rf-every? pred)", Doc: "A reducing function: whether all elements satisfy pred."},
}

// stage is what one use of a transducer does. Its state lives as long as that use.
type stage struct {
	// each takes an element into the accumulator.
	each func(th *eval.Thread, rf, acc, x value.Value) (value.Value, error)
	// done completes the accumulator before rf does; nil: nothing to do.
	done func(th *eval.Thread, rf, acc value.Value) (value.Value, error)
}

// transducer makes a function of a reducing function to a reducing function; begin makes the stage of each use.
func transducer(name string, begin func() stage) value.Value {
	return eval.NewBuiltin(name+":transducer:wrapped", 1, 1, func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		rf, s := a[0], begin()
		if !eval.IsFunction(rf) {
			return value.Nil, value.CoerceError(rf, "function")
		}
		return eval.NewBuiltin(name+":transducer", 0, 2, func(th *eval.Thread, a []value.Value) (value.Value, error) {
			switch len(a) {
			case 0:
				return th.Apply(rf, nil)
			case 2:
				return s.each(th, rf, a[0], a[1])
			}
			acc := a[0]
			if s.done != nil {
				var err error
				if acc, err = s.done(th, rf, acc); err != nil {
					return value.Nil, err
				}
			}
			return th.Call1(rf, acc)
		}), nil
	})
}

// each is a transducer without state.
func each(name string, f func(th *eval.Thread, rf, acc, x value.Value) (value.Value, error)) value.Value {
	return transducer(name, func() stage { return stage{each: f} })
}

// gathering is a transducer that collects all elements and passes on what arrange makes of them.
func gathering(name string, arrange func(th *eval.Thread, items []value.Value) ([]value.Value, error)) value.Value {
	return transducer(name, func() stage {
		var items []value.Value
		return stage{
			each: func(_ *eval.Thread, _, acc, x value.Value) (value.Value, error) {
				items = append(items, x)
				return acc, nil
			},
			done: func(th *eval.Thread, rf, acc value.Value) (value.Value, error) {
				arranged, err := arrange(th, items)
				if err != nil {
					return value.Nil, err
				}
				return reduce(th, []value.Value{rf, acc, value.ListOf(arranged).Val()})
			},
		}
	})
}

func transduce(th *eval.Thread, a []value.Value) (value.Value, error) {
	for _, f := range a[:2] {
		if !eval.IsFunction(f) {
			return value.Nil, value.CoerceError(f, "function")
		}
	}
	xform, f, coll := a[0], a[1], a[len(a)-1]
	var init value.Value
	var err error
	if len(a) == 4 {
		init = a[2]
	} else if init, err = th.Apply(f, nil); err != nil {
		return value.Nil, err
	}
	rf, err := th.Call1(xform, f)
	if err != nil {
		return value.Nil, err
	}
	acc, err := reduce(th, []value.Value{rf, init, coll})
	if err != nil {
		return value.Nil, err
	}
	acc, err = th.Call1(rf, acc)
	return unreduced(acc), err
}

func reduced(v value.Value) value.Value { return value.New(&reducedValue{v: v}).Val() }

func unreduced(v value.Value) value.Value {
	if r, ok := v.Ref().(*reducedValue); ok {
		return r.v
	}
	return v
}

// halted is the accumulator of a reduction that halt-when has ended.
type halted struct {
	value.Obj
	v value.Value
}

// Type is never seen by a script.
func (*halted) Type() *value.Type { return value.TypeNil }

func haltWhen(_ *eval.Thread, a []value.Value) (value.Value, error) {
	fs := append([]value.Value(nil), a...)
	for _, f := range fs {
		if !eval.IsFunction(f) {
			return value.Nil, value.CoerceError(f, "function")
		}
	}
	return eval.NewBuiltin("halt-when:transducer:wrapped", 1, 1, func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		rf := a[0]
		return eval.NewBuiltin("halt-when:transducer", 0, 2, func(th *eval.Thread, a []value.Value) (value.Value, error) {
			switch len(a) {
			case 0:
				return th.Apply(rf, nil)
			case 2:
				return haltStep(th, fs, rf, a[0], a[1])
			}
			if h, ok := a[0].Ref().(*halted); ok {
				return h.v, nil
			}
			if len(fs) == 3 {
				return th.Call1(fs[2], a[0])
			}
			return th.Call1(rf, a[0])
		}), nil
	}), nil
}

func haltStep(th *eval.Thread, fs []value.Value, rf, acc, x value.Value) (value.Value, error) {
	stop, err := th.Call1(fs[0], x)
	if err != nil {
		return value.Nil, err
	}
	if !stop.Truthy() {
		return th.Call2(rf, acc, x)
	}
	if len(fs) > 1 {
		if acc, err = th.Call1(rf, acc); err != nil {
			return value.Nil, err
		}
		if x, err = th.Call2(fs[1], acc, x); err != nil {
			return value.Nil, err
		}
	}
	return reduced(value.New(&halted{v: x}).Val()), nil
}

// reduceTest makes rf-any? and rf-every?: the reduction ends at the first element whose test is stopAt.
func reduceTest(name string, stopAt bool) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(_ *eval.Thread, pred value.Value) (value.Value, error) {
		if !eval.IsFunction(pred) {
			return value.Nil, value.CoerceError(pred, "function")
		}
		return eval.NewBuiltin(name, 0, 2, func(th *eval.Thread, a []value.Value) (value.Value, error) {
			switch len(a) {
			case 0:
				return value.Bool(!stopAt), nil
			case 1:
				return unreduced(a[0]), nil
			}
			v, err := th.Call1(pred, a[1])
			if err != nil || v.Truthy() != stopAt {
				return value.Bool(!stopAt), err
			}
			return reduced(value.Bool(stopAt)), nil
		}), nil
	}
}

func dedupe(th *eval.Thread, c value.Value) (value.Value, error) {
	switch c.Ref().(type) {
	case value.Map, value.Set, *value.Str: // as the reference, whose dedupe is a cast away from failing
		return value.Nil, value.Throwf(value.ClassCastException, "dedupe: %s is no sequence", c.Type())
	case *value.LazySeq:
		return value.Nil, invalidType("dedupe", c)
	}
	if c.IsNil() {
		return value.EmptyList.Val(), nil
	}
	items, err := elements(th, "dedupe", c)
	if err != nil {
		return value.Nil, err
	}
	var out []value.Value
	for i, x := range items {
		if i == 0 || !value.Equal(x, items[i-1]) {
			out = append(out, x)
		}
	}
	return sameKind(c, out), nil
}

// The steps of the functions whose rows are elsewhere.

func mapStep(_ *eval.Thread, f value.Value) (value.Value, error) {
	if !eval.IsCallable(f) {
		return value.Nil, value.CoerceError(f, "function")
	}
	return each("map", func(th *eval.Thread, rf, acc, x value.Value) (value.Value, error) {
		v, err := th.Call1(f, x)
		if err != nil {
			return value.Nil, err
		}
		return th.Call2(rf, acc, v)
	}), nil
}

func mapIndexedStep(_ *eval.Thread, f value.Value) (value.Value, error) {
	return transducer("map-indexed", func() stage {
		i := int64(-1)
		return stage{each: func(th *eval.Thread, rf, acc, x value.Value) (value.Value, error) {
			i++
			v, err := th.Call2(f, value.Long(i), x)
			if err != nil {
				return value.Nil, err
			}
			return th.Call2(rf, acc, v)
		}}
	}), nil
}

func filterStep(want bool) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(_ *eval.Thread, pred value.Value) (value.Value, error) {
		if !eval.IsCallable(pred) {
			return value.Nil, value.CoerceError(pred, "function")
		}
		return each("filter", func(th *eval.Thread, rf, acc, x value.Value) (value.Value, error) {
			v, err := th.Call1(pred, x)
			if err != nil || v.Truthy() != want {
				return acc, err
			}
			return th.Call2(rf, acc, x)
		}), nil
	}
}

func takeStep(_ *eval.Thread, n value.Value) (value.Value, error) {
	k, err := asLong(n)
	if err != nil {
		return value.Nil, err
	}
	return transducer("take", func() stage {
		left := k
		return stage{each: func(th *eval.Thread, rf, acc, x value.Value) (value.Value, error) {
			if left <= 0 {
				return reduced(acc), nil
			}
			left--
			return th.Call2(rf, acc, x)
		}}
	}), nil
}

func dropStep(_ *eval.Thread, n value.Value) (value.Value, error) {
	k, err := asLong(n)
	if err != nil {
		return value.Nil, err
	}
	return transducer("drop", func() stage {
		left := k
		return stage{each: func(th *eval.Thread, rf, acc, x value.Value) (value.Value, error) {
			if left > 0 {
				left--
				return acc, nil
			}
			return th.Call2(rf, acc, x)
		}}
	}), nil
}

func takeWhileStep(_ *eval.Thread, pred value.Value) (value.Value, error) {
	return each("take-while", func(th *eval.Thread, rf, acc, x value.Value) (value.Value, error) {
		v, err := th.Call1(pred, x)
		if err != nil {
			return value.Nil, err
		}
		if !v.Truthy() {
			return reduced(acc), nil
		}
		return th.Call2(rf, acc, x)
	}), nil
}

func dropWhileStep(_ *eval.Thread, pred value.Value) (value.Value, error) {
	return transducer("drop-while", func() stage {
		passing := false
		return stage{each: func(th *eval.Thread, rf, acc, x value.Value) (value.Value, error) {
			if !passing {
				v, err := th.Call1(pred, x)
				if err != nil || v.Truthy() {
					return acc, err
				}
				passing = true
			}
			return th.Call2(rf, acc, x)
		}}
	}), nil
}

// endStep is take-last and drop-last: bounds cuts the gathered elements.
func endStep(name string, bounds func(n, count int) (int, int)) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(_ *eval.Thread, n value.Value) (value.Value, error) {
		k, err := asLong(n)
		if err != nil {
			return value.Nil, err
		}
		return gathering(name, func(_ *eval.Thread, items []value.Value) ([]value.Value, error) {
			i, j := bounds(clampInt(k), len(items))
			return items[i:j], nil
		}), nil
	}
}

// keepStep passes on the element itself where f's result is true, as the reference does.
func keepStep(_ *eval.Thread, f value.Value) (value.Value, error) {
	return each("keep", func(th *eval.Thread, rf, acc, x value.Value) (value.Value, error) {
		v, err := th.Call1(f, x)
		if err != nil || !v.Truthy() {
			return acc, err
		}
		return th.Call2(rf, acc, x)
	}), nil
}

func distinctStep(*eval.Thread) (value.Value, error) {
	return transducer("distinct", func() stage {
		seen := value.EmptyHashMap.Builder()
		return stage{each: func(th *eval.Thread, rf, acc, x value.Value) (value.Value, error) {
			if _, known := seen.Get(x); known {
				return acc, nil
			}
			seen.Put(x, value.True)
			return th.Call2(rf, acc, x)
		}}
	}), nil
}

func flattenStep(*eval.Thread) (value.Value, error) {
	return each("flatten", func(th *eval.Thread, rf, acc, x value.Value) (value.Value, error) {
		if !isFlattenable(x) {
			return th.Call2(rf, acc, x)
		}
		flat, err := flatten(th, x)
		if err != nil {
			return value.Nil, err
		}
		return reduce(th, []value.Value{rf, acc, flat})
	}), nil
}

func reverseStep(*eval.Thread) (value.Value, error) {
	return gathering("reverse", func(_ *eval.Thread, items []value.Value) ([]value.Value, error) {
		for i, j := 0, len(items)-1; i < j; i, j = i+1, j-1 {
			items[i], items[j] = items[j], items[i]
		}
		return items, nil
	}), nil
}

func isFlattenable(v value.Value) bool {
	switch v.Ref().(type) {
	case value.Sequence, value.Map, value.Set:
		return true
	}
	return false
}
