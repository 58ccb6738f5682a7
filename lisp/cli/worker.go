// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"gondola/lisp"
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// Worker evaluates a script whose last value is a function without arguments, and returns what calls that function, on as
// many goroutines as there are callers. The options are the interpreter's but for the load path, which is the folder of the
// file. An exception is an error whose text is as on a terminal without colours. close ends the interpreter.
func Worker(ctx context.Context, file string, o lisp.Options) (call func(context.Context) error, close func(), err error) {
	o.LoadPath = []string{filepath.Dir(file)}
	in := lisp.New(o)
	shown := func(err error) error {
		if err == nil {
			return nil
		}
		return errors.New(strings.TrimSuffix(errorText(in, err), "\n"))
	}
	text, err := ReadScript(file, nil)
	var f value.Value
	if err == nil {
		f, err = in.Eval(ctx, text, file)
		err = shown(err)
	}
	if err == nil && !takesNothing(f) {
		err = fmt.Errorf("the last value of %s is %s, not a function without arguments: end it with (fn [] …)", file, value.PrStr(f))
	}
	if err != nil {
		in.Close()
		return nil, nil, err
	}
	return func(ctx context.Context) error {
		th := in.Runtime().NewThread(ctx)
		defer th.Release()
		_, err := th.Guard(func() (value.Value, error) { return th.Call(f) })
		return shown(err)
	}, in.Close, nil
}

// errorText is what a terminal without colours shows of an error that nothing has caught.
func errorText(in *lisp.Interp, err error) string {
	var text strings.Builder
	in.WriteError(&text, err, lisp.ErrorStyle{})
	return text.String()
}

func takesNothing(v value.Value) bool {
	switch f := v.Ref().(type) {
	case *eval.Fn:
		fixed, variadic := f.Arities()
		return slices.Contains(fixed, 0) || variadic == 0
	case *eval.Builtin:
		return f.Min == 0
	}
	return false
}
