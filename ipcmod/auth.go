// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gondola/lisp/eval"
	"gondola/lisp/value"
	"gondola/security"
)

const authenticatorClass = "com.github.jlangch.venice.util.ipc.Authenticator"

var authenticatorType = &value.Type{Name: authenticatorClass}

var authTable = eval.Table{
	{Name: "ipc/authenticator", Min: 0, Max: -1, Fn: newAuthenticator, Forms: "(ipc/authenticator)\n(ipc/authenticator & options)", Doc: "An authenticator without users: nobody can log in. It is live: what is changed counts at once. Option :password-format (:stock: passwords as servers of Venice verify them)."},
	{Name: "ipc/add-credentials", Min: 3, Max: 4, Fn: addCredentials, Forms: "(ipc/add-credentials authenticator user-name password)\n(ipc/add-credentials authenticator user-name password role)", Doc: "Adds or replaces a user (at most 100 characters) with a password (at most 50). The only role is :admin. Blocks for the hash. The authenticator."},
	{Name: "ipc/remove-credentials", Min: 2, Max: 2, Fn: removeCredentials, Forms: "(ipc/remove-credentials authenticator user-name)", Doc: "Removes a user; open connections stay. The authenticator."},
	{Name: "ipc/clear-credentials", Min: 1, Max: 1, Fn: clearCredentials, Forms: "(ipc/clear-credentials authenticator)", Doc: "Removes all users and keeps the access lists. The authenticator."},
	{Name: "ipc/add-acl", Min: 5, Max: 5, Fn: addACL, Forms: "(ipc/add-acl authenticator dest-type dest-name access principal)", Doc: "Sets the one entry of a destination (:queue, :topic, :function) and a user: :poll, :offer, :offer-poll, :subscribe, :publish, :publish-subscribe, :execute or :deny. It replaces the default in full. The authenticator."},
	{Name: "ipc/remove-acl", Min: 2, Max: 4, Fn: removeACL, Forms: "(ipc/remove-acl authenticator dest-type dest-name principal)\n(ipc/remove-acl authenticator dest-type dest-name)\n(ipc/remove-acl authenticator dest-type)", Doc: "Removes entries: one, those of a destination, or all of a type. The authenticator."},
	{Name: "ipc/default-acl", Min: 3, Max: 3, Fn: defaultACL, Forms: "(ipc/default-acl authenticator dest-type access)", Doc: "Sets what users without an entry may do. The authenticator."},
	{Name: "ipc/store-authenticator", Touches: eval.Files, Min: 2, Max: 2, Fn: storeAuthenticator, Forms: "(ipc/store-authenticator authenticator dest)", Doc: "Writes users and access lists as JSON to an io/file (mode 0600, replaced as a whole) or an output stream."},
	{Name: "ipc/load-authenticator", Touches: eval.Files, Min: 1, Max: -1, Fn: loadAuthenticator, Forms: "(ipc/load-authenticator source)", Doc: "Reads an authenticator from an io/file or an input stream. A text that does not parse in full is an error and grants nothing."},
}

type authenticator struct{ *security.Users }

func wrapUsers(u *security.Users) value.Value {
	return value.NewHost(authenticatorType, &authenticator{u}).Val()
}

// takeAuthenticator also returns the argument, which most functions answer with.
func takeAuthenticator(in *eval.Args) (*authenticator, value.Value) {
	v := in.Peek()
	return eval.Host[*authenticator](in, authenticatorClass), v
}

func passwordForm(opts map[string]value.Value) (security.PasswordForm, error) {
	v, given := opts["password-format"]
	if !given || v.IsNil() {
		return security.StrongForm, nil
	}
	switch name, _ := value.StringOrKeyword(v); name {
	case "stock":
		return security.StockForm, nil
	case "strong":
		return security.StrongForm, nil
	}
	return 0, value.Throwf(value.IpcException, "Invalid password format %s! Use one of {:strong, :stock}", value.PrStr(v))
}

func newAuthenticator(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	opts := in.Options()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	form, err := passwordForm(opts)
	if err != nil {
		return value.Nil, err
	}
	return wrapUsers(security.NewUsers(form)), nil
}

// securityError gives an error of the security package its class.
func securityError(err error) error {
	var argument *security.ArgumentError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &argument):
		return value.Throwf(value.IllegalArgument, "%s", err)
	}
	return value.Throwf(value.IpcException, "%s", err)
}

func addCredentials(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	a, self := takeAuthenticator(in)
	user, password := in.Str(), in.Str()
	admin := false
	if in.Left() > 0 {
		if role := in.Keyword(); role != "admin" {
			in.Fail(value.Throwf(value.IpcException, "Invalid role '%s' !", role))
		}
		admin = true
	}
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return self, securityError(a.AddUser(user, password, admin))
}

