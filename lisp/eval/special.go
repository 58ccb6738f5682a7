// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"strings"

	"gondola/lisp/value"
)

// specialForm is one row of the table of special forms. min and max count arguments, max -1: any number.
type specialForm struct {
	min, max int
	analyse  func(c *compiler, form *value.List, args []value.Value, tail bool) (Node, error)
}

// specialForms is the table of language.md 3.4: the forms that the compiler knows.
func specialForms() map[string]*specialForm {
	return map[string]*specialForm{
		"do":                   {0, -1, analyseDo},
		"if":                   {2, 3, analyseIf},
		"let":                  {1, -1, analyseLet},
		"loop":                 {2, -1, analyseLoop},
		"recur":                {0, -1, analyseRecur},
		"fn":                   {1, -1, analyseFn},
		"def":                  {1, 2, analyseDef},
		"defonce":              {2, 2, analyseDefonce},
		"def-dynamic":          {2, 2, analyseDefDynamic},
		"defmacro":             {1, -1, analyseDefmacro},
		"set!":                 {2, 2, analyseSet},
		"quote":                {1, 1, analyseQuote},
		"quasiquote":           {1, 1, analyseQuasiquote},
		"eval":                 {1, 1, analyseEval},
		"try":                  {0, -1, analyseTry},
		"try-with":             {1, -1, analyseTryWith},
		"locking":              {2, -1, analyseLocking},
		"binding":              {1, -1, analyseBinding},
		"ns":                   {1, 1, analyseNs},
		"ns-unmap":             {2, 2, analyseNsUnmap},
		"ns-remove":            {1, 1, analyseNsRemove},
		"ns-list":              {0, 1, analyseNsList},
		"ns-meta":              {1, 1, analyseNsMeta(nil)},
		"alter-ns-meta!":       {2, -1, analyseNsMeta(alterMeta)},
		"reset-ns-meta!":       {2, 2, analyseNsMeta(resetMeta)},
		"resolve":              {1, 1, analyseResolve},
		"bound?":               {1, 1, analyseBound},
		"var-get":              {1, 1, analyseVarGet},
		"var-name":             {1, 1, analyseVar(varName)},
		"var-sym":              {1, 1, analyseVar(varSym)},
		"var-ns":               {1, 1, analyseVar(varNs)},
		"var-global?":          {1, 1, analyseVar(varGlobal)},
		"var-local?":           {1, 1, analyseVar(varLocal)},
		"var-thread-local?":    {1, 1, analyseVar(varThreadLocal)},
		"macroexpand":          {1, 1, analyseMacroexpand},
		"macroexpand-all*":     {1, 1, analyseMacroexpandAll},
		"tail-pos":             {0, 1, analyseTailPos},
		"dorun":                {2, 2, analyseDorun},
		"macroexpand-on-load?": {0, 0, analyseMacroexpandOnLoad},
		"import":               {0, -1, analyseImport},
	}
}

func analyseDo(c *compiler, _ *value.List, args []value.Value, tail bool) (Node, error) {
	return c.body(args, tail)
}

func analyseIf(c *compiler, _ *value.List, args []value.Value, tail bool) (Node, error) {
	test, err := c.compile(args[0], false)
	if err != nil {
		return nil, err
	}
	then, err := c.compile(args[1], tail)
	if err != nil {
		return nil, err
	}
	var els Node = &constNode{}
	if len(args) == 3 {
		if els, err = c.compile(args[2], tail); err != nil {
			return nil, err
		}
	}
	return newIf(asTester(test), then, els), nil
}

func analyseLet(c *compiler, _ *value.List, args []value.Value, tail bool) (Node, error) {
	pairs, err := bindingPairs("let", args[0])
	if err != nil {
		return nil, err
	}
	return c.inScope(func() (Node, error) {
		lb, err := c.bindings(pairs)
		if err != nil {
			return nil, err
		}
		body, err := c.body(args[1:], tail)
		if err != nil {
			return nil, err
		}
		cells := lb.cells()
		if len(cells) == 0 && len(lb.stores) == 1 {
			if s, ok := lb.stores[0].(*storeNode); ok {
				return &let1Node{s.slot, s.init, body}, nil
			}
		}
		return &letNode{cells, lb.stores, body}, nil
	})
}

func analyseQuote(_ *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	return &constNode{args[0]}, nil
}

func analyseQuasiquote(c *compiler, _ *value.List, args []value.Value, tail bool) (Node, error) {
	form, err := c.th.quasiquote(args[0])
	if err != nil {
		return nil, err
	}
	return c.compile(form, tail)
}

