// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"

	"gondola/broker/engine"
)

type Server struct{}

func NewServer(addr Address, opts ServerOptions) (*Server, error) { panic("not built yet") }
func (s *Server) Start() error                                    { panic("not built yet") }
func (s *Server) Shutdown(ctx context.Context) error              { panic("not built yet") }
func (s *Server) Close() error                                    { panic("not built yet") }
func (s *Server) Running() bool                                   { panic("not built yet") }
func (s *Server) Address() Address                                { panic("not built yet") }
func (s *Server) CreateFunction(name string, h Handler) error     { panic("not built yet") }
func (s *Server) RemoveFunction(name string)                      { panic("not built yet") }
func (s *Server) HasFunction(name string) bool                    { panic("not built yet") }
func (s *Server) CreateQueue(ctx context.Context, spec engine.QueueSpec) error {
	panic("not built yet")
}
func (s *Server) RemoveQueue(ctx context.Context, name string) error { panic("not built yet") }
func (s *Server) HasQueue(name string) bool                          { panic("not built yet") }
func (s *Server) QueueStatus(name string) (st engine.QueueStatus, exists bool) {
	panic("not built yet")
}
func (s *Server) Stats() Stats { panic("not built yet") }

type Stats struct{}
