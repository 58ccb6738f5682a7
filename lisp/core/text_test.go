// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"errors"
	"testing"

	"gondola/lisp"
	"gondola/lisp/value"
)

// exprCase is an expression with its readable result, or the class and message of what it raises.
type exprCase struct{ expr, want string }

func runCases(t *testing.T, cases []exprCase) {
	t.Helper()
	in := lisp.New(lisp.Options{})
	defer in.Close()
	for _, tt := range cases {
		v, err := in.Eval(t.Context(), tt.expr, "test")
		got := ""
		if err == nil {
			got = value.PrStr(v)
		} else if ex, ok := errors.AsType[*value.Exception](err); ok {
			got = "! " + ex.Error()
		} else {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s\n\tgot  %s\n\twant %s", tt.expr, got, tt.want)
		}
	}
}

// language.md 14.1; positions count UTF-16 code units (L9).
func TestText(t *testing.T) {
	runCases(t, []exprCase{
		{`(map str/trim ["\u00a0x " "\n" nil])`, "(\"\u00a0x\" \"\" nil)"},
		{`(map str/trim-to-nil [" " nil " a "])`, `(nil nil "a")`},
		{`(map str/blank? [nil "" " \u2003" "\u00a0" "a"])`, `(true true true false false)`},
		{`(map str/upper-case ["straße" "ﬁ" #\a nil])`, `("STRASSE" "FI" #\A nil)`},
		{`(str/lower-case "ΑΣ ΣΑ İ")`, `"ας σα i̇"`},
		{`(str/upper-case "a" :en)`, `! VncException: str/upper-case: the first arg is not a locale. Got a ':core/string'.`},
		{`[(str/index-of "a😀z" "z") (str/index-of "😀" "\uDE00") (str/index-of "abab" "b" 2) (str/index-of "a" "" 9)]`, `[3 1 3 1]`},
		{`[(str/last-index-of "aXbX" "X" 2) (str/last-index-of "😀x😀" "😀") (str/last-index-of "a" "ab") (str/last-index-of "a" "a" -1)]`, `[1 3 nil nil]`},
		{`(str/subs "a😀z" 2)`, "\"\xed\xb8\x80z\""},
		{`(str/subs "abc" 2 1)`, `! VncException: str/subs: index out of bounds!`},
		{`(str/reverse (str "x" (char 56832) (char 55357)))`, `"😀x"`},
		{`(map #(str/repeat "ab" % "-") [-1 0 1 2])`, `("" "" "ab" "ab-ab")`},
		{`(str/repeat "ab" 100000000000)`, `! VncException: str/repeat: the text gets longer than 1073741824 bytes`},
		{`(str/join (char 55357) ["" (char 56832)])`, `"😀"`},
		{`(str/starts-with? "abc" #\a)`, `! VncException: Cannot coerce value of type :core/char to string.`},
		{`[(str/contains? nil "a") (str/equals-ignore-case? "äB" "ÄB") (str/equals-ignore-case? nil nil)]`, `[false true true]`},
		{`[(str/truncate "a😀bc" 3 ".") (str/truncate "abcdef" 4 "." :start) (str/truncate "abc" 3 "...")]`, "[\"a\xed\xa0\xbd.\" \".def\" \"abc\"]"},
		{`(str/truncate "abcd" 2 "...")`, `! VncException: Function 'str/truncate': the marker is longer than the maximal length 2`},
		{`(str/truncate "abc" 2 "." :mid)`, `! VncException: Function 'str/truncate' does not allow :mid as mode. Use one of :end, :start, :middle.`},
		{`[(str/expand "a" 4 "xy") (str/expand "a" 4 "xy" :start) (str/expand "abc" 2 "-") (str/expand nil 2 "-")]`, `["axyx" "xyxa" "abc" "--"]`},
		{`[(str/align 5 :center :newline "ab") (str/align 3 :right :clip-left "abcd") (str/align 3 :left :ellipsis-right "abcd") (str/align 2 :left :newline "abc")]`, `["  ab " "bcd" "ab…" "ab\nc "]`},
		{`[(str/nfirst "abc" -1) (str/nlast "abc" 9) (str/nrest "abc" 1) (str/butnlast "abc" 9) (str/rest "") (str/butlast nil)]`, `["" "abc" "bc" "" "" nil]`},
		{`[(str/strip-indent "  a\n   b\nc") (str/strip-margin "1\n  |2\n 3")]`, `["a\n b\nc" "1\n2\n 3"]`},
		{`[(str/quoted? "<a>" "<" ">") (str/quoted? "-" "-") (str/double-unquote (str/double-quote "a"))]`, `[true false "a"]`},
		{`[(str/letter? "é") (str/digit? "1") (str/char? "ab") (str/hexdigit? #\g) (str/index-of-char "hello" "lo") (str/index-of-not-char "hhello" [#\h])]`, `[true false false false 2 2]`},
		{`[(str/wrap "aaa bbb ccccc\nd" :maxlen 4) (str/levenshtein "kitten" "sitting") (str/pos "a\nbc" 3)]`, `["aaa\nbbb\nccccc\nd" 3 {:col 1 :row 1}]`},
	})
}

