// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// locale is a language and perhaps a country, as scripts give it: (. :java.util.Locale :new "de" "CH"), or ["de" "CH"].
type locale struct{ language, country string }

var typeLocale = &value.Type{Name: "java.util.Locale"}

func (l locale) String() string {
	if l.country == "" {
		return l.language
	}
	return l.language + "_" + l.country
}

func (l locale) val() value.Value { return value.NewHost(typeLocale, l).Val() }

// localeOf reads a locale, or a list or vector of up to three strings.
func localeOf(v value.Value) (locale, bool) {
	if l, ok := value.HostOf[locale](v); ok {
		return l, true
	}
	s, ok := v.Ref().(value.Sequence)
	if !ok || s.Count() > 3 {
		return locale{}, false
	}
	var parts [3]string
	for i, x := range s.Items() {
		text, ok := x.Str()
		if !ok {
			return locale{}, false
		}
		parts[i] = text
	}
	return locale{strings.ToLower(parts[0]), strings.ToUpper(parts[1])}, true
}

// newLocale is the constructor of java.util.Locale.
func newLocale(_ *eval.Thread, a []value.Value) (value.Value, error) {
	if l, ok := localeOf(list(a...)); ok && len(a) > 0 {
		return l.val(), nil
	}
	return value.Nil, errNoMember
}

// localeConstants are the static fields of java.util.Locale.
var localeConstants = map[string]locale{
	"ROOT": {}, "ENGLISH": {"en", ""}, "US": {"en", "US"}, "UK": {"en", "GB"}, "CANADA": {"en", "CA"}, "GERMAN": {"de", ""}, "GERMANY": {"de", "DE"},
	"FRENCH": {"fr", ""}, "FRANCE": {"fr", "FR"}, "ITALIAN": {"it", ""}, "ITALY": {"it", "IT"}, "JAPANESE": {"ja", ""}, "JAPAN": {"ja", "JP"}, "CHINESE": {"zh", ""},
}

func localeMembers() map[string]member {
	members := map[string]member{"new": newLocale}
	for name, l := range localeConstants {
		members[name] = constant(l.val())
	}
	return members
}

// numberMarks are what stands between groups of digits and before fractions.
type numberMarks struct{ group, decimal string }

// marksOf are the marks by locale, else by language; all others write as English does. A country of its own has a row, "de_CH".
var marksOf = map[string]numberMarks{
	"de": {".", ","}, "de_CH": {"’", "."}, "de_LI": {"’", "."}, "de_AT": {"\u00a0", ","}, "fr": {"\u202f", ","}, "fr_CH": {"\u202f", ","}, "it": {".", ","}, "it_CH": {"’", "."},
	"es": {".", ","}, "es_MX": {",", "."}, "pt": {".", ","}, "pt_PT": {"\u00a0", ","}, "nl": {".", ","}, "da": {".", ","}, "sv": {"\u00a0", ","}, "nb": {"\u00a0", ","}, "no": {"\u00a0", ","},
	"fi": {"\u00a0", ","}, "pl": {"\u00a0", ","}, "cs": {"\u00a0", ","}, "sk": {"\u00a0", ","}, "hu": {"\u00a0", ","}, "ru": {"\u00a0", ","}, "uk": {"\u00a0", ","}, "tr": {".", ","},
	"el": {".", ","}, "ro": {".", ","}, "hr": {".", ","}, "sl": {".", ","}, "bg": {"\u00a0", ","}, "id": {".", ","}, "vi": {".", ","},
}

// localized writes the digits of a formatted number, which has English marks, with those of the locale.
func (l locale) localized(s string) string {
	marks, ok := marksOf[l.String()]
	if !ok {
		if marks, ok = marksOf[l.language]; !ok {
			return s
		}
	}
	return strings.NewReplacer(",", marks.group, ".", marks.decimal).Replace(s)
}

// turkish reports whether i and ı are two letters.
func (l locale) turkish() bool { return l.language == "tr" || l.language == "az" }
