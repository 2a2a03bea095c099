package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/store"
	"github.com/everspan/everspan/internal/terminal"
)

type blockCmd struct {
	Ls      blockLsCmd      `cmd:"" help:"List the blocks."`
	Inspect blockInspectCmd `cmd:"" help:"Show how a block is made: its files and columns."`
	Verify  blockVerifyCmd  `cmd:"" help:"Check every checksum and count."`
	Export  blockExportCmd  `cmd:"" help:"Write traces as OTLP/JSON or Parquet."`
}

// Help is printed below the subcommands.
func (c *blockCmd) Help() string {
	return `These commands read the data folder themselves. They change nothing in it, and work whether a server is running on it or not.

Examples:
  everspan block ls
  everspan block inspect newest
  everspan block verify
  everspan block export --from -1h --out traces.jsonl`
}

// dataFlag is what every command has that reads the data folder.
type dataFlag struct {
	Data string `default:"./everspan-data" env:"EVERSPAN_DATA" placeholder:"DIR" help:"Folder that holds everything (${default})."`
}

// open lists the blocks of the data folder. What is returned has to be closed.
func (d dataFlag) open(ctx context.Context) (*store.Offline, func(), error) {
	const hint = "Say where it is with --data DIR (or EVERSPAN_DATA)."
	bkt, err := bucket.OpenReadOnlyDir(filepath.Join(d.Data, "store"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, &hinted{fmt.Errorf("no everspan keeps its data in %s", d.Data), hint}
	}
	if err != nil {
		return nil, nil, &hinted{fmt.Errorf("--data %s: %w", d.Data, err), hint}
	}
	blocks, err := store.OpenOffline(ctx, bkt)
	if err != nil {
		bkt.Close()
		return nil, nil, fmt.Errorf("--data %s: %w", d.Data, err)
	}
	for _, key := range blocks.Damaged {
		fmt.Fprintf(os.Stderr, "damaged: %s; the manifest before it is used\n", filepath.Join(d.Data, "store", filepath.FromSlash(key)))
	}
	return blocks, func() { bkt.Close() }, nil
}

// noBlocks is why there may be none.
const noBlocks = "New spans and log records are in the server's log until it writes a block: after --flush-after, and when it stops."

type blockLsCmd struct {
	dataFlag
	JSON bool `help:"As JSON."`
}

// Help is printed below the flags.
func (c *blockLsCmd) Help() string {
	return `Blocks that wait to be merged are of level 0; merging makes one of the next level of several. Spans and log records have blocks of their own. A trace counts in every block that has some of its spans.

Examples:
  everspan block ls
  everspan block ls --json | jq '.blocks[] | [.id, .spans, .bytes]'`
}

// Run lists the blocks.
func (c *blockLsCmd) Run(ctx context.Context) error {
	o, closeAll, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer closeAll()
	if c.JSON {
		type sized struct {
			block.Meta
			Bytes int64 `json:"bytes"`
		}
		list := struct {
			Blocks []sized `json:"blocks"`
		}{[]sized{}}
		for _, m := range o.All() {
			list.Blocks = append(list.Blocks, sized{m, m.Bytes()})
		}
		return printJSON(list)
	}
	if len(o.All()) == 0 {
		fmt.Fprintf(os.Stderr, "No block yet in %s. %s\n", c.Data, noBlocks)
		return nil
	}
	if len(o.Blocks) > 0 {
		if err := terminal.Blocks(os.Stdout, o.Blocks, tableOptions()); err != nil || len(o.Logs) == 0 {
			return err
		}
		fmt.Println()
	}
	return terminal.Blocks(os.Stdout, o.Logs, tableOptions())
}

type blockInspectCmd struct {
	dataFlag
	ID   string `arg:"" help:"Block id or its beginning, or newest, or oldest."`
	File string `placeholder:"NAME" help:"Only the columns of this file, like spans."`
	JSON bool   `help:"As JSON."`
}

// Help is printed below the flags.
func (c *blockInspectCmd) Help() string {
	return `Examples:
  everspan block inspect newest
  everspan block inspect 20261123t0815 --file spans
  everspan block inspect oldest --json | jq '.files[].columns[] | select(.bytes > 1e6)'`
}

// Run shows how a block is made.
func (c *blockInspectCmd) Run(ctx context.Context) error {
	o, closeAll, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer closeAll()
	layout, err := o.Inspect(ctx, c.ID)
	if _, ok := errors.AsType[store.UnknownError](err); ok {
		return unknownBlock(err, o)
	}
	if err != nil {
		return err
	}
	if err := layout.Only(c.File); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(layout)
	}
	return terminal.Layout(os.Stdout, &layout, tableOptions())
}

func unknownBlock(err error, o *store.Offline) error {
	hint := "`everspan block ls` lists them."
	if len(o.All()) == 0 {
		hint = noBlocks
	}
	return &hinted{err, hint}
}

// tableOptions are those for tables, which are never too wide for a pipe.
func tableOptions() terminal.Options {
	width, color := terminalOf(os.Stdout)
	if !isTerminal(os.Stdout) {
		width = 240
	}
	return terminal.Options{Width: width, Color: color}
}

func printJSON(v any) error {
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
