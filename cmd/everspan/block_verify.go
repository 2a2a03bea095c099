package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/store"
	"github.com/everspan/everspan/internal/terminal"
)

type blockVerifyCmd struct {
	dataFlag
	ID []string `arg:"" optional:"" help:"Block ids or their beginnings, or newest, or oldest; all blocks when none is given."`
}

// Help is printed below the flags.
func (c *blockVerifyCmd) Help() string {
	return `Reads every byte of the blocks. For each damaged one it names the file and the offset of the first damage; the exit code is 1 when there is any.

Examples:
  everspan block verify
  everspan block verify newest --data /backup/everspan-data`
}

// Run verifies blocks.
func (c *blockVerifyCmd) Run(ctx context.Context) error {
	o, closeAll, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer closeAll()
	var blocks []block.Meta // nil: all
	for _, id := range c.ID {
		m, err := o.Find(id)
		if err != nil {
			return unknownBlock(err, o)
		}
		blocks = append(blocks, m)
	}
	var whole []block.Meta
	damaged, gone := 0, 0
	p := newProgress(max(len(blocks), 1))
	if blocks == nil {
		p.all = len(o.All())
	}
	p.show(0)
	err = o.Verify(ctx, blocks, func(m block.Meta, err error) {
		switch {
		case err == nil:
			whole = append(whole, m)
		case errors.Is(err, store.ErrGone):
			gone++
			p.say(err.Error())
		default:
			damaged++
			p.say(fmt.Sprintf("block %s: %v", m.ID, err))
		}
		p.show(len(whole) + damaged + gone)
	})
	p.end()
	if err != nil {
		return err
	}
	if damaged+gone > 0 || len(o.Damaged) > 0 {
		fmt.Printf("whole: %s\n", terminal.Sum(whole))
	}
	switch {
	case damaged > 0:
		return &hinted{fmt.Errorf("damage in %d of %d blocks", damaged, len(whole)+damaged+gone),
			"Restore their files from a backup. Until then the server leaves out what it can't read, and says so in its answers."}
	case len(o.Damaged) > 0:
		return &hinted{errors.New("the blocks are whole, the newest manifest is not"), "Blocks that only it names are missing here. The server takes them in when it starts."}
	case gone > 0:
		return &hinted{fmt.Errorf("not all blocks could be checked: %w", store.ErrGone), "Run it again without ids to check what took their place."}
	}
	fmt.Printf("all is well: %s\n", terminal.Sum(whole))
	return nil
}

// progress tells on the standard error how far it is: all the time in one line of
// a terminal, every few seconds in a new line elsewhere.
type progress struct {
	all  int
	live bool
	last time.Time
}

// progressTime is the time between two lines.
const progressTime = 5 * time.Second

func newProgress(all int) *progress {
	return &progress{all: all, live: isTerminal(os.Stderr), last: time.Now()}
}

func (p *progress) show(done int) {
	switch {
	case p.live:
		fmt.Fprintf(os.Stderr, "\r\x1b[Kchecked %d of %d blocks", done, max(p.all, done))
	case time.Since(p.last) >= progressTime:
		p.last = time.Now()
		fmt.Fprintf(os.Stderr, "checked %d of %d blocks\n", done, max(p.all, done))
	}
}

// say writes a line of the result.
func (p *progress) say(line string) {
	p.end()
	fmt.Println(line)
}

// end wipes the line.
func (p *progress) end() {
	if p.live {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
}
