// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package conformance

import (
	"errors"
	"os/exec"
)

func inNamespace(*exec.Cmd) {}

func becomeProgram([]string) error { return errors.New("no network namespaces on this system") }
