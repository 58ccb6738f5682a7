// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"
)

// T39: what a failed login costs does not tell whether the user exists, in which form its password is stored, or whether
// the form can be read at all. Rounds are counted; the times are only printed.
func TestEnumeration(t *testing.T) {
	const strong = "$pbkdf2-sha512$i=3000$AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, c := range []struct {
		name string
		form PasswordForm
		also []string // stored forms of further users
		cost int
	}{
		{"stock", StockForm, nil, stockRounds},
		{"strong", StrongForm, nil, strongRounds},
		{"a strong one in a file of stock ones", StockForm, []string{strong}, 3000},
		{"stock ones in a file of ours", StrongForm, []string{"stock"}, strongRounds},
		{"one that cannot be read", StockForm, []string{"nonsense"}, stockRounds},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := NewUsers(c.form)
			stock, err := hashPassword("secret", StockForm)
			if err != nil {
				t.Fatal(err)
			}
			u.put("tom", user{stored: stock})
			for i, stored := range c.also {
				if stored == "stock" {
					stored = stock
				}
				u.put(fmt.Sprint("user ", i), user{stored: stored})
			}
			rounds := 0
			u.hasher.derive = func(password string, salt []byte, n int) []byte {
				rounds += n
				return make([]byte, hashLen-1) // no real work, and no match
			}
			spent := map[string]int{}
			for _, name := range []string{"tom", "user 0", "eve", "", "Tom"} {
				rounds = 0
				if _, ok := u.Verify(context.Background(), "here", name, "guess"); ok {
					t.Errorf("%q logs in", name)
				}
				spent[name] = rounds
			}
			for name, n := range spent {
				if n != c.cost {
					t.Errorf("%q costs %d rounds, want %d", name, n, c.cost)
				}
			}
		})
	}

	u := NewUsers(StockForm)
	if err := u.AddUser("tom", "secret", false); err != nil {
		t.Fatal(err)
	}
	median := func(name string) time.Duration {
		var d []time.Duration
		for i := range failuresPerMinute { // further ones are late
			begun := time.Now()
			u.Verify(context.Background(), fmt.Sprint(i), name, "guess")
			d = append(d, time.Since(begun))
		}
		slices.Sort(d)
		return d[len(d)/2]
	}
	t.Logf("medians: known %v, unknown %v", median("tom"), median("eve"))
}
