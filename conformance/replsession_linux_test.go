// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The REPL on a real terminal: values, several lines, the last values, help, completion, errors, interruption, leaving.
func TestREPL(t *testing.T) {
	dir := scratch(t)
	binary, begun := gondola(t), time.Now()
	x := onTerminal(t, binary, dir)
	x.expect(t, "user> ")
	t.Logf("the prompt is there after %v", time.Since(begun))
	x.enter(t, "(+ 1 2)\r")
	x.expect(t, "3\r\n")
	x.enter(t, "(str *1\r")
	x.expect(t, "| ")
	x.enter(t, "\"\r")
	x.expect(t, "| ")
	x.enter(t, "b\")\r")
	x.expect(t, "\"3\\nb\"\r\n")
	x.enter(t, "(ns other)\r")
	x.expect(t, "other> ")
	x.enter(t, "(ns user)\r")
	x.expect(t, "user> ")
	x.enter(t, "(/ 1 0)\r")
	x.expect(t, "repl-5:1:2")
	x.enter(t, "(ex-message *e)\r")
	x.expect(t, "\"/ by zero\"\r\n")
	x.enter(t, "interleav\t") // one candidate: it is completed
	x.expect(t, "interleave")
	x.enter(t, "?\r")
	x.expect(t, "(interleave")
	x.enter(t, "(do (println (str \"run\" \"ning\")) (while true nil))\r")
	x.expect(t, "running") // the evaluation has begun: now Ctrl-C is its signal
	x.enter(t, "\x03")
	x.expect(t, "interrupted")
	x.expect(t, "user> ")
	x.enter(t, "(ipc/client \"af-inet://localhost:1\" :password \"secret\")\r")
	x.expect(t, "IpcException")
	x.enter(t, "!help\r")
	x.expect(t, "!quit")
	x.expect(t, "user> ")
	x.enter(t, "\x04")
	if err := x.cmd.Wait(); err != nil {
		t.Error(err)
	}
	path := filepath.Join(dir, "state", "gondola", "history")
	history, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(history), "(+ 1 2)\n") || strings.Contains(string(history), "secret") {
		t.Errorf("history %q", history)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the history has mode %v, %v", info.Mode(), err)
	}
}

// enterAndExpect types entries, each with what is printed for it, and waits for the next prompt.
func (x *terminal) enterAndExpect(t *testing.T, prompt string, dialogue ...string) {
	t.Helper()
	for i := 0; i+1 < len(dialogue); i += 2 {
		x.enter(t, dialogue[i]+"\r")
		x.expect(t, dialogue[i+1])
		x.expect(t, prompt)
	}
}