func TestTextSplit(t *testing.T) {
	runCases(t, []exprCase{
		{`(map #(str/split "boo:and:foo" "o" %) [0 -1 2 5])`, `(("b" "" ":and:f") ("b" "" ":and:f" "" "") ("b" "o:and:foo") ("b" "" ":and:f" "" ""))`},
		{`(map #(str/split "boo:and:foo" "[o]" %) [0 -1 2 5])`, `(("b" "" ":and:f") ("b" "" ":and:f" "" "") ("b" "o:and:foo") ("b" "" ":and:f" "" ""))`},
		{`[(str/split "," ",") (str/split "" ",") (str/split nil ",") (str/split "abc" "(?=b)") (str/split "" "x*")]`, `[() ("") () ("a" "bc") ("")]`},
		{`[(str/split-lines "a\r\n\rb\n") (str/split-lines "") (str/split-at "a😀" 1) (str/split-columns "ab cd  ef" [0 3 7])]`, `[("a" "" "b") () ("a" "😀") ("ab" "cd" "ef")]`},
		{`(str/split "a b" #\space)`, `! VncException: Cannot coerce value of type :core/char to string.`},
		{`[(str/replace-all "aAbB" "A" "x" :ignore-case true) (str/replace-all "a\\E.B" "\\e.b" "$1" :ignore-case true)]`, `["xxbB" "a$1"]`},
		{`[(str/replace-first "aaa" "a" "b" :nfirst 2) (str/replace-first "a1b2" #"\d" "") (str/replace-last "aXbxc" "x" "-" :ignore-case true)]`, `["bba" "ab2" "aXb-c"]`},
		{`(str/replace-all "abc" #"(?<x>b)" "[${x}$0\\$]")`, `"a[bb$]c"`},
		{`(str/replace-all "abc" #"(b)" "$12")`, `"ab2c"`},
		{`(str/replace-all "abc" #"b" "$1")`, `! IndexOutOfBoundsException: No group 1`},
		{`(str/replace-all "abc" #"b" "$")`, `! IllegalArgumentException: Illegal group reference`},
	})
}

func TestTextCodes(t *testing.T) {
	runCases(t, []exprCase{
		{`(str/encode-base64 (bytebuf [251 255]) :Standard-URL-safe)`, `"-_8="`},
		{`[(str/decode-base64 "AQI") (str/decode-base64 "AQ\r\nI=" :Standard-Mime)]`, `[[1 2] [1 2]]`},
		{`(str/decode-base64 "A\nQI=")`, `! IllegalArgumentException: Illegal base64 text`},
		{`[(str/encode-url "ä *~&") (str/decode-url "%C3%A4+%2B") (str/escape-xml "<&'>")]`, `["%C3%A4+*%7E%26" "ä +" "&lt;&amp;&apos;&gt;"]`},
		{`[(str/hex-to-bytebuf "0aF0") (str/bytebuf-to-hex (bytebuf [10 240]) :upper) (str/format-bytebuf (bytebuf [1 2]) ":")]`, `[[10 240] "0AF0" "01:02"]`},
		{`(str/hex-to-bytebuf "abc")`, `! VncException: Function 'str/hex-to-bytebuf': encoding/hex: odd length hex string`},
		{`[(str/cr-lf "a\nb\r\n" :cr-lf) (str/cr-lf "a\r\nb" :lf)]`, `["a\r\nb\r\n" "a\nb"]`},
	})
}

