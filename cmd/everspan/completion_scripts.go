package main

import (
	"fmt"
	"strings"
)

// Each script finds the command that the words so far name, and offers what may
// follow it. What is not known, as a file's name, is left to the shell.

func bashCompletion(all []place) string {
	var out strings.Builder
	fmt.Fprintf(&out, `_everspan() {
    local cur=${COMP_WORDS[COMP_CWORD]} at= word words=
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$at $word" in
        %s) at="$at $word" ;;
        esac
    done
`, paths(all, "|"))
	for _, p := range all {
		if p.runs {
			fmt.Fprintf(&out, bashProgram, p.path, strings.Count(p.path, " ")+1, p.takers())
		}
	}
	out.WriteString("    case \"$at:${COMP_WORDS[COMP_CWORD-1]}\" in\n")
	for _, p := range all {
		for _, w := range p.words {
			if w.takes {
				fmt.Fprintf(&out, "    '%s:%s') words='%s' ;;\n", p.path, w.text, strings.Join(w.values, " "))
			}
		}
	}
	out.WriteString("    *)\n        case \"$at\" in\n")
	for _, p := range all {
		var words []string
		for _, w := range p.words {
			words = append(words, w.text)
		}
		fmt.Fprintf(&out, "        '%s') words='%s' ;;\n", p.path, strings.Join(words, " "))
	}
	out.WriteString(`        esac
        ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _everspan everspan
`)
	return out.String()
}

// bashProgram completes a program that a command runs, and its arguments: the path of
// the command, where its first flag is, and its flags that take a value.
const bashProgram = `    if [[ $at == '%s' ]]; then
        local i=%d flags=1
        while ((flags && i < COMP_CWORD)); do
            case ${COMP_WORDS[i]} in
            --) flags=0 && ((i++)) ;;
            %s) ((i += 2)) ;;
            -*) ((i++)) ;;
            *) flags=0 ;;
            esac
        done
        if ((i < COMP_CWORD)) && declare -F _command_offset >/dev/null; then
            _command_offset $i
            return
        elif ((i < COMP_CWORD)); then
            return
        elif ((i == COMP_CWORD)) && [[ $flags == 0 || $cur != -* ]]; then
            COMPREPLY=($(compgen -c -- "$cur"))
            return
        fi
    fi
`

func zshCompletion(all []place) string {
	var out strings.Builder
	fmt.Fprintf(&out, `#compdef everspan
_everspan() {
    local at= word
    local -a found
    for word in "${(@)words[2,CURRENT-1]}"; do
        case "$at $word" in
        (%s) at="$at $word" ;;
        esac
    done
`, paths(all, "|"))
	for _, p := range all {
		if p.runs {
			fmt.Fprintf(&out, zshProgram, p.path, strings.Count(p.path, " ")+2, p.takers())
		}
	}
	out.WriteString("    case \"$at:${words[CURRENT-1]}\" in\n")
	for _, p := range all {
		for _, w := range p.words {
			switch {
			case !w.takes:
			case w.values == nil:
				fmt.Fprintf(&out, "    ('%s:%s') _files; return ;;\n", p.path, w.text)
			default:
				fmt.Fprintf(&out, "    ('%s:%s') compadd -- %s; return ;;\n", p.path, w.text, strings.Join(w.values, " "))
			}
		}
	}
	out.WriteString("    esac\n    case \"$at\" in\n")
	for _, p := range all {
		fmt.Fprintf(&out, "    ('%s') found=(\n", p.path)
		for _, w := range p.words {
			fmt.Fprintf(&out, "        '%s:%s'\n", w.text, w.help)
		}
		out.WriteString("    ) ;;\n")
	}
	out.WriteString(`    esac
    _describe everspan found || _files
}
if [[ ${funcstack[1]} == _everspan ]]; then
    _everspan "$@"
else
    compdef _everspan everspan
fi
`)
	return out.String()
}

// zshProgram is what bashProgram is. Its first word has the number 1.
const zshProgram = `    if [[ $at == '%s' ]]; then
        local -i i=%d more=1
        while ((more && i < CURRENT)); do
            case "${words[i]}" in
            (--) more=0; i=i+1 ;;
            (%s) i=i+2 ;;
            (-*) i=i+1 ;;
            (*) more=0 ;;
            esac
        done
        if ((i < CURRENT || i == CURRENT && ! more)) || [[ $i == $CURRENT && ${words[CURRENT]} != -* ]]; then
            words=("${(@)words[i,-1]}")
            CURRENT=$((CURRENT - i + 1))
            _normal
            return
        fi
    fi
`

func fishCompletion(all []place) string {
	var out strings.Builder
	fmt.Fprintf(&out, `function __everspan_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case %s
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
`, paths(all, " "))
	for _, p := range all {
		for _, w := range p.words {
			fmt.Fprintf(&out, "complete -c everspan -n '__everspan_at \"%s\"'", p.path)
			name, flag := strings.CutPrefix(w.text, "--")
			switch {
			case !flag:
				fmt.Fprintf(&out, " -f -a %s", name)
			case w.values != nil:
				fmt.Fprintf(&out, " -l %s -x -a '%s'", name, strings.Join(w.values, " "))
			case w.takes:
				fmt.Fprintf(&out, " -l %s -r", name)
			default:
				fmt.Fprintf(&out, " -l %s", name)
			}
			fmt.Fprintf(&out, " -d '%s'\n", w.help)
		}
		if p.runs {
			fmt.Fprintf(&out, fishProgram, strings.Count(p.path, " ")+1, strings.ReplaceAll(p.takers(), "|", " "), p.path)
		}
	}
	return out.String()
}

// fishProgram is what bashProgram is.
const fishProgram = `function __everspan_program
    set -l words (commandline -opc)[%d..-1] (commandline -ct)
    set -e words[1]
    while set -q words[2]
        switch $words[1]
            case --
                set -e words[1]
                break
            case %s
                set -e words[1..2]
            case '-*'
                set -e words[1]
            case '*'
                break
        end
    end
    string match -q -- '-*' $words[1]; or complete -C "$words"
end
complete -c everspan -n '__everspan_at "%s"' -x -a '(__everspan_program)'
`
