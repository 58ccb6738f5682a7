// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"fmt"
	"syscall"
	"testing"
)

// The same on a real disk (from public reports).
func TestFullTmpfs(t *testing.T) {
	for _, megabytes := range []int{1, 4} {
		dir := t.TempDir()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes)); err != nil {
			t.Skip("a tmpfs cannot be mounted here:", err)
		}
		defer func() {
			if err := syscall.Unmount(dir, 0); err != nil {
				t.Error(err)
			}
		}()
		t.Run(fmt.Sprintf("%d MB", megabytes), func(t *testing.T) {
			requireFillDrainRefill(t, LogOptions{Dir: dir}, 100)
		})
	}
}