func removeCredentials(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	a, self := takeAuthenticator(in)
	user := in.Str()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	a.RemoveUser(user)
	return self, nil
}

func clearCredentials(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	a, self := takeAuthenticator(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	a.ClearUsers()
	return self, nil
}

// takeKind takes :queue, :topic or :function.
func takeKind(in *eval.Args) security.Kind {
	switch name := in.Str(); name {
	case "queue":
		return security.Queue
	case "topic":
		return security.Topic
	case "function":
		return security.Function
	default:
		in.Fail(value.Throwf(value.IpcException, "Invalid destination type '%s'! Use one of {:queue, :topic, :function}", name))
		return 0
	}
}

// accessWords are the words for each mode; they are interchangeable within a row (ipc-api.md 13).
var accessWords = map[string]security.Access{
	"poll": security.AccessRead, "subscribe": security.AccessRead, "read": security.AccessRead,
	"offer": security.AccessWrite, "publish": security.AccessWrite, "write": security.AccessWrite,
	"offer-poll": security.AccessReadWrite, "publish-subscribe": security.AccessReadWrite, "read-write": security.AccessReadWrite,
	"execute": security.AccessExecute, "exec": security.AccessExecute, "send": security.AccessExecute,
	"deny": security.AccessDeny,
}

func takeAccess(in *eval.Args, kind security.Kind) security.Access {
	name := in.Str()
	a, ok := accessWords[name]
	if !ok {
		words := [...]string{
			security.Queue:    "{:offer, :poll, :offer-poll, :deny}",
			security.Topic:    "{:publish, :subscribe, :publish-subscribe, :deny}",
			security.Function: "{:execute, :deny}",
		}[kind]
		in.Fail(value.Throwf(value.IpcException, "Invalid access mode '%s'! Use one of %s", name, words))
	}
	return a
}

func addACL(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	a, self := takeAuthenticator(in)
	kind := takeKind(in)
	name := in.Str()
	access := takeAccess(in, kind)
	principal := in.Str()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return self, securityError(a.SetAccess(kind, name, principal, access))
}

func removeACL(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	a, self := takeAuthenticator(in)
	kind := takeKind(in)
	var name, principal string
	if in.Left() > 0 {
		name = in.Str()
	}
	if in.Left() > 0 {
		principal = in.Str()
	}
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	a.RemoveAccess(kind, name, principal)
	return self, nil
}

func defaultACL(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	a, self := takeAuthenticator(in)
	kind := takeKind(in)
	access := takeAccess(in, kind)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	a.SetDefaultAccess(kind, access)
	return self, nil
}

func storeAuthenticator(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	a, _ := takeAuthenticator(in)
	dest := in.Value()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	var text bytes.Buffer
	if err := a.Store(&text); err != nil {
		return value.Nil, cannot("Failed to save authenticator data", err)
	}
	switch d := dest.Ref().(type) {
	case *value.File:
		if err := replaceFile(d.Path, text.Bytes()); err != nil {
			return value.Nil, cannot("Failed to save authenticator data", err)
		}
	case *value.Stream:
		if err := d.WriteString(text.String()); err != nil {
			return value.Nil, cannot("Failed to save authenticator data", err)
		}
	default:
		return value.Nil, value.Errorf("Function 'ipc/store-authenticator' does not allow %s as dest", dest.Type())
	}
	return value.Nil, nil
}

// replaceFile writes a file as a whole: whoever reads it sees the old or the new one.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func cannot(what string, err error) error {
	return value.NewException(value.IpcException, what).Because(value.NewException(value.FindClass("java.io.IOException"), err.Error()))
}

func loadAuthenticator(th *eval.Thread, in *eval.Args) (value.Value, error) {
	source, opts := in.Value(), in.Options()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	form, err := passwordForm(opts)
	if err != nil {
		return value.Nil, err
	}
	var text []byte
	switch s := source.Ref().(type) {
	case *value.File:
		if text, err = os.ReadFile(s.Path); err != nil {
			return value.Nil, cannot("Failed to load authenticator data", err)
		}
	default:
		read, ok := value.HostOf[interface {
			ReadAll(th *eval.Thread) ([]byte, error)
		}](source)
		if !ok {
			return value.Nil, value.Errorf("Function 'ipc/load-authenticator' does not allow %s as source", source.Type())
		}
		if text, err = read.ReadAll(th); err != nil {
			return value.Nil, err
		}
	}
	u, err := security.LoadUsers(bytes.NewReader(text), form)
	switch {
	case errors.Is(err, security.ErrNotJSON):
		return value.Nil, value.Errorf("Failed to parse JSON data to Venice data!")
	case err != nil:
		return value.Nil, cannot(fmt.Sprintf("Failed to load authenticator data: %v", err), err)
	}
	return wrapUsers(u), nil
}
