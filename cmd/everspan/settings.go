package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v4"
)

// settingsFile resolves the flags of `serve` from one YAML file, whose keys are
// the flags' names. A flag on the command line wins over its EVERSPAN_*
// variable, that over the file, and that over the default.
type settingsFile struct {
	path   string
	values map[string]string
	err    error // why the file can't be used
}

// Validate implements kong.Resolver.
func (s *settingsFile) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver. A nil value leaves the flag as it is. An
// error is kept for [settingsFile.explain]: kong would blame the flag.
func (s *settingsFile) Resolve(ctx *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	if s.values == nil {
		// Flags of the program itself, as --help, come first and have no file.
		i := slices.IndexFunc(parent.Flags, func(f *kong.Flag) bool { return f.Name == "config" })
		if i < 0 {
			return nil, nil
		}
		s.values = make(map[string]string)
		if s.path, _ = ctx.FlagValue(parent.Flags[i]).(string); s.path != "" {
			s.err = s.load(parent.Flags)
		}
	}
	for _, env := range flag.Envs {
		if _, ok := os.LookupEnv(env); ok {
			return nil, nil
		}
	}
	if v, ok := s.values[flag.Name]; ok && s.err == nil {
		return v, nil
	}
	return nil, nil
}

// explain returns the error of the command line, or why the file can't be used;
// it names the file when a value in it is wrong.
func (s *settingsFile) explain(err error) error {
	if s.err != nil {
		return s.err
	}
	if err != nil {
		for key, v := range s.values {
			if rest, ok := strings.CutPrefix(err.Error(), "--"+key); ok && (rest[0] == ':' || rest[0] == ' ') {
				return fmt.Errorf("%s: key %q: %q: %s", s.path, key, v, strings.TrimLeft(rest, ": "))
			}
		}
	}
	return err
}

func (s *settingsFile) load(flags []*kong.Flag) error {
	raw, err := os.ReadFile(s.path)
	if err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	var doc map[string]any
	d := yaml.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&doc); err != nil && !errors.Is(err, io.EOF) { // EOF: comments only
		return fmt.Errorf("%s: %w", s.path, err)
	}
	if !errors.Is(d.Decode(new(any)), io.EOF) {
		return fmt.Errorf("%s: one YAML document is expected", s.path)
	}
	var known []string
	for _, f := range flags {
		if f.Name != "help" && f.Name != "config" {
			known = append(known, f.Name)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(doc)) {
		if !slices.Contains(known, key) {
			return fmt.Errorf("%s: unknown key %q; the keys are %s", s.path, key, strings.Join(known, ", "))
		}
		v := doc[key]
		switch v.(type) {
		case string, int, uint64, int64, float64, bool:
		default:
			return fmt.Errorf("%s: key %q: one value is expected", s.path, key)
		}
		text, err := expand(fmt.Sprint(v))
		if err != nil {
			return fmt.Errorf("%s: key %q: %w", s.path, key, err)
		}
		s.values[key] = text
	}
	return nil
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}`)

// expand replaces ${NAME} and ${NAME:-default} by environment variables. A
// variable that is not set and has no default is an error.
func expand(text string) (string, error) {
	var missing string
	out := variable.ReplaceAllStringFunc(text, func(m string) string {
		parts := variable.FindStringSubmatch(m)
		if v, ok := os.LookupEnv(parts[1]); ok && (v != "" || parts[2] == "") {
			return v
		}
		if parts[2] == "" {
			missing = parts[1]
		}
		return parts[3]
	})
	if missing != "" {
		return "", fmt.Errorf("environment variable %s is not set; write ${%s:-default} to give it a default", missing, missing)
	}
	return out, nil
}

// size is a number of bytes, written like 512MiB.
type size int64

// UnmarshalText reads a number with an optional unit: KiB, MiB, GiB, or kB, MB,
// GB for powers of ten.
func (s *size) UnmarshalText(text []byte) error {
	number := strings.TrimSpace(string(text))
	factor := int64(1)
	for _, u := range []struct {
		suffix string
		factor int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}} {
		if rest, ok := strings.CutSuffix(number, u.suffix); ok {
			number, factor = strings.TrimSpace(rest), u.factor
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/factor {
		return errors.New("a size is a number and a unit, like 512MiB")
	}
	*s = size(n * factor)
	return nil
}

// period is a time of days, which time.Duration does not read.
type period time.Duration

// UnmarshalText reads a number of days, like 14d, or what time.ParseDuration does.
func (p *period) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseInt(days, 10, 64)
		if err != nil || n < 0 || n > 100*365 {
			return errors.New("a time is a number of days, like 14d, or like 36h")
		}
		*p = period(time.Duration(n) * 24 * time.Hour)
		return nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return errors.New("a time is a number of days, like 14d, or like 36h")
	}
	*p = period(d)
	return nil
}
