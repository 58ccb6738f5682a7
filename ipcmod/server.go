// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"cmp"
	"errors"
	"log/slog"
	"os"
	"time"

	"gondola/broker"
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

var serverType = &value.Type{Name: "com.github.jlangch.venice.util.ipc.Server"}

// server is a server as scripts hold it.
type server struct {
	*broker.Server
	open    *Register
	log     *serverLog // nil without :server-log-dir
	release func()     // of the handle that the limits count

	handlerTimeout time.Duration // of each call of a function (O16)
}

// Close drains and closes the server; try-with calls it. Closing again does nothing.
func (s *server) Close() error {
	s.open.dropServer(s.Server)
	s.release()
	err := s.Server.Close()
	if s.log != nil {
		err = errors.Join(err, s.log.Close())
	}
	return exception(err)
}

var serverOptions = []string{"max-connections", "max-message-size", "max-queues", "max-topics", "max-functions", "compress-cutoff-size",
	"encrypt", "authenticator", "write-ahead-log-dir", "write-ahead-log-compress", "write-ahead-log-compact", "write-ahead-log-sync", "on-log-corruption", "min-free-disk", "server-log-dir",
	"write-ahead-log-compact-ratio", "write-ahead-log-compact-min-size", "write-ahead-log-commit-delay", "on-log-failure",
	"dead-letter-queue-size", "socket-snd-buf-size", "socket-rcv-buf-size", "heartbeat-interval", "expose-errors", "stock-wait-cap", "memory-budget", "slow-consumer",
	"ack-deadline", "max-deliveries", "max-unacknowledged", "dead-letter-durable", "dead-letter-max-age", "dead-letter-expired", "dead-letter-writable", "dedupe",
	"handler-timeout"}

const defaultHandlerTimeout = time.Minute

func (m *module) serverTable() eval.Table {
	return eval.Table{
		{Name: "ipc/server", Min: 1, Max: -1, Fn: m.newServer, Forms: "(ipc/server port & options)\n(ipc/server conn-uri & options)",
			Doc: "Starts a server on a port of the loopback interface or on a URI, \"af-inet://0.0.0.0:33333\". Returns when it listens. Options: :max-connections (20), :max-message-size (20MB), :max-queues, :max-topics, :max-functions (20 each), :compress-cutoff-size (-1: off), :dead-letter-queue-size (100), :socket-snd-buf-size, :socket-rcv-buf-size, :heartbeat-interval (s; 0: off), :encrypt (false: clients may ask for it), :authenticator (needs :encrypt true), :server-log-dir (an existing directory, for server.log), :write-ahead-log-dir (an existing directory: there can be durable queues), :write-ahead-log-compress (false), :write-ahead-log-compact (at the start; false), :write-ahead-log-compact-min-size (64MB), :write-ahead-log-compact-ratio (of dead bytes, 0.1 to 1; 0.5: a log that has more than both is compacted while the server runs), :write-ahead-log-sync (:always, :none, or milliseconds), :write-ahead-log-commit-delay (ms to wait for offers that share a sync, 0 to 5; 0), :on-log-failure (:refuse, :exit: the process ends with status 1), :on-log-corruption (:quarantine, :fail-start, :salvage), :min-free-disk (64MB), :memory-budget (1024MB: requests, queues, pushes that wait), :slow-consumer (:drop: the push that a subscriber does not take; :disconnect: the subscriber), :stock-wait-cap (ms, 9500: longest wait of a poll of a stock client), :expose-errors (false), :handler-timeout (ms, 60000: a function that takes longer ends, its answer is HANDLER_ERROR), :dedupe (requests with the same request id are done once: true, or a map of :ttl, in ms, 120000, :max-entries 100000, :max-bytes 64MB, :key :request-id or :fingerprint for the content, :retry-errors false)" + deliveryDoc},
		{Name: "ipc/close", Touches: eval.Nothing, Min: 1, Max: 1, Fn: closeNode, Forms: "(ipc/close server)\n(ipc/close client)", Doc: "Closes a server, which serves what has arrived first, or a client. Closing again does nothing."},
		{Name: "ipc/running?", Touches: eval.Nothing, Min: 1, Max: 1, Fn: running, Forms: "(ipc/running? server)\n(ipc/running? client)", Doc: "Whether a server or client is open."},
	}
}

