// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"os"
	"testing"

	"gondola/broker/brokertest"
)

// T63: no test leaves a goroutine or an open file.
func TestMain(m *testing.M) { os.Exit(brokertest.Main(m)) }
