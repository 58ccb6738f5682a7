// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// shells are the scripts that a shell reads: words after the name of the program are commands, options and files.
var shells = map[string]func(commands []string) string{
	"bash": bash,
	"zsh":  zsh,
	"fish": fish,
}

// Completion is the command that prints what makes a shell complete ours. commands are the names of all commands.
func Completion(commands []string) Run {
	return func(_ context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
		words := strings.Join(slices.Sorted(maps.Keys(shells)), "|")
		if status, done := usage("completion "+words, args, len(args) == 1 && shells[args[0]] != nil, stdout, stderr); done {
			return status
		}
		_, _ = io.WriteString(stdout, shells[args[0]](commands))
		return 0
	}
}

// allOptions are the options as they are written.
func allOptions() []string {
	words := []string{"--help"}
	for _, row := range options {
		for _, name := range row.names {
			words = append(words, dashed(name))
		}
	}
	return words
}

func bash(commands []string) string {
	var values strings.Builder
	for _, row := range options {
		if row.values != nil {
			fmt.Fprintf(&values, "    %s) COMPREPLY=($(compgen -W '%s' -- \"$word\")); return;;\n", dashed(row.names[0]), strings.Join(row.values, " "))
		}
	}
	return fmt.Sprintf(`# eval "$(gondola completion bash)"
_gondola() {
  local word=${COMP_WORDS[COMP_CWORD]} words=''
  case ${COMP_WORDS[COMP_CWORD-1]} in
    completion) COMPREPLY=($(compgen -W 'bash fish zsh' -- "$word")); return;;
%s  esac
  case $word in -*) words='%s';; *) [ "$COMP_CWORD" -eq 1 ] && words='%s';; esac
  COMPREPLY=($(compgen -W "$words" -- "$word") $(compgen -f -X '!*.venice' -- "$word") $(compgen -d -- "$word"))
}
complete -o filenames -F _gondola gondola
`, values.String(), strings.Join(allOptions(), " "), strings.Join(commands, " "))
}

func zsh(commands []string) string {
	var specs strings.Builder
	for _, row := range options {
		for _, name := range row.names {
			colons := strings.NewReplacer(":", "\\:")
			spec := dashed(name) + "[" + colons.Replace(row.help) + "]"
			switch {
			case row.values != nil:
				spec += ":" + row.arg + ":(" + strings.Join(row.values, " ") + ")"
			case row.arg != "":
				spec += ":" + colons.Replace(row.arg) + ":_files"
			}
			fmt.Fprintf(&specs, "    '%s' \\\n", strings.ReplaceAll(spec, "'", ""))
		}
	}
	return fmt.Sprintf(`#compdef gondola
# eval "$(gondola completion zsh)", after compinit
_gondola() {
  if (( CURRENT == 2 )); then compadd -- %s; fi
  if [[ $words[2] == completion ]]; then compadd -- bash fish zsh; return; fi
  _arguments \
%s    '--help[print the options]' \
    '*:script:_files -g "*.venice"'
}
compdef _gondola gondola
`, strings.Join(commands, " "), specs.String())
}

func fish(commands []string) string {
	var b strings.Builder
	b.WriteString("# gondola completion fish | source\n")
	fmt.Fprintf(&b, "complete -c gondola -n __fish_use_subcommand -a '%s'\n", strings.Join(commands, " "))
	b.WriteString("complete -c gondola -n '__fish_seen_subcommand_from completion' -f -a 'bash fish zsh'\n")
	for _, row := range options {
		line := "complete -c gondola"
		for _, name := range row.names {
			if len(name) == 1 {
				line += " -s " + name
			} else {
				line += " -l " + name
			}
		}
		if row.arg != "" {
			line += " -r"
		}
		if row.values != nil {
			line += " -f -a '" + strings.Join(row.values, " ") + "'"
		}
		fmt.Fprintf(&b, "%s -d '%s'\n", line, strings.ReplaceAll(row.help, "'", ""))
	}
	b.WriteString("complete -c gondola -l help -d 'print the options'\n")
	return b.String()
}