func (m *module) newServer(th *eval.Thread, in *eval.Args) (value.Value, error) {
	addr, err := serverAddress(in.Value())
	if err != nil {
		return value.Nil, err
	}
	o := m.options(in, "ipc/server", serverOptions...)
	opts := broker.ServerOptions{
		Logger:            m.Logger,
		MaxConnections:    int(o.long("max-connections")),
		MaxQueues:         int(o.long("max-queues")),
		MaxTopics:         int(o.long("max-topics")),
		MaxFunctions:      int(o.long("max-functions")),
		HeartbeatInterval: int(o.long("heartbeat-interval")),
		ExposeErrors:      o.flag("expose-errors"),
		Listen:            m.Listen,
	}
	limit, _ := o.size("max-message-size")
	send, _ := o.size("socket-snd-buf-size")
	receive, _ := o.size("socket-rcv-buf-size")
	opts.MaxMessageSize, opts.SendBuffer, opts.ReceiveBuffer = int(limit), int(send), int(receive)
	opts.MemoryBudget, _ = o.size("memory-budget")
	if cutoff, given := o.size("compress-cutoff-size"); given && cutoff >= 0 {
		opts.Compress, opts.CompressCutoff = true, int(cutoff)
	}
	if v, ok := o.given["authenticator"]; ok && !v.IsNil() {
		a, isOne := value.HostOf[*authenticator](v)
		if !isOne {
			o.fail(value.CoerceError(v, "java-object of type "+authenticatorClass))
		} else {
			opts.Authenticator = a.Users
		}
	}
	opts.Encrypt = o.flag("encrypt")
	o.deliveries(&opts)
	opts.WaitCap = time.Duration(o.long("stock-wait-cap")) * time.Millisecond
	switch name := o.name("slow-consumer"); name {
	case "", "drop":
	case "disconnect":
		opts.SlowConsumer = broker.Disconnect
	default:
		o.fail(value.Throwf(value.IpcException, "The option :slow-consumer must be :drop or :disconnect, got :%s", name))
	}
	opts.Dedupe = o.dedupe(m)
	opts.Log = o.log(m.LogFailed)
	handlerTimeout := cmp.Or(o.duration("handler-timeout"), defaultHandlerTimeout)
	logDir := o.directory("server-log-dir")
	if o.err != nil {
		return value.Nil, o.err
	}
	if opts.Log != nil || logDir != "" {
		if err := th.Permit("ipc/server", eval.Files); err != nil {
			return value.Nil, err
		}
	}
	release, err := th.Hold(eval.Handles)
	if err != nil {
		return value.Nil, err
	}
	out := &server{open: m.Open, release: release, handlerTimeout: handlerTimeout}
	if logDir != "" {
		if out.log, err = openServerLog(logDir, m.Logger.Handler()); err != nil {
			release()
			return value.Nil, value.Throwf(value.IpcException, "The server log in '%s' cannot be written: %v", logDir, err)
		}
		opts.Logger = slog.New(out.log)
	}
	s, err := broker.NewServer(addr, opts)
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		release()
		if out.log != nil {
			err = errors.Join(err, out.log.Close())
		}
		return value.Nil, exception(err)
	}
	out.Server = s
	m.Open.addServer(s)
	return value.NewHost(serverType, out).Val(), nil
}

func serverAddress(v value.Value) (broker.Address, error) {
	if port, ok := v.Long(); ok {
		return broker.Port(port), nil
	}
	uri, ok := value.StringOrKeyword(v)
	if !ok {
		return broker.Address{}, value.Errorf("Function 'ipc/server' expects either a port or a connection URI!")
	}
	addr, err := broker.ParseAddress(uri)
	return addr, exception(err)
}

// defaultMinFree is the room on the disk below which durable offers are refused (D9).
const defaultMinFree = 64 << 20