// evalNode is (eval form): the value of form is evaluated again where the call stands (L6).
type evalNode struct {
	form Node
	late *lateForm
}

func (n *evalNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	form, err := n.form.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	saved := th.ns
	defer func() { th.ns = saved }()
	f, err := th.compileTop(form, n.late.fs, n.late.env)
	if err != nil {
		return value.Nil, err
	}
	return th.runTop(f, fr)
}

func analyseEval(c *compiler, form *value.List, args []value.Value, _ bool) (Node, error) {
	n, err := c.compile(args[0], false)
	if err != nil {
		return nil, err
	}
	for fs := c.fs; fs != nil; fs = fs.code.parent {
		fs.open = true
	}
	return &evalNode{n, &lateForm{form: form, fs: c.fs, env: c.env, ns: c.ns}}, nil
}

// valueNode computes a value with a Go function; the compiler uses it for the rarer special forms.
type valueNode struct {
	args []Node
	fn   func(th *Thread, args []value.Value) (value.Value, error)
}

func (n *valueNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	args, err := evalAll(th, fr, n.args)
	if err != nil {
		return value.Nil, err
	}
	return n.fn(th, args)
}

func analyseMacroexpand(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	nodes, err := c.all(args)
	return &valueNode{nodes, func(th *Thread, args []value.Value) (value.Value, error) { return th.Macroexpand(args[0]) }}, err
}

func analyseMacroexpandAll(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	nodes, err := c.all(args)
	return &valueNode{nodes, func(th *Thread, args []value.Value) (value.Value, error) { return th.MacroexpandAll(args[0]) }}, err
}

func analyseTailPos(c *compiler, _ *value.List, args []value.Value, tail bool) (Node, error) {
	if tail {
		return &constNode{}, nil
	}
	name := ""
	if len(args) == 1 {
		name = " " + value.PrStr(args[0])
	}
	return &failNode{value.Throwf(value.NotInTailPosition, "Not in tail position%s", name)}, nil
}

// analyseMacroexpandOnLoad: macros are always expanded while a form is compiled.
func analyseMacroexpandOnLoad(*compiler, *value.List, []value.Value, bool) (Node, error) {
	return &constNode{value.True}, nil
}

// dorunNode evaluates an expression n times; the last value. A name that means a function stands for its calls, with the
// number of the turn if it has one parameter.
type dorunNode struct {
	n, body Node
	isName  bool
}

func (n *dorunNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	count, err := n.n.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	times, ok := count.Long()
	if !ok {
		return value.Nil, value.CoerceError(count, "long")
	}
	last := value.Nil
	for i := int64(0); i < times && err == nil; i++ {
		last, err = n.turn(th, fr, i)
		if err == nil {
			err = th.CheckInterrupt()
		}
	}
	return last, err
}

func (n *dorunNode) turn(th *Thread, fr *Frame, i int64) (value.Value, error) {
	v, err := n.body.Eval(th, fr)
	if err != nil || !n.isName || !IsFunction(v) {
		return v, err
	}
	if f, ok := v.Ref().(*Fn); ok && f.one != nil && f.one.arity == 1 {
		return th.Call1(v, value.Long(i))
	}
	return th.Call(v)
}

func analyseDorun(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	nodes, err := c.all(args)
	if err != nil {
		return nil, err
	}
	_, isName := args[1].Ref().(*value.Symbol)
	return &dorunNode{nodes[0], nodes[1], isName}, nil
}

// analyseImport remembers short class names for the current namespace; unknown classes are accepted (language.md 17).
func analyseImport(_ *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	names := map[string]string{}
	last := ""
	for i := 0; i < len(args); i++ {
		k, ok := args[i].Ref().(*value.Keyword)
		if !ok {
			return nil, value.CoerceError(args[i], "keyword")
		}
		if k.Name == "as" && i+1 < len(args) && last != "" {
			i++
			if as, ok := args[i].Ref().(*value.Keyword); ok {
				names[as.Name] = last
			}
			continue
		}
		last = k.Name
		names[k.Name[strings.LastIndexByte(k.Name, '.')+1:]] = k.Name
	}
	return goForm(func(th *Thread) (value.Value, error) {
		th.ns.mu.Lock()
		defer th.ns.mu.Unlock()
		if th.ns.imports == nil {
			th.ns.imports = map[string]string{}
		}
		for short, full := range names {
			th.ns.imports[short] = full
		}
		return value.Nil, nil
	}), nil
}
