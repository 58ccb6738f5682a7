// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"

	"gondola/lisp"
	"gondola/lisp/value"
)

// The digests are the published ones of these texts.
func TestDigests(t *testing.T) {
	in := lisp.New(lisp.Options{})
	defer in.Close()
	for _, c := range []struct{ expr, want string }{
		{`(str/bytebuf-to-hex (crypt/md5-hash "hello world"))`, `"5eb63bbbe01eeed093cb22bb8f5acdc3"`},
		{`(str/bytebuf-to-hex (crypt/sha1-hash "hello world"))`, `"2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"`},
		{`(str/bytebuf-to-hex (crypt/md5-hash "world" "hello "))`, `"5eb63bbbe01eeed093cb22bb8f5acdc3"`},
		{`(str/truncate (str/bytebuf-to-hex (crypt/sha512-hash (bytebuf [97 98 99]))) 19 "...")`, `"ddaf35a193617aba..."`},
		{`(count (crypt/pbkdf2-hash "hello world" "-salt-"))`, `32`},
		{`(= (crypt/pbkdf2-hash "a" "b") (crypt/pbkdf2-hash "a" "b" 1000 256))`, `true`},
	} {
		v, err := in.Eval(t.Context(), c.expr, "test")
		if got := value.PrStr(v); err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", c.expr, got, err, c.want)
		}
	}
	if v, err := in.Eval(t.Context(), `(crypt/md5-hash 1)`, "test"); err == nil {
		t.Errorf("the digest of a number is %s", value.PrStr(v))
	}
}
