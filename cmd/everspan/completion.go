package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is printed below the flags.
func (c *completionCmd) Help() string {
	return `Examples:
  source <(everspan completion bash)                                        # in ~/.bashrc
  source <(everspan completion zsh)                                         # in ~/.zshrc
  everspan completion fish > ~/.config/fish/completions/everspan.fish`
}

// Run prints the script.
func (c *completionCmd) Run(k *kong.Context) error {
	all := places(nil, "", k.Model.Node)
	write := map[string]func([]place) string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[c.Shell]
	_, err := fmt.Fprint(os.Stdout, write(all))
	return err
}

// place is a command, and what may follow it.
type place struct {
	path  string // the words up to it, each behind a blank
	words []word
	runs  bool // another program, with its arguments
}

// takers are the flags that have a value behind them, as alternatives of a case.
func (p *place) takers() string {
	var out []string
	for _, w := range p.words {
		if w.takes {
			out = append(out, w.text)
		}
	}
	return strings.Join(out, "|")
}

// word is a command or a flag.
type word struct {
	text, help string
	values     []string // that a flag takes, if they are known
	takes      bool     // a value
}

// places lists a command and those below it.
func places(flags []word, path string, n *kong.Node) []place {
	p := place{path: path}
	for _, f := range n.Flags {
		if f.Hidden {
			continue
		}
		w := word{text: "--" + f.Name, help: oneLine(f.Help), takes: !f.IsBool()}
		if f.Tag.Negatable != "" { // what is on is turned off
			w.text = "--no-" + f.Name
		}
		if f.Enum != "" {
			w.values = strings.Split(f.Enum, ",")
		}
		flags = append(flags, w)
	}
	for _, arg := range n.Positional {
		p.runs = p.runs || arg.Passthrough
		if arg.Enum != "" {
			for value := range strings.SplitSeq(arg.Enum, ",") {
				p.words = append(p.words, word{text: value})
			}
		}
	}
	var below []place
	for _, child := range n.Children {
		p.words = append(p.words, word{text: child.Name, help: oneLine(child.Help)})
		below = append(below, places(flags[:len(flags):len(flags)], path+" "+child.Name, child)...)
	}
	p.words = append(p.words, flags...)
	return append([]place{p}, below...)
}

// oneLine is the first sentence of a help, without what would end a quoted text.
func oneLine(help string) string {
	help, _, _ = strings.Cut(help, "\n")
	help, _, _ = strings.Cut(help, ". ")
	return strings.NewReplacer("'", "’", `\`, "", ":", ",").Replace(strings.TrimSuffix(help, "."))
}

// paths are the places as alternatives of a case.
func paths(all []place, separator string) string {
	var out []string
	for _, p := range all[1:] {
		out = append(out, "'"+p.path+"'")
	}
	return strings.Join(out, separator)
}