// leave leaves with Ctrl-D.
func (x *terminal) leave(t *testing.T) {
	t.Helper()
	x.enter(t, "\x04")
	if err := x.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func paste(text string) string { return "\x1b[200~" + text + "\x1b[201~" }

// A pasted block is one entry: its tabs complete nothing, its line ends enter nothing, its last line waits for Enter.
func TestREPLPaste(t *testing.T) {
	x := onTerminal(t, gondola(t), scratch(t))
	x.expect(t, "user> ")
	x.enter(t, paste("(def a 1)\n(defn f [x]\n\t(interleav\n\t  x))\r\n(def b \"one\ttab\")\n\n"))
	x.expect(t, "(def b")
	x.expect(t, "tab\")")
	x.enter(t, "\r")
	x.expect(t, "user/b\r\n") // the value of the last form only
	x.expect(t, "user> ")
	x.enterAndExpect(t, "user> ",
		"b", `"one\ttab"`,
		"a", "1\r\n",
		"(f 1)", "Symbol 'interleav' not found!",
	)
	x.enter(t, "\x1b[A\x1b[A\x1b[A\x1b[A\r") // four up: the whole block, evaluated again
	x.expect(t, "user/b\r\n")
	x.expect(t, "user> ")
	x.leave(t)
}

// A whole block of the document is pasted, indented with tabs, and prints what it does as a script.
func TestREPLPasteDocumentBlock(t *testing.T) {
	x := onTerminal(t, gondola(t), scratch(t))
	x.expect(t, "user> ")
	block := extracted(t)[0]
	script := strings.ReplaceAll(freePorts()(block.Script), "\n  ", "\n\t")
	x.enter(t, paste(strings.ReplaceAll(script, "\n", "\r"))) // as terminals send it
	x.expect(t, "(println \"RESPONSE:\"))))")
	x.enter(t, "\r")
	for line := range strings.Lines(block.Stdout) {
		if !strings.Contains(line, "<") {
			x.expect(t, strings.TrimSuffix(line, "\n")+"\r\n")
		}
	}
	x.expect(t, "user> ")
	x.leave(t)
}

// Tab completes options from the help of the function, destinations that live, locals, commands and files.
func TestREPLCompletion(t *testing.T) {
	dir := scratch(t)
	if err := os.WriteFile(filepath.Join(dir, "a-file.txt"), []byte("contents"), 0o600); err != nil {
		t.Fatal(err)
	}
	port := freePorts()("33333")
	x := onTerminal(t, gondola(t), dir)
	x.expect(t, "user> ")
	for _, entry := range []string{
		"(def server (ipc/server " + port + " :max-conn\t 3))", // :max-connections
		"(def client (ipc/client " + port + "))",
		"(ipc/create-queue server :orders/new 10 :bounded)",
		"(ipc/create-function server :echo identity)",
	} {
		x.enter(t, entry+"\r")
		x.expect(t, "\x1b[?2004l") // entered
		x.expect(t, "user> ")
	}
	x.enterAndExpect(t, "user> ",
		"(ipc/offer client :ord\t 300 (ipc/plain-text-message nil :x \"y\"))", "│ Response     OK",
		"(ipc/poll client \"ord\t\" 300)", "│ Subject      x",
		"(io/slurp \"a-fi\t\")", "\"contents\"",
		"(let [a-long-name 7] (inc a-lo\t))", "8\r\n",
		"(defn g [{:keys [first-key]} & others] (count oth\t))", "user/g",
		"!que\t", "orders/new  queue           0 of 10",
	)
	x.enter(t, "(let [second-line 5]\r")
	x.expect(t, "| ")
	x.enterAndExpect(t, "user> ", " (* 2 second-l\t))", "10\r\n")
	x.leave(t)
}

// Values are broken to the width of the terminal; messages are cards, byte buffers hex dumps.
func TestREPLPrinting(t *testing.T) {
	x := onTerminal(t, gondola(t), scratch(t))
	x.expect(t, "user> ")
	x.enterAndExpect(t, "user> ",
		"(into [] (range 40))", "[0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28\r\n 29 30 31",
		`(ordered-map :name "a rather long text to fill the line" :next ["another long text" "and one more of them"])`,
		"{:name \"a rather long text to fill the line\"\r\n :next [\"another long text\" \"and one more of them\"]}\r\n",
		`{:a [1 2.0 "x" nil true]}`, "{:a [1 2.0 \"x\" nil true]}\r\n",
		`(ipc/plain-text-message "1" :greeting "hello")`, "│ Subject      greeting\r\n",
		"*1", "│ Data         hello\r\n",
		`(bytebuf [72 101 108 108 111 0 255])`, "bytebuf, 7 bytes\r\n  0000  48 65 6c 6c 6f 00 ff                              Hello..\r\n",
		"(map inc (range))", "(...)",
	)
	x.leave(t)
}

// Colours follow the terminal and --colors.
func TestREPLColours(t *testing.T) {
	for _, c := range []struct {
		args []string
		env  string
		want string // behind what is typed, which is coloured as well
	}{
		{nil, "COLORFGBG=15;0", "\x1b[38;5;81m:a\x1b[0m"},
		{nil, "COLORFGBG=0;15", "\x1b[38;5;25m:a\x1b[0m"},
		{[]string{"--colors", "light"}, "NO_COLOR=1", "\x1b[38;5;25m:a\x1b[0m"},
		{nil, "NO_COLOR=1", ":a\r\n"},
		{[]string{"--colors", "none"}, "COLORFGBG=", ":a\r\n"},
	} {
		x := onTerminalWith(t, gondola(t), scratch(t), []string{c.env}, c.args...)
		x.expect(t, "user> ")
		x.enter(t, ":a\r")
		x.expect(t, strings.TrimSuffix(c.want, "\r\n"))
		x.expect(t, "\x1b[?2004l"+c.want)
		x.expect(t, "user> ")
		x.leave(t)
	}
}

// What a handler or a future prints appears above the prompt, and what is being typed is there again below it.
func TestREPLOutputWhileTyping(t *testing.T) {
	x := onTerminal(t, gondola(t), scratch(t))
	x.expect(t, "user> ")
	x.enterAndExpect(t, "user> ", "(def go (promise))", "user/go",
		"(def f (future (fn [] (deref go) (print \"above \") (println \"the prompt\"))))", "user/f",
		"(def ready (future (fn [] (sleep 300) (deliver go true))))", "user/ready")
	x.enter(t, "(+ 40")
	x.expect(t, "above the prompt\r\n")
	x.expect(t, "user> (+ 40") // drawn again
	x.enter(t, " 2)\r")
	x.expect(t, "42\r\n")
	x.expect(t, "user> ")
	x.leave(t)
}

// Ctrl-C ends what is typed, an evaluation, and at an empty prompt, twice, the session.
func TestREPLInterrupt(t *testing.T) {
	x := onTerminal(t, gondola(t), scratch(t))
	x.expect(t, "user> ")
	x.enter(t, "(this is never entered")
	x.expect(t, "entered")
	x.enter(t, "\x03")
	x.expect(t, "user> ")
	for _, busy := range []string{"(while true nil)", "(deref (promise))", "(sleep 100000)", "(reduce + (range))"} {
		x.enter(t, "(do (println (str \"run\" \"ning\")) "+busy+")\r")
		x.expect(t, "running")
		x.enter(t, "\x03")
		x.expect(t, "interrupted")
		x.expect(t, "user> ")
	}
	x.enter(t, "(try (do (println (str \"run\" \"ning\")) (while true nil)) (finally (println (str \"clean\" \"ing\")) (sleep 100000)))\r")
	x.expect(t, "running")
	x.enter(t, "\x03")
	x.expect(t, "cleaning")
	x.enter(t, "\x03") // finally does not listen: it is left behind
	x.expect(t, "left behind")
	x.expect(t, "user> ")
	x.enterAndExpect(t, "user> ", "(+ 1 1)", "2\r\n")
	x.enter(t, "\x03")
	x.expect(t, "Ctrl-C again, or Ctrl-D, leaves")
	x.expect(t, "user> ")
	x.enter(t, "\x03")
	if err := x.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// The commands, the functions of a session, and the init file.
func TestREPLCommands(t *testing.T) {
	dir := scratch(t)
	if err := os.MkdirAll(filepath.Join(dir, "config", "gondola"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config", "gondola", "init.venice"), []byte("(defn from-init [] :yes)\n(println \"init\")"), 0o600); err != nil {
		t.Fatal(err)
	}
	port := freePorts()("33333")
	x := onTerminal(t, gondola(t), dir)
	x.expect(t, "init\r\n")
	x.expect(t, "user> ")
	x.enterAndExpect(t, "user> ",
		"(from-init)", ":yes",
		"(source from-init)", "(defn from-init [] :yes)\r\n",
		"(defn twice [x] (* 2 x)) (def other 1)", "user/other",
		"(source twice)", "(defn twice [x] (* 2 x))\r\n",
		"twice?", "(twice x)\r\nNo documentation available for twice\r\n",
		"(defn broken [x]\r  (/ x\r    0))", "user/broken",
		"(broken 1)", "repl-6:2:4\r\n  1 | (defn broken [x]\r\n  2 |   (/ x\r\n         ^",
		"(source first)", "; first is built in\r\n(first coll)\r\n",
		"(dir user)", "from-init",
		"(dir cidr)", "cidr/parse",
		"(dir nowhere)", "There is no namespace nowhere.",
		"(apropos \"interleav\")", "interleave",
		"let?", "Binds names one after the other",
		"(print \"no line end\")", "no line end\r\nnil\r\n",
		"!macroexpand (when a b)", "(if a (do b))",
		"!queues", "no queues: open a server",
		"(do (def server (ipc/server "+port+")) (ipc/create-topic server :news))", "nil",
		"!connect "+port, "client is connected to "+port,
		"(ipc/message-field (ipc/send client :nothing (ipc/plain-text-message nil :x \"y\")) :response-status)", ":FUNCTION_NOT_FOUND",
		"!queues", "news",
		"!connect af-inet://localhost:1", "hint: nothing listens there",
		"!nonsense", "There is no command !nonsense",
		"!hist", "  1  (from-init)",
		"!clear", "\x1b[H\x1b[2J",
		"!help", "!connect URI [OPTIONS]",
	)
	x.enter(t, "!time (twice\r")
	x.expect(t, "| ")
	x.enterAndExpect(t, "user> ", "4)", "8\r\n")
	x.enter(t, "!quit\r")
	if err := x.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// An uncaught exception is coloured on a terminal.
func TestErrorOnTerminal(t *testing.T) {
	x := onTerminalWith(t, gondola(t), scratch(t), nil, "-e", "(defn f [x]\n (/ 1 x))\n(f 0)")
	x.expect(t, "\x1b[1;38;5;203mVncException\x1b[0m: / by zero\r\n\r\n  command-line:2:3\r\n")
	x.expect(t, "2 |\x1b[0m  (/ 1 x))\r\n")
	if err := x.cmd.Wait(); x.cmd.ProcessState.ExitCode() != 1 {
		t.Error(err)
	}
}

// gondola bench shows how far it is while it runs, on a terminal only, and takes that line away.
func TestBenchOnTerminal(t *testing.T) {
	x := onTerminal(t, gondola(t), scratch(t), "bench", "send", "--duration", "2500ms", "--size", "1KB")
	x.expect(t, "\r")
	x.expect(t, " messages, ")
	x.expect(t, "/s \x1b[K")
	x.expect(t, "\r\x1b[K")
	x.expect(t, "1024 bytes, 1 connections, 1 in flight each, server in this process\r\n")
	if err := x.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// The transcript of the README is what the REPL shows; lines of three dots stand for any others.
func TestReadmeTranscript(t *testing.T) {
	ports := freePorts()
	x := onTerminal(t, gondola(t), scratch(t))
	x.expect(t, "user> ")
	for _, block := range readmeBlocks(t, "repl") {
		for line := range strings.Lines(ports(block)) {
			line = strings.TrimSuffix(line, "\n")
			switch {
			case strings.HasPrefix(line, "user> "), strings.HasPrefix(line, "    | "):
				x.enter(t, line[6:]+"\r")
				x.expect(t, "\x1b[?2004l")
			case line != "...":
				x.expect(t, line+"\r\n")
			}
		}
	}
	x.expect(t, "user> ")
	x.leave(t)
}

// The next session has what the last one entered: an entry of several lines comes back whole, Ctrl-R finds one by a part.
func TestREPLHistory(t *testing.T) {
	dir := scratch(t)
	x := onTerminal(t, gondola(t), dir)
	x.expect(t, "user> ")
	x.enter(t, "(str :first\r")
	x.expect(t, "| ")
	x.enter(t, "  :second)\r")
	x.expect(t, "\":first:second\"\r\n")
	x.expect(t, "user> ")
	x.enterAndExpect(t, "user> ", "(+ 40 2)", "42\r\n", "(+ 1 1)", "2\r\n")
	x.leave(t)

	x = onTerminal(t, gondola(t), dir)
	x.expect(t, "user> ")
	x.enter(t, "\x12+ 40")
	x.expect(t, "(+ 40 2)")
	x.enter(t, "\r")
	x.expect(t, "42\r\n")
	x.expect(t, "user> ")
	x.enter(t, "\x12:first")
	x.expect(t, ":second)")
	x.enter(t, "\r")
	x.expect(t, "\":first:second\"\r\n")
	x.expect(t, "user> ")
	x.enter(t, "\x1b[A\x1b[A\r") // two up: the entry before the last one
	x.expect(t, "42\r\n")
	x.expect(t, "user> ")
	x.leave(t)
	history, err := os.ReadFile(filepath.Join(dir, "state", "gondola", "history"))
	if err != nil {
		t.Fatal(err)
	}
	const first = "(str :first␤  :second)\n"
	if want := first + "(+ 40 2)\n(+ 1 1)\n(+ 40 2)\n" + first + "(+ 40 2)\n"; string(history) != want {
		t.Errorf("the history is %q, want %q", history, want)
	}
}