// language.md 14.2
func TestRegexFunctions(t *testing.T) {
	runCases(t, []exprCase{
		{`(let [m (regex/matcher "([a-z])([0-9])?" "a1 b")] [(regex/find+ m) (regex/group m 2) (regex/find m) (regex/group m 2) (regex/find m)])`, `[{:start 0 :end 2 :group "a1"} "1" "b" nil nil]`},
		{`(regex/find-all+ (regex/matcher "b" "😀b"))`, `({:start 2 :end 3 :group "b"})`},
		{`(regex/group (regex/matcher "a" "a") 0)`, `! IllegalStateException: No match found`},
		{`(let [m (regex/matcher "a" "a")] (regex/find m) (regex/group m 1))`, `! IndexOutOfBoundsException: No group 1`},
		{`[(regex/matches "(a)|b" "b") (regex/matches "a" "b") (regex/count (regex/matcher "(a)(?:b)(c)" ""))]`, `[("b" nil) () 2]`},
		{`(let [m (regex/matcher "x*" "ax")] (regex/find-all m))`, `("" "x" "")`},
		{`[(match? nil "a") (not-match? nil "a") (match? "a" :a)]`, `[false true true]`},
		{`(match? "a" "(")`, `! VncException: Illegal regex pattern: (`},
	})
}

// language.md 14.1: Java's Formatter, fractions rounded half up on the shortest digits.
func TestFormat(t *testing.T) {
	runCases(t, []exprCase{
		{`(str/format "%,.2f|%e|%g|%g|%(.1f|%+.0f|%#.0f" -1234567.891 -9.9999999 0.00001 123456.789 -2.25 3.5 1.0)`, `"-1,234,567.89|-1.000000e+01|1.00000e-05|123457|(2.3)|+4|1."`},
		{`(str/format "%x %X %o %x %#o" -1 255I 8N -255N 8)`, `"ffffffffffffffff FF 10 -ff 010"`},
		{`(str/format "%2$s %<s %s %-6b|%h" 1 false "hi")`, `"false false 1 false |d01"`},
		{`(str/format "%s %h" 1)`, `! VncException: There is no argument for the format specifier '%h'`},
		{`(str/format "%05d|%n|%%|%3%|%.1s" -3 "😀x")`, "\"-0003|\\n|%|  %|\xed\xa0\xbd\""},
		{`(str/format "%5.1f|%05.1f|%f" (/ 1.0 0) (/ -1.0 0) (/ 0.0 0))`, `"Infinity|-Infinity|NaN"`},
		{`(str/format "%.2f %.3e %.1f %.2f" -0.001 0.00012345M 1E+3M 1.005F)`, `"-0.00 1.235e-04 1000.0 1.00"`},
		{`(str/format "%c%S" 65I "ß")`, `"ASS"`},
		{`(str/format "%d" 1.5)`, `! VncException: The format specifier '%d' does not allow an argument of type :core/double`},
		{`(str/format "%-d" 1)`, `! VncException: Illegal flags in the format specifier '%-d'`},
		{`(str/format "%q" 1)`, `! VncException: Unknown format conversion in '%q'`},
		{`(str/format "%999999999d" 1)`, `! VncException: Unknown format conversion in '%999999999d'`},
		{`(with-out-str (printf "%s-%.1f%n" :a 0.25))`, `":a-0.3\n"`},
	})
}

