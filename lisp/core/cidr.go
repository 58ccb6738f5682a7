// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"net/netip"
	"strings"
	"sync"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// cidrTable: address ranges and addresses, language.md 14.5.
var cidrTable = eval.Table{
	{Name: "cidr/parse", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		c, err := asCIDR(v)
		if err != nil {
			return value.Nil, err
		}
		return c.Val(), nil
	}, Forms: "(cidr/parse cidr)", Doc: "An address range from text like 192.168.0.0/16."},
	{Name: "cidr/in-range?", Min: 2, Max: 2, F2: func(_ *eval.Thread, ip, cidr value.Value) (value.Value, error) {
		a, ok := addressOf(ip)
		if !ok {
			return value.Nil, invalidType("cidr/in-range?", ip)
		}
		c, err := asCIDR(cidr)
		if err != nil {
			return value.Nil, err
		}
		return value.Bool(c.prefix.Contains(a)), nil
	}, Forms: "(cidr/in-range? ip cidr)", Doc: "Whether an address is in a range."},
	{Name: "cidr/start-inet-addr", Min: 1, Max: 1, F1: rangeEnd((*cidr).first), Forms: "(cidr/start-inet-addr cidr)", Doc: "The first address of a range."},
	{Name: "cidr/end-inet-addr", Min: 1, Max: 1, F1: rangeEnd((*cidr).last), Forms: "(cidr/end-inet-addr cidr)", Doc: "The last address of a range."},
	{Name: "cidr/trie", F0: func(*eval.Thread) (value.Value, error) { return value.New(&cidrTrie{}).Val(), nil }, Forms: "(cidr/trie)", Doc: "A table of values by address range."},
	{Name: "cidr/insert", Min: 3, Max: 3, F3: func(_ *eval.Thread, t, c, v value.Value) (value.Value, error) {
		trie, err := asTrie(t)
		if err != nil {
			return value.Nil, err
		}
		key, err := asCIDR(c)
		if err == nil {
			trie.put(key, v)
		}
		return value.Nil, err
	}, Forms: "(cidr/insert trie cidr value)", Doc: "Sets the value of a range."},
	{Name: "cidr/lookup", Min: 2, Max: 2, F2: lookup, Forms: "(cidr/lookup trie cidr-or-ip)", Doc: "The value of the smallest range that holds an address or range; nil without."},
	{Name: "cidr/lookup-mixed", Min: 3, Max: 3, F3: func(th *eval.Thread, t4, t6, key value.Value) (value.Value, error) {
		if a, ok := addressOf(key); ok && a.Is4() {
			return lookup(th, t4, key)
		}
		if c, ok := key.Ref().(*cidr); ok && c.prefix.Addr().Is4() {
			return lookup(th, t4, key)
		}
		return lookup(th, t6, key)
	}, Forms: "(cidr/lookup-mixed trie4 trie6 cidr-or-ip)", Doc: "cidr/lookup in the table for IP 4 or in that for IP 6."},
	{Name: "cidr/lookup-reverse", Min: 2, Max: 2, F2: func(_ *eval.Thread, t, ip value.Value) (value.Value, error) {
		trie, err := asTrie(t)
		if err != nil {
			return value.Nil, err
		}
		a, ok := addressOf(ip)
		if !ok {
			return value.Nil, value.Errorf("Invalid second argument type %s while calling function 'cidr/lookup-reverse'", ip.Type())
		}
		if c, _, ok := trie.find(netip.PrefixFrom(a, a.BitLen())); ok {
			return c.Val(), nil
		}
		return value.Nil, nil
	}, Forms: "(cidr/lookup-reverse trie ip)", Doc: "The smallest range that holds an address; nil without."},
	{Name: "cidr/size", Min: 1, Max: 1, F1: func(_ *eval.Thread, t value.Value) (value.Value, error) {
		trie, err := asTrie(t)
		if err != nil {
			return value.Nil, err
		}
		trie.mu.RLock()
		defer trie.mu.RUnlock()
		return value.Long(int64(len(trie.entries))), nil
	}, Forms: "(cidr/size trie)", Doc: "The number of ranges in a table."},
	{Name: "inet/inet-addr", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		a, err := asAddress(v)
		if err != nil {
			return value.Nil, err
		}
		return newAddress(a), nil
	}, Forms: "(inet/inet-addr ip)", Doc: "An address from text."},
	{Name: "inet/inet-addr-to-bytes", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		a, err := asAddress(v)
		if err != nil {
			return value.Nil, err
		}
		var out []value.Value
		for _, b := range a.AsSlice() {
			out = append(out, value.Int(int32(b)))
		}
		return vec(out...), nil
	}, Forms: "(inet/inet-addr-to-bytes ip)", Doc: "The bytes of an address as ints."},
	is("inet/ip4?", func(v value.Value) bool { a, ok := addressOf(v); return ok && a.Is4() }),
	is("inet/ip6?", func(v value.Value) bool { a, ok := addressOf(v); return ok && a.Is6() }),
	addressTest("inet/linklocal-addr?", netip.Addr.IsLinkLocalUnicast), addressTest("inet/multicast-addr?", netip.Addr.IsMulticast),
	addressTest("inet/sitelocal-addr?", func(a netip.Addr) bool {
		b := a.As16()
		return a.Is4() && a.IsPrivate() || a.Is6() && b[0] == 0xFE && b[1]&0xC0 == 0xC0
	}),
}

