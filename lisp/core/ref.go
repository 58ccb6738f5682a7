// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// refTable: atoms and their kin, language.md 12.1, 12.2, 12.5.
var refTable = eval.Table{
	{Name: "atom", Min: 1, Max: -1, Fn: atom, Forms: "(atom x)\n(atom x & options)", Doc: "A shared reference. Options :meta, :validator."},
	{Name: "volatile", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) { return value.NewVolatile(v).Val(), nil }, Forms: "(volatile x)", Doc: "A shared reference without compare and swap."},
	{Name: "just", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) { return value.NewJust(v).Val(), nil }, Forms: "(just x)", Doc: "A reference that never changes."},
	{Name: "deref", Min: 1, Max: 3, FN: deref, Forms: "(deref ref)\n(deref ref timeout-ms timeout-val)", Doc: "The value of a reference. Futures and promises are waited for, at most timeout-ms milliseconds if given."},
	{Name: "reset!", Min: 2, Max: 2, F2: reset, Forms: "(reset! box newval)", Doc: "Sets the value; newval."},
	{Name: "swap!", Min: 2, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		_, v, err := swap(th, "swap!", a)
		return v, err
	}, Forms: "(swap! box f & args)", Doc: "Sets the value to (f value args…), again if another goroutine was faster; the new value."},
	{Name: "swap-vals!", Min: 2, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		old, v, err := swap(th, "swap-vals!", a)
		return vec(old, v), err
	}, Forms: "(swap-vals! atom f & args)", Doc: "swap!, but the old and the new value in a vector."},
	{Name: "compare-and-set!", Min: 3, Max: 3, F3: func(th *eval.Thread, r, old, v value.Value) (value.Value, error) {
		a, ok := r.Ref().(*value.Atom)
		if !ok {
			return value.Nil, value.CoerceError(r, "atom")
		}
		done, err := a.CompareAndSet(th, old, v)
		return value.Bool(done), err
	}, Forms: "(compare-and-set! atom oldval newval)", Doc: "Sets the value if it is oldval; whether it was."},
	{Name: "add-watch", Min: 3, Max: 3, F3: func(_ *eval.Thread, r, k, f value.Value) (value.Value, error) {
		if _, ok := k.Ref().(*value.Keyword); !ok {
			return value.Nil, value.CoerceError(k, "keyword")
		}
		if !eval.IsFunction(f) {
			return value.Nil, value.CoerceError(f, "function")
		}
		w, err := asWatched("add-watch", r)
		if err == nil {
			w.Watch(value.Watcher{Key: k, Fn: f})
		}
		return value.Nil, err
	}, Forms: "(add-watch ref key fn)", Doc: "Calls (fn key ref old new) after changes of an atom or agent."},
	{Name: "remove-watch", Min: 2, Max: 2, F2: func(_ *eval.Thread, r, k value.Value) (value.Value, error) {
		if _, ok := k.Ref().(*value.Keyword); !ok {
			return value.Nil, value.CoerceError(k, "keyword")
		}
		w, err := asWatched("remove-watch", r)
		if err == nil {
			w.Unwatch(k)
		}
		return value.Nil, err
	}, Forms: "(remove-watch ref key)", Doc: "Removes a watch."},
	is("deref?", func(v value.Value) bool {
		switch v.Ref().(type) {
		case *value.Atom, *value.Volatile, *value.Just, *value.Delay, *value.Future, *agent:
			return true
		}
		return false
	}),
	{Name: "delay*", Min: 1, Max: 1, F1: func(_ *eval.Thread, f value.Value) (value.Value, error) {
		return value.NewDelay(func(c value.Caller) (value.Value, error) { return c.Call(f) }).Val(), nil
	}, Forms: "(delay* f)", Doc: "A value that a function of no arguments computes when it is first needed."},
	{Name: "force", Min: 1, Max: 1, F1: func(th *eval.Thread, v value.Value) (value.Value, error) {
		if d, ok := v.Ref().(*value.Delay); ok {
			return d.Force(th.Context(), th)
		}
		return v, nil
	}, Forms: "(force x)", Doc: "The value of a delay; any other value itself."},
	{Name: "realized?", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		switch x := v.Ref().(type) {
		case *value.Delay:
			_, _, ok := x.Realized()
			return value.Bool(ok), nil
		case *value.Future:
			_, _, ok := x.Result()
			return value.Bool(ok), nil
		}
		return value.True, nil
	}, Forms: "(realized? x)", Doc: "Whether a delay, future or promise has its value; true for anything else."},
}

func atom(th *eval.Thread, in *eval.Args) (value.Value, error) {
	v, opts := in.Value(), in.Options()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	a := value.NewAtom(v)
	a.Validator = opts["validator"]
	if m, ok := opts["meta"].Ref().(value.Map); ok {
		return a.WithMeta(&value.Meta{Map: m}), nil
	}
	return a.Val(), nil
}

func deref(th *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 2 {
		return value.Nil, value.Throwf(value.ArityException, "Wrong number of args (2) passed to function deref.")
	}
	switch x := a[0].Ref().(type) {
	case *value.Atom:
		return x.Deref(), nil
	case *value.Volatile:
		return x.Deref(), nil
	case *value.Just:
		return x.Deref(), nil
	case *value.Delay:
		return x.Force(th.Context(), th)
	case *agent:
		return x.Deref(), nil
	case *value.Stream:
		if x.Type().Is("java.io.ByteArrayOutputStream") {
			return value.NewByteBuf(x.Captured()).Val(), nil
		}
		return value.String(string(x.Captured())), nil
	case *value.Future:
		return await(th, x, a[1:])
	}
	return value.Nil, value.Errorf("Function 'deref' does not allow type %s as parameter.", a[0].Type())
}

func reset(th *eval.Thread, r, v value.Value) (value.Value, error) {
	switch x := r.Ref().(type) {
	case *value.Atom:
		return v, x.Reset(th, v)
	case *value.Volatile:
		x.Reset(v)
		return v, nil
	}
	return value.Nil, value.Errorf("Function 'reset!' does not allow type %s as parameter.", r.Type())
}

func swap(th *eval.Thread, name string, a []value.Value) (old, v value.Value, err error) {
	f := a[1]
	if !eval.IsFunction(f) {
		return old, v, value.CoerceError(f, "function")
	}
	apply := func(cur value.Value) (value.Value, error) {
		if len(a) == 2 {
			return th.Call1(f, cur)
		}
		return th.Apply(f, append([]value.Value{cur}, a[2:]...))
	}
	switch x := a[0].Ref().(type) {
	case *value.Atom:
		return x.Swap(th, apply)
	case *value.Volatile:
		old = x.Deref()
		if v, err = apply(old); err == nil {
			x.Reset(v)
		}
		return old, v, err
	}
	return old, v, value.Errorf("Function '%s' does not allow type %s as parameter.", name, a[0].Type())
}

func asWatched(fn string, v value.Value) (*value.Watched, error) {
	switch x := v.Ref().(type) {
	case *value.Atom:
		return &x.Watched, nil
	case *agent:
		return &x.Watched, nil
	}
	return nil, value.Errorf("Function '%s' does not allow type %s as ref.", fn, v.Type())
}