// log takes the options of durable queues; nil without :write-ahead-log-dir. failed ends the process (D5); it may be nil.
func (o *options) log(failed func(file string, cause error)) *broker.LogOptions {
	log := &broker.LogOptions{
		Dir: o.directory("write-ahead-log-dir"), Compress: o.flag("write-ahead-log-compress"), Compact: o.flag("write-ahead-log-compact"),
		MinFreeDisk: defaultMinFree,
	}
	if n, given := o.size("min-free-disk"); given {
		log.MinFreeDisk = uint64(max(0, n))
	}
	sync := o.given["write-ahead-log-sync"]
	switch name, _ := value.StringOrKeyword(sync); {
	case sync.IsNil(), name == "always":
	case name == "none":
		log.Sync = -1
	default:
		ms, ok := sync.Long()
		if !ok || ms < 10 || ms > 60_000 {
			o.fail(value.Throwf(value.IpcException, "The option :write-ahead-log-sync must be :always, :none or 10 to 60000 milliseconds, got %s", value.PrStr(sync)))
		}
		log.Sync = time.Duration(ms) * time.Millisecond
	}
	log.CompactMin, log.CompactRatio = o.compaction()
	if ms := o.long("write-ahead-log-commit-delay"); ms < 0 || ms > 5 {
		o.fail(value.Throwf(value.IpcException, "The option :write-ahead-log-commit-delay must be 0 to 5 milliseconds, got %d", ms))
	} else {
		log.CommitDelay = time.Duration(ms) * time.Millisecond
	}
	switch name := o.name("on-log-failure"); {
	case name == "", name == "refuse":
	case name != "exit":
		o.fail(value.Throwf(value.IpcException, "The option :on-log-failure must be :refuse or :exit, got :%s", name))
	case failed == nil:
		o.fail(value.Throwf(value.IpcException, "The option :on-log-failure :exit needs a process that may end: gondola FILE or gondola serve FILE"))
	default:
		log.OnFailure = func(file string, cause error) { go failed(file, cause) } // the log waits for its return
	}
	switch name := o.name("on-log-corruption"); name {
	case "", "quarantine":
	case "fail-start":
		log.OnCorruption = broker.FailStart
	case "salvage":
		log.OnCorruption = broker.Salvage
	default:
		o.fail(value.Throwf(value.IpcException, "The option :on-log-corruption must be :quarantine, :fail-start or :salvage, got :%s", name))
	}
	if log.Dir == "" {
		return nil
	}
	return log
}

// compaction takes the limits beyond which a log is compacted while the server runs (C3); 0: the default.
func (o *options) compaction() (least int64, ratio float64) {
	least, given := o.size("write-ahead-log-compact-min-size")
	if given && least < 1 {
		o.fail(value.Throwf(value.IpcException, "The option :write-ahead-log-compact-min-size must be at least 1 byte, got %d", least))
	}
	v, given := o.given["write-ahead-log-compact-ratio"]
	if !given {
		return least, 0
	}
	ratio, ok := value.ToDouble(v)
	if !ok || !(ratio >= 0.1 && ratio <= 1) {
		o.fail(value.Throwf(value.IpcException, "The option :write-ahead-log-compact-ratio must be 0.1 to 1, got %s", value.PrStr(v)))
	}
	return least, ratio
}

// directory takes an option that names an existing directory; "" without the option.
func (o *options) directory(name string) (path string) {
	v, ok := o.given[name]
	if !ok {
		return ""
	}
	switch x := v.Ref().(type) {
	case *value.File:
		path = x.Path
	case *value.Str:
		path = x.S
	default:
		o.fail(value.Errorf("Function 'ipc/server' arg ':%s' must be an `io/file`", name))
		return ""
	}
	st, err := os.Stat(path)
	switch {
	case err != nil:
		o.fail(value.Errorf("The '%s' %s does not exist or is not writable!", name, path))
	case !st.IsDir():
		o.fail(value.Throwf(value.IpcException, "The WAL directory '%s' does not exist!", path))
	}
	return path
}

// node takes a server or a client.
func node(fn string, v value.Value) (any, error) {
	h, ok := v.Ref().(*value.Host)
	if !ok {
		return nil, value.CoerceError(v, "java-object")
	}
	switch h.X.(type) {
	case *server, *client:
		return h.X, nil
	}
	return nil, value.Errorf("Function '%s' expects either a TcpServer or a TcpClient!", fn)
}

func closeNode(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	x, err := node("ipc/close", in.Value())
	if err != nil {
		return value.Nil, err
	}
	return value.Nil, x.(value.Closer).Close()
}

func running(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	x, err := node("ipc/running?", in.Value())
	if err != nil {
		return value.Nil, err
	}
	return value.Bool(x.(interface{ Running() bool }).Running()), nil
}
