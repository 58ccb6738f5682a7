// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// downloadTable: content from servers, language.md 14.4.
var downloadTable = eval.Table{
	{Name: "io/download", Min: 1, Max: -1, Fn: download, Forms: "(io/download uri & options)", Doc: "The content of a URI: a string, or with :binary true a bytebuf. Options :binary, :encoding, :user-agent, :user, :password, :follow-redirects, :conn-timeout and :read-timeout (ms, 0 is no limit), :progress-fn (fn [percent status]) with the status :start, :progress, :end or :failed, :debug-fn (fn [message])."},
	{Name: "io/internet-avail?", Min: 0, Max: 1, FN: internetAvailable, Forms: "(io/internet-avail?)\n(io/internet-avail? url)", Doc: "Whether a server answers, http://www.google.com unless a URL is given."},
	{Name: "io/load-classpath-resource", Min: 1, Max: 1, F1: classpathResource, Forms: "(io/load-classpath-resource name)", Doc: "The bytes of a file on the load path; this host has no class path."},
}

const (
	defaultTimeout = 10 * time.Second // of connecting, and between two reads
	maxRedirects   = 5
)

func milliseconds(opts map[string]value.Value, name string) (time.Duration, error) {
	v, given := opts[name]
	if !given || v.IsNil() {
		return defaultTimeout, nil
	}
	n, err := asLong(v)
	if err != nil {
		return 0, err
	}
	return time.Duration(max(0, min(n, 1<<40))) * time.Millisecond, nil
}

// stalling cancels a request when nothing has been read for a time; 0: never.
type stalling struct {
	io.Reader
	limit  time.Duration
	timer  *time.Timer
	onRead func(n int)
}

// Read reads and starts the time anew.
func (s *stalling) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	if s.timer != nil {
		s.timer.Reset(s.limit)
	}
	s.onRead(n)
	return n, err
}

func download(th *eval.Thread, in *eval.Args) (value.Value, error) {
	v := in.Value()
	opts, charset, err := encodingOptions(in)
	if err != nil {
		return value.Nil, err
	}
	uri := value.ToStr(v)
	tell := func(percent int64, status string) error {
		if f := opts["progress-fn"]; !f.IsNil() {
			_, err := th.Call2(f, value.Long(percent), value.Kw(status))
			return err
		}
		return nil
	}
	if err := tell(0, "start"); err != nil {
		return value.Nil, err
	}
	b, err := fetch(th, uri, opts, func(percent int64) error { return tell(percent, "progress") })
	if err != nil {
		if th.Context().Err() != nil {
			return value.Nil, th.Interrupted()
		}
		return value.Nil, errors.Join(tell(0, "failed"), fileFailed(err, "Failed to download data from the URI: %s", uri))
	}
	return slurped(b, charset, opts), tell(100, "end")
}

// fetch gets the content of a URI.
func fetch(th *eval.Thread, uri string, opts map[string]value.Value, progress func(percent int64) error) ([]byte, error) {
	connect, err := milliseconds(opts, "conn-timeout")
	if err != nil {
		return nil, err
	}
	read, err := milliseconds(opts, "read-timeout")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(th.Context())
	defer cancel(nil)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return nil, err
	}
	if agent, ok := opts["user-agent"].Str(); ok {
		req.Header.Set("User-Agent", agent)
	}
	if user, ok := opts["user"].Str(); ok {
		password, _ := opts["password"].Str()
		req.SetBasicAuth(user, password)
	}
	transport := &http.Transport{DialContext: (&net.Dialer{Timeout: connect}).DialContext, ResponseHeaderTimeout: read, Proxy: http.ProxyFromEnvironment}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: func(_ *http.Request, via []*http.Request) error {
		switch {
		case !opts["follow-redirects"].Truthy():
			return http.ErrUseLastResponse
		case len(via) > maxRedirects:
			return errors.New("too many redirects")
		}
		return nil
	}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if debug := opts["debug-fn"]; !debug.IsNil() {
		if _, err := th.Call1(debug, value.String("HTTP status "+resp.Status)); err != nil {
			return nil, err
		}
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New("HTTP status " + resp.Status)
	}
	var told error
	done, last := int64(0), int64(0)
	body := &stalling{Reader: resp.Body, limit: read, onRead: func(n int) {
		done += int64(n)
		if percent := done * 100 / max(resp.ContentLength, 1); resp.ContentLength > 0 && percent > last && told == nil {
			last = percent
			told = progress(percent)
		}
	}}
	if read > 0 {
		body.timer = time.AfterFunc(read, func() { cancel(errors.New("the server has stopped sending")) })
		defer body.timer.Stop()
	}
	b, err := io.ReadAll(body)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return b, errors.Join(err, told)
}

func internetAvailable(th *eval.Thread, a []value.Value) (value.Value, error) {
	uri := "http://www.google.com"
	if len(a) == 1 {
		var ok bool
		if uri, ok = a[0].Str(); !ok {
			return value.Nil, value.CoerceError(a[0], "string")
		}
	}
	opts := map[string]value.Value{"follow-redirects": value.True}
	_, err := fetch(th, uri, opts, func(int64) error { return nil })
	if th.Context().Err() != nil {
		return value.Nil, th.Interrupted()
	}
	return value.Bool(err == nil), nil
}

func classpathResource(th *eval.Thread, v value.Value) (value.Value, error) {
	name, err := textOf(v)
	if err != nil {
		return value.Nil, err
	}
	b, err := readPath(th, name)
	if err != nil {
		return value.Nil, value.Errorf("Failed to load classpath resource: %s. This host has no class path: put the file on the load path.", name).Because(value.AsException(err))
	}
	return value.NewByteBuf(b).Val(), nil
}
