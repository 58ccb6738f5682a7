// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package bugs

import (
	"io/fs"
	"strings"
)

// sources is the tree without the folders that no build reads.
type sources struct{ fs.FS }

func (s sources) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(s.FS, name)
	var kept []fs.DirEntry
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && (e.IsDir() || e.Type().IsRegular()) {
			kept = append(kept, e)
		}
	}
	return kept, err
}
