// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// xmlTable: what the module xml is made of.
var xmlTable = eval.Table{
	{Name: "parse-xml*", Min: 1, Max: 1, F1: parseXML, Doc: "Internal to the module xml: the tree of an input stream or string."},
}

func parseXML(th *eval.Thread, v value.Value) (value.Value, error) {
	text, ok := v.Str()
	if ok {
		text = value.ToUTF8(text)
	} else {
		in, ok := value.HostOf[*source](v)
		if !ok {
			return value.Nil, value.Errorf("An input of type %s is not supported! Please pass a :java.io.InputStream or an :org.xml.sax.InputSource.", v.Type())
		}
		b, err := in.ReadAll(th)
		if err != nil {
			return value.Nil, err
		}
		text = string(b)
	}
	if err := th.Charge(parsedSize * len(text)); err != nil {
		return value.Nil, err
	}
	root, cause := xmlTree(text)
	if cause == nil {
		return root, nil
	}
	out, err := asSink("xml/parse", th.CoreValue("*err*"))
	if err != nil {
		return value.Nil, err
	}
	return root, write(th, out, fmt.Sprintf("xml/parse: %s\n", cause))
}

// xmlElement is one that is open: the text since its last child, and what it has already.
type xmlElement struct {
	name    string
	attrs   value.Value // nil if it has none
	content []value.Value
	text    strings.Builder
}

// flush ends a text; blank ones are layout.
func (e *xmlElement) flush() {
	if s := e.text.String(); strings.TrimSpace(s) != "" {
		e.content = append(e.content, value.String(decodeText("UTF-8", []byte(s))))
	}
	e.text.Reset()
}

func (e *xmlElement) value() value.Value {
	e.flush()
	kvs := []value.Value{value.Kw("tag"), value.String(e.name)}
	if !e.attrs.IsNil() {
		kvs = append(kvs, value.Kw("attrs"), e.attrs)
	}
	if len(e.content) > 0 {
		kvs = append(kvs, value.Kw("content"), vec(e.content...))
	}
	return value.NewHashMap(kvs...).Val()
}

// entityDecl are the internal entities of a DOCTYPE. Those that hold markup or other entities are left undefined: what
// they would grow to has no bound.
var entityDecl = regexp.MustCompile(`<!ENTITY\s+([^\s%"']+)\s+(?:"([^"&<]*)"|'([^'&<]*)')\s*>`)

// xmlTree parses a document. Names keep their prefixes, as in the reference, which does not resolve namespaces. With an
// error behind the root element comes the root too, as the reference has it then.
func xmlTree(text string) (value.Value, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		if _, ok := value.EncodeText(charset, ""); !ok {
			return nil, unknownCharset(charset)
		}
		return decoding(in, charset)
	}
	d.Entity = map[string]string{}
	root := value.Nil
	var open []*xmlElement
	for {
		token, err := d.RawToken()
		line, column := d.InputPos()
		switch {
		case errors.Is(err, io.EOF) && len(open) > 0:
			return root, fmt.Errorf("line %d, column %d: element %s does not end", line, column, open[len(open)-1].name)
		case errors.Is(err, io.EOF) && root.IsNil():
			return root, errors.New("there is no element")
		case errors.Is(err, io.EOF):
			return root, nil
		case err != nil:
			return root, err
		}
		switch t := token.(type) {
		case xml.Directive:
			for _, m := range entityDecl.FindAllSubmatch(t, -1) {
				d.Entity[string(m[1])] = string(m[2]) + string(m[3])
			}
		case xml.StartElement:
			if len(open) == 0 && !root.IsNil() {
				return root, fmt.Errorf("line %d, column %d: a second root element %s", line, column, qualified(t.Name))
			}
			e := &xmlElement{name: qualified(t.Name)}
			if e.attrs, err = attributes(t.Attr); err != nil {
				return root, fmt.Errorf("line %d, column %d: %w", line, column, err)
			}
			open = append(open, e)
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1].name != qualified(t.Name) {
				return root, fmt.Errorf("line %d, column %d: nothing that is open ends with </%s>", line, column, qualified(t.Name))
			}
			done := open[len(open)-1].value()
			if open = open[:len(open)-1]; len(open) == 0 {
				root = done
				continue
			}
			parent := open[len(open)-1]
			parent.flush()
			parent.content = append(parent.content, done)
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text.Write(t)
			} else if strings.TrimSpace(string(t)) != "" {
				return root, fmt.Errorf("line %d, column %d: text outside of the root element", line, column)
			}
		}
	}
}

func qualified(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

func attributes(attrs []xml.Attr) (value.Value, error) {
	if len(attrs) == 0 {
		return value.Nil, nil
	}
	var kvs []value.Value
	seen := map[string]bool{}
	for _, a := range attrs {
		name := qualified(a.Name)
		if seen[name] {
			return value.Nil, fmt.Errorf("attribute %s is there twice", name)
		}
		seen[name] = true
		kvs = append(kvs, value.Kw(name), value.String(decodeText("UTF-8", []byte(a.Value))))
	}
	return value.NewHashMap(kvs...).Val(), nil
}
