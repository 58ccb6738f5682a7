// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// serverLog is the log file of a server (ipc-api.md 5.4): a slog.Handler that writes lines of
// time|LEVEL|principal|context|message, besides what the host's logger gets.
type serverLog struct {
	also  slog.Handler
	file  *logFile
	attrs []slog.Attr
}

type logFile struct {
	mu sync.Mutex
	f  *os.File
}

const logName = "server.log"

func openServerLog(dir string, also slog.Handler) (*serverLog, error) {
	f, err := os.OpenFile(filepath.Join(dir, logName), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &serverLog{also: also, file: &logFile{f: f}}, nil
}

// Close closes the file; later records go to the host's logger alone.
func (l *serverLog) Close() error {
	l.file.mu.Lock()
	defer l.file.mu.Unlock()
	err := l.file.f.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

func (l *serverLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (l *serverLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &serverLog{l.also.WithAttrs(attrs), l.file, append(l.attrs[:len(l.attrs):len(l.attrs)], attrs...)}
}

func (l *serverLog) WithGroup(name string) slog.Handler {
	return &serverLog{l.also.WithGroup(name), l.file, l.attrs}
}

// logTexts are the records that the reference words in its own way, with their context. %key% stands for an attribute.
var logTexts = map[string]struct{ context, text string }{
	"Server started": {"start", "Server started on %address%"},
	"Server closed":  {"close", "Server closed."},
	"Created queue":  {"queue", "Created queue %queue%. Capacity=%capacity%, type=%type%, persistence=%persistence%"},
	"Removed queue":  {"queue", "Removed queue %queue%."},
	"Created topic":  {"topic", "Created topic %topic%."},
}

func (l *serverLog) Handle(ctx context.Context, r slog.Record) error {
	var failed error
	if l.also.Enabled(ctx, r.Level) {
		failed = l.also.Handle(ctx, r)
	}
	where, text := "connection", r.Message
	attrs := append([]slog.Attr(nil), l.attrs...)
	r.Attrs(func(a slog.Attr) bool { attrs = append(attrs, a); return true })
	if known, ok := logTexts[r.Message]; ok {
		where, text = known.context, known.text
		for _, a := range attrs {
			text = strings.ReplaceAll(text, "%"+a.Key+"%", escapeField(a.Value.String()))
		}
	} else {
		for _, a := range attrs {
			text += " " + a.Key + "=" + escapeField(a.Value.String())
		}
	}
	level := "INFO"
	if r.Level >= slog.LevelError {
		level = "ERROR"
	} else if r.Level >= slog.LevelWarn {
		level = "WARN"
	}
	line := fmt.Sprintf("%s|%s|server|%s|%s\n", r.Time.Format("2006-01-02 15:04:05.000"), level, where, text)
	l.file.mu.Lock()
	defer l.file.mu.Unlock()
	_, err := l.file.f.WriteString(line)
	if errors.Is(err, os.ErrClosed) {
		err = nil
	}
	return errors.Join(failed, err)
}

// escapeField keeps what a peer has sent from forging lines or fields (S17).
func escapeField(s string) string {
	const longest = 200
	var b strings.Builder
	for n, r := range []rune(s) {
		switch {
		case n == longest:
			b.WriteString("…")
			return b.String()
		case r == '|' || unicode.IsControl(r) || r == utf8.RuneError:
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

var _ slog.Handler = (*serverLog)(nil)