// address is a java.net.InetAddress.
type address struct {
	value.Obj
	a netip.Addr
}

func newAddress(a netip.Addr) value.Value { return value.New(&address{a: a}).Val() }

func (x *address) Type() *value.Type {
	if x.a.Is4() {
		return &value.Type{Name: "java.net.Inet4Address"}
	}
	return &value.Type{Name: "java.net.Inet6Address"}
}
func (x *address) PrintTo(p *value.Printer) { p.WriteString(javaAddress(x.a)) }

// javaAddress is the address as Java prints it: IP 6 in full.
func javaAddress(a netip.Addr) string {
	if a.Is4() {
		return "/" + a.String()
	}
	parts := strings.Split(a.StringExpanded(), ":")
	for i, p := range parts {
		if parts[i] = strings.TrimLeft(p, "0"); parts[i] == "" {
			parts[i] = "0"
		}
	}
	return "/" + strings.Join(parts, ":")
}

func addressOf(v value.Value) (netip.Addr, bool) {
	if x, ok := v.Ref().(*address); ok {
		return x.a, true
	}
	s, ok := v.Str()
	if !ok {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(s)
	return a.Unmap(), err == nil
}

func asAddress(v value.Value) (netip.Addr, error) {
	a, ok := addressOf(v)
	switch _, isText := v.Str(); {
	case ok:
		return a, nil
	case isText:
		return a, value.Errorf("Not an IP address: %s", value.ToStr(v))
	}
	return a, value.CoerceError(v, "string")
}

func addressTest(name string, test func(netip.Addr) bool) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 1, Forms: "(" + name + " ip)", Doc: "A test of an address, text or object.",
		F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
			a, ok := addressOf(v)
			if !ok {
				text, isText := value.StringOrKeyword(v)
				if !isText {
					text = value.ToStr(v)
				}
				return value.Nil, value.Errorf("Not an IP address: '%s'", text)
			}
			return value.Bool(test(a)), nil
		}}
}

// cidr is an address range.
type cidr struct {
	value.Obj
	text   string
	prefix netip.Prefix
}

var typeCIDR = &value.Type{Name: "com.github.jlangch.venice.impl.util.cidr.CIDR"}

func (*cidr) Type() *value.Type   { return typeCIDR }
func (c *cidr) first() netip.Addr { return c.prefix.Masked().Addr() }

func (c *cidr) last() netip.Addr {
	b := c.first().AsSlice()
	for i := c.prefix.Bits(); i < 8*len(b); i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func (c *cidr) PrintTo(p *value.Printer) {
	p.WriteString(c.text + ": [" + javaAddress(c.first()) + " .. " + javaAddress(c.last()) + "]")
}

func asCIDR(v value.Value) (*cidr, error) {
	if c, ok := v.Ref().(*cidr); ok {
		return c, nil
	}
	s, ok := v.Str()
	if !ok {
		return nil, value.CoerceError(v, "string")
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return nil, value.Errorf("Not a CIDR range: %s", s)
	}
	return value.New(&cidr{text: s, prefix: p}), nil
}

func rangeEnd(end func(*cidr) netip.Addr) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(_ *eval.Thread, v value.Value) (value.Value, error) {
		c, err := asCIDR(v)
		if err != nil {
			return value.Nil, err
		}
		return newAddress(end(c)), nil
	}
}

// cidrTrie holds values by range, safe for concurrent use. A look-up tries the prefixes of an address from the longest.
type cidrTrie struct {
	value.Obj
	mu      sync.RWMutex
	entries map[netip.Prefix]cidrEntry
}

type cidrEntry struct {
	c *cidr
	v value.Value
}

var typeCIDRTrie = &value.Type{Name: "com.github.jlangch.venice.impl.util.cidr.CidrTrie"}

func (*cidrTrie) Type() *value.Type { return typeCIDRTrie }

func asTrie(v value.Value) (*cidrTrie, error) {
	t, ok := v.Ref().(*cidrTrie)
	if !ok {
		return nil, value.CoerceError(v, "java-object of type "+typeCIDRTrie.Name)
	}
	return t, nil
}

func (t *cidrTrie) put(c *cidr, v value.Value) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.entries == nil {
		t.entries = map[netip.Prefix]cidrEntry{}
	}
	t.entries[c.prefix.Masked()] = cidrEntry{c, v}
}

func (t *cidrTrie) find(p netip.Prefix) (*cidr, value.Value, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for bits := p.Bits(); bits >= 0; bits-- {
		if e, ok := t.entries[netip.PrefixFrom(p.Addr(), bits).Masked()]; ok {
			return e.c, e.v, true
		}
	}
	return nil, value.Nil, false
}

func lookup(_ *eval.Thread, t, key value.Value) (value.Value, error) {
	trie, err := asTrie(t)
	if err != nil {
		return value.Nil, err
	}
	var p netip.Prefix
	if c, ok := key.Ref().(*cidr); ok {
		p = c.prefix
	} else if a, ok := addressOf(key); ok {
		p = netip.PrefixFrom(a, a.BitLen())
	} else {
		return value.Nil, value.Errorf("Invalid second argument type %s while calling function 'cidr/lookup'", key.Type())
	}
	_, v, _ := trie.find(p)
	return v, nil
}
