// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"gondola/lisp/paint"
)

var escape = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Whatever is typed or pasted: nothing panics, colours change no character, a paste enters nothing by itself.
func FuzzTyping(f *testing.F) {
	for _, text := range []string{"(let [a 1] (+ a", `"""open "`, `#\`, "; x\n(f)", "[(]{", "\x1b[200~a\r\n\tb\x1b[201~", "\x1b[20", "é中", "\xff(\xfe"} {
		f.Add(text, 3)
	}
	theme := paint.Select("light", nil)
	f.Fuzz(func(t *testing.T, text string, cursor int) {
		scan(text).locals()
		if !strings.Contains(text, "\x1b") {
			if got := escape.ReplaceAllString(highlight(theme, "", text, cursor), ""); got != text {
				t.Errorf("colours make %q of %q", got, text)
			}
		}
		pasted := asTyped(text)
		for _, part := range strings.Split(pasted, pastedEnter+"\r") {
			if i := strings.IndexFunc(part, func(c rune) bool { return c < ' ' }); i >= 0 {
				t.Errorf("%q of a paste has a control character", pasted)
			}
		}
		if _, err := io.ReadAll(&pasteReader{ReadCloser: io.NopCloser(strings.NewReader(text))}); err != nil {
			t.Error(err)
		}
	})
}
