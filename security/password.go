// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

// PasswordForm is how a new password is stored (S7, decisions.md W8).
type PasswordForm int

const (
	// StrongForm is $pbkdf2-sha512$i=210000$salt$hash; the reference loads it but cannot log its users in.
	StrongForm PasswordForm = iota
	// StockForm is hex:salt with 1,000 rounds, for a file that servers of the reference share.
	StockForm
)

const (
	strongPrefix = "$pbkdf2-sha512$i="
	strongRounds = 210_000
	maxRounds    = 10_000_000 // of a form that is read: a hostile file must not stop the server
	stockRounds  = 1000
	hashLen      = 32
	saltLen      = 16
)

// hashPassword makes the stored form of a password.
func hashPassword(password string, form PasswordForm) (string, error) {
	salt := make([]byte, saltLen)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	if form == StockForm {
		text := hex.EncodeToString(salt)
		h, err := pbkdf2.Key(sha512.New, password, []byte(text), stockRounds, hashLen)
		return hex.EncodeToString(h) + ":" + text, err
	}
	h, err := pbkdf2.Key(sha512.New, password, salt, strongRounds, hashLen)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("%s%d$%s$%s", strongPrefix, strongRounds, b64.EncodeToString(salt), b64.EncodeToString(h)), err
}

// storedHash is a stored form, understood.
type storedHash struct {
	salt   []byte
	rounds int
	hash   []byte
}

// parseHash reads both forms; ok is false for anything else, which no password matches.
func parseHash(stored string) (s storedHash, ok bool) {
	if rest, strong := strings.CutPrefix(stored, strongPrefix); strong {
		parts := strings.Split(rest, "$")
		if len(parts) != 3 {
			return s, false
		}
		rounds, err := strconv.Atoi(parts[0])
		salt, err1 := base64.RawStdEncoding.DecodeString(parts[1])
		hash, err2 := base64.RawStdEncoding.DecodeString(parts[2])
		ok = err == nil && err1 == nil && err2 == nil && rounds >= 1 && rounds <= maxRounds && len(hash) == hashLen
		return storedHash{salt, rounds, hash}, ok
	}
	digits, salt, found := strings.Cut(stored, ":")
	hash, err := hex.DecodeString(digits)
	ok = found && err == nil && len(hash) == hashLen && strings.ToLower(digits) == digits
	return storedHash{[]byte(salt), stockRounds, hash}, ok
}

// rounds are what the hashes of a form cost.
func (f PasswordForm) rounds() int {
	if f == StockForm {
		return stockRounds
	}
	return strongRounds
}

// derivation computes a hash: PBKDF2-HMAC-SHA512.
type derivation func(password string, salt []byte, rounds int) []byte

func derive(password string, salt []byte, rounds int) []byte {
	h, err := pbkdf2.Key(sha512.New, password, salt, rounds, hashLen)
	if err != nil {
		return nil // matches nothing
	}
	return h
}

func (d derivation) matches(s storedHash, password string) bool {
	return subtle.ConstantTimeCompare(d(password, s.salt, s.rounds), s.hash) == 1
}

// hasher runs password checks on as many goroutines as there are cores (O21) and remembers what it has verified, as an
// HMAC under a key of this process: a client that connects again costs nothing (decisions.md W9).
type hasher struct {
	slots  chan struct{}
	key    []byte
	derive derivation

	mu       sync.Mutex
	verified map[string]string // user → HMAC of the stored form and the password
}

// hashWait is how long a check waits for its turn: a stock client gives up after 2 s (O21).
const hashWait = 1500 * time.Millisecond

func newHasher() *hasher {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return &hasher{slots: make(chan struct{}, runtime.NumCPU()), key: key, derive: derive, verified: map[string]string{}}
}

func (h *hasher) seal(stored, password string) string {
	mac := hmac.New(sha512.New, h.key)
	fmt.Fprintf(mac, "%d:%s", len(stored), stored)
	mac.Write([]byte(password))
	return string(mac.Sum(nil))
}

func (h *hasher) remembers(user, sealed string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	known, ok := h.verified[user]
	return ok && hmac.Equal([]byte(known), []byte(sealed))
}

func (h *hasher) remember(user, sealed string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.verified[user] = sealed
}

// forget drops what is remembered of a user, or of all for "".
func (h *hasher) forget(user string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if user == "" {
		clear(h.verified)
		return
	}
	delete(h.verified, user)
}

// check reports whether the password belongs to the stored form; known is false for a user that does not exist. A no costs
// the given number of rounds, or what the stored form costs if that is more: whether the user exists cannot be told from it
// as long as cost is the most that any user's form costs (S9). It blocks for the hash, and before that at most hashWait for
// its turn; when that is over the answer is no.
func (h *hasher) check(ctx context.Context, user, stored, password string, known bool, cost int) bool {
	sealed := h.seal(stored, password)
	if known && h.remembers(user, sealed) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, hashWait)
	defer cancel()
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return false
	}
	if known && h.remembers(user, sealed) { // meanwhile
		return true
	}
	s, ok := parseHash(stored)
	if known && ok {
		if h.derive.matches(s, password) {
			h.remember(user, sealed)
			return true
		}
		cost -= s.rounds
	}
	if cost > 0 {
		h.derive(password, make([]byte, saltLen), cost)
	}
	return false
}