// language.md 14.3
func TestJSONFunctions(t *testing.T) {
	runCases(t, []exprCase{
		{`[(json/write-str nil) (json/read-str nil) (json/write-str [nil])]`, `[nil nil "[null]"]`},
		{`(json/read-str "{\"a\": 1, \"b\": 2}" :key-fn keyword :value-fn (fn [k v] (if (= k :a) v [k v])))`, `{:a 1 :b [:b 2]}`},
		{`(json/read-str "{" :key-fn keyword)`, `! VncException: Function 'json/read-str'. Failed to read JSON string`},
		{`(json/read-str "{\"a\":1}" :value-fn (fn [k v] (throw (ex :VncException "no"))))`, `! VncException: no`},
		{`(json/pretty-print "[1,{\"a\":[]}]" :indent "\t")`, `"[1,{\n\t\"a\": []\n}]"`},
		{`(json/write-str (take 3 (lazy-seq 1 inc)))`, `"[1,2,3]"`},
		{`(let [f (io/temp-file "j" ".json")] (json/spit f {:a "é"} :pretty true) (try [(json/slurp f :key-fn keyword) (io/slurp f)] (finally (io/delete-file f))))`, `[{:a "é"} "{\n  \"a\": \"é\"\n}"]`},
	})
}

// language.md 8.2
func TestByteBuffers(t *testing.T) {
	runCases(t, []exprCase{
		{`[(bytebuf [256 -1]) (bytebuf "é") (bytebuf)]`, `[[0 255] [195 169] []]`},
		{`(let [a (bytebuf [1]) b (bytebuf a)] (bytebuf-put-byte! b 9) [a b])`, `[[1] [9]]`},
		{`(bytebuf [1 "a"])`, `! VncException: Function 'bytebuf' a list as argument must contains long values`},
		{`[(bytebuf-from-string "aé" :UTF-16) (bytebuf-from-string "é😀" :ISO-8859-1) (bytebuf-from-string "a" :UTF-8 3 32)]`, `[[254 255 0 97 0 233] [233 63] [97 32 32]]`},
		{`[(bytebuf-to-string (bytebuf [226 130 65 255])) (bytebuf-to-string (bytebuf [255 254 97 0]) :UTF-16)]`, `["�A�" "a"]`},
		{`(bytebuf-from-string "a" :x)`, `! VncException: Failed to convert string to bytebuffer`},
		{`(-> (bytebuf-allocate 14) (bytebuf-put-long! -2) (bytebuf-byte-order! :little-endian) (bytebuf-put-int! 258) (bytebuf-put-byte! 255) (bytebuf-pos))`, `13`},
		{`(let [b (bytebuf [0 0 0 1 0 0 0 2])] [(bytebuf-get-int b) (bytebuf-get-int b) (bytebuf-remaining b) (bytebuf-get-int b 3)])`, `[1I 2I 0 16777216I]`},
		{`(bytebuf-get-int (bytebuf [1]))`, `! VncException: bytebuf-get-int: the buffer has 1 bytes left, 4 are needed`},
		{`(bytebuf-get-int (bytebuf [1 2 3]) 0)`, `! VncException: bytebuf-get-int: position 0 is out of range`},
		{`(bytebuf-sub (bytebuf [1 2]) 1 3)`, `! VncException: bytebuf-sub: index out of bounds!`},
		{`(bytebuf-allocate -1)`, `! IllegalArgumentException: capacity < 0: (-1 < 0)`},
		{`[(bytebuf-index-of (bytebuf [1 2 1 2]) (bytebuf [1 2]) 1) (bytebuf-index-of (bytebuf [1]) (bytebuf [2]))]`, `[2 nil]`},
		{`(doall (bytebuf-to-list (bytebuf [1 255])))`, `(1I 255I)`},
		{`(let [b (bytebuf-ensure-free-capacity! (bytebuf [1]) 3)] [(bytebuf-capacity b) (bytebuf-limit (bytebuf-limit! b 2)) b])`, `[3 2 [1 0]]`},
	})
}
