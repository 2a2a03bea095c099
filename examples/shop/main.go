// Command shop is Everspan's demo: a small online shop of seven services in Go,
// on the kit, and one in Node.js with a stock OpenTelemetry SDK, with a real
// database, a real queue, and a tax office outside that is sometimes slow and
// sometimes fails.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	cfg, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		os.Exit(2) // already said
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, cfg, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

// run opens a server and the shop, does what was asked, and closes both.
func run(ctx context.Context, cfg config, stdout, stderr io.Writer) (err error) {
	echo := io.Discard
	if cfg.verbose {
		echo = stderr
	}
	if !cfg.once {
		fmt.Fprintln(stdout, "Opening the shop …")
	}
	b, err := openBackend(ctx, cfg, echo)
	if err != nil {
		return stopped(ctx, err)
	}
	defer b.close()
	opts := Options{Endpoint: b.endpoint, Listen: cfg.listen, Seed: cfg.seed, Log: stderr, Verbose: cfg.verbose}
	// The third checkout of the demo is slow, so that nobody waits for luck.
	opts.TaxScript = []taxMood{taxFine, taxFine, taxSlow}
	if cfg.once {
		opts.TaxScript = []taxMood{taxSlow}
	}
	var noFraud error
	opts.Fraud, noFraud = findFraud()
	if noFraud != nil && !cfg.once {
		fmt.Fprintf(stdout, "The service in Node.js is left out: %v.\n", noFraud)
	}
	shop, err := OpenShop(context.WithoutCancel(ctx), opts)
	if err != nil {
		return fmt.Errorf("open the shop: %w", err)
	}
	defer func() {
		// Not the context that has just been cancelled.
		ctx, cancel := context.WithTimeout(context.Background(), stopWait)
		defer cancel()
		if e := shop.Close(ctx); e != nil && err == nil {
			err = fmt.Errorf("close the shop: %w", e)
		}
	}()
	if cfg.once {
		return stopped(ctx, once(ctx, shop, b, stdout))
	}
	return demo(ctx, cfg, shop, b, stdout)
}

// stopped drops an error that only says that the user stopped the demo.
func stopped(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errors.New("stopped")
	}
	return err
}

// once makes one slow checkout and prints its waterfall.
func once(ctx context.Context, s *Shop, b *backend, out io.Writer) error {
	v, err := s.customer().checkout(ctx, users[0])
	if err != nil {
		return err
	}
	if v.status != 200 {
		return fmt.Errorf("%s: %d: %s", v.name, v.status, v.reason)
	}
	if v.took < slowVisit {
		return fmt.Errorf("%s took %s: it was to be slow", v.name, v.took.Round(time.Millisecond))
	}
	if err := awaitTrace(ctx, s, b.url, v.traceID); err != nil {
		return err
	}
	return printTrace(ctx, b, v.traceID, out)
}
