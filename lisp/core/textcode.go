// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// textCodeTable: language.md 14.1, encodings of texts and bytes.
var textCodeTable = eval.Table{
	{Name: "str/encode-base64", Min: 1, Max: 2, Fn: encodeBase64, Forms: "(str/encode-base64 buf)\n(str/encode-base64 buf scheme)", Doc: "Bytes as base64; scheme is :Standard, :Standard-URL-safe or :Standard-Mime."},
	{Name: "str/decode-base64", Min: 1, Max: 2, Fn: decodeBase64, Forms: "(str/decode-base64 s)\n(str/decode-base64 s scheme)", Doc: "The bytes of a base64 text."},
	{Name: "str/bytebuf-to-hex", Min: 1, Max: 2, Fn: bytesToHex, Forms: "(str/bytebuf-to-hex buf)\n(str/bytebuf-to-hex buf :upper)", Doc: "Bytes as hexadecimal digits."},
	{Name: "str/hex-to-bytebuf", Min: 1, Max: 1, F1: hexToBytes, Forms: "(str/hex-to-bytebuf s)", Doc: "The bytes of hexadecimal digits."},
	{Name: "str/format-bytebuf", Min: 2, Max: 3, Fn: formatBytes, Forms: "(str/format-bytebuf buf delimiter)\n(str/format-bytebuf buf delimiter :prefix0x)", Doc: "Bytes as hexadecimal numbers with a delimiter between."},
	textRow("str/encode-url", encodeURL, "As a value of an HTML form."),
	{Name: "str/decode-url", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		if v.IsNil() {
			return value.Nil, nil
		}
		s, err := textOf(v)
		if err != nil {
			return value.Nil, err
		}
		t, err := url.QueryUnescape(s)
		if err != nil {
			return value.Nil, value.Throwf(value.IllegalArgument, "Function 'str/decode-url': %s", err)
		}
		return value.String(strings.ToValidUTF8(t, "\uFFFD")), nil
	}, Forms: "(str/decode-url s)", Doc: "The text of a value of an HTML form."},
	textRow("str/escape-html", escapeMarkup, "With the special characters of HTML escaped."),
	textRow("str/escape-xml", escapeMarkup, "With the special characters of XML escaped."),
	textRow("str/crlf-to-lf", func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }, "With line feeds for CR LF."),
	{Name: "str/cr-lf", Min: 2, Max: 2, F2: lineEndings, Forms: "(str/cr-lf s mode)", Doc: "With the line ends of a mode, :lf or :cr-lf."},
}

// base64Scheme takes an optional scheme. The MIME one breaks lines when it encodes and ignores other characters when it
// decodes.
func base64Scheme(in *eval.Args) (enc *base64.Encoding, mime bool) {
	if in.Left() == 0 || in.Peek().IsNil() {
		return base64.StdEncoding, false
	}
	switch name := in.Keyword(); strings.ToLower(name) {
	case "standard":
		return base64.StdEncoding, false
	case "standard-url-safe", "url-safe", "urlsafe":
		return base64.URLEncoding, false
	case "standard-mime", "mime":
		return base64.StdEncoding, true
	default:
		in.Fail(value.Errorf("Function '%s' does not allow :%s as scheme", in.Name, name))
		return base64.StdEncoding, false
	}
}

// mimeLine is the length of a line of MIME base64.
const mimeLine = 76

func encodeBase64(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	if in.Peek().IsNil() {
		return value.Nil, nil
	}
	buf := in.ByteBuf()
	enc, mime := base64Scheme(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	s := enc.EncodeToString(buf.B[:buf.Lim])
	if mime {
		var lines []string
		for ; len(s) > mimeLine; s = s[mimeLine:] {
			lines = append(lines, s[:mimeLine])
		}
		s = strings.Join(append(lines, s), "\r\n")
	}
	return value.String(s), nil
}

func decodeBase64(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	s, some := in.StrOrNil()
	enc, mime := base64Scheme(in)
	if err := in.Done(); err != nil || !some {
		return value.Nil, err
	}
	if mime {
		s = strings.Map(func(r rune) rune {
			if r < 0x80 && (r == '+' || r == '/' || r == '=' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z') {
				return r
			}
			return -1
		}, s)
	}
	// Padding may be missing, as in Java.
	b, err := enc.WithPadding(base64.NoPadding).DecodeString(strings.TrimRight(s, "="))
	if err != nil || strings.ContainsAny(s, "\r\n") {
		return value.Nil, value.Throwf(value.IllegalArgument, "Illegal base64 text")
	}
	return value.NewByteBuf(b).Val(), nil
}

func bytesToHex(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	if in.Peek().IsNil() {
		return value.Nil, nil
	}
	buf := in.ByteBuf()
	upper := in.Left() > 0 && in.Keyword() == "upper"
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	s := hex.EncodeToString(buf.B[:buf.Lim])
	if upper {
		s = strings.ToUpper(s)
	}
	return value.String(s), nil
}

func hexToBytes(_ *eval.Thread, v value.Value) (value.Value, error) {
	if v.IsNil() {
		return value.Nil, nil
	}
	s, err := textOf(v)
	if err != nil {
		return value.Nil, err
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return value.Nil, value.Errorf("Function 'str/hex-to-bytebuf': %s", err)
	}
	return value.NewByteBuf(b).Val(), nil
}

func formatBytes(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	if in.Peek().IsNil() {
		return value.Nil, nil
	}
	buf := in.ByteBuf()
	delimiter, _ := in.StrOrNil()
	prefix := ""
	if in.Left() > 0 && in.Keyword() == "prefix0x" {
		prefix = "0x"
	}
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	var b []byte
	for i, c := range buf.B[:buf.Lim] {
		if i > 0 {
			b = append(b, delimiter...)
		}
		b = fmt.Appendf(append(b, prefix...), "%02X", c)
	}
	return value.String(string(b)), nil
}

// encodeURL keeps what Java's URLEncoder keeps.
func encodeURL(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(value.ToUTF8(s)) {
		switch {
		case c == ' ':
			b.WriteByte('+')
		case c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte(".-*_", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

func escapeMarkup(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;").Replace(s)
}

func lineEndings(_ *eval.Thread, v, mode value.Value) (value.Value, error) {
	k, _ := mode.Ref().(*value.Keyword)
	if k == nil || k.Name != "lf" && k.Name != "cr-lf" {
		return value.Nil, value.Errorf("Function 'str/cr-lf' does not allow %s as mode", value.PrStr(mode))
	}
	return mapText(v, func(s string) string {
		s = strings.ReplaceAll(s, "\r\n", "\n")
		if k.Name == "cr-lf" {
			s = strings.ReplaceAll(s, "\n", "\r\n")
		}
		return s
	})
}
