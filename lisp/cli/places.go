// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"path/filepath"
)

// StateFile is where a file that we write for ourselves lives, in the XDG state directory; "" if there is no place for it.
// Its folder exists and is the user's alone.
func StateFile(name string) string {
	dir := folder("XDG_STATE_HOME", ".local", "state")
	if dir == "" || os.MkdirAll(dir, 0o700) != nil {
		return ""
	}
	return filepath.Join(dir, name)
}

// ConfigFile is where a file that the user writes for us lives, in the XDG configuration directory; "" if there is no such
// place. The file need not exist.
func ConfigFile(name string) string {
	dir := folder("XDG_CONFIG_HOME", ".config")
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, name)
}

// folder is our part of an XDG directory, whose place below the home directory is the default.
func folder(variable string, below ...string) string {
	dir := os.Getenv(variable)
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(append([]string{home}, below...)...)
	}
	return filepath.Join(dir, "gondola")
}
