package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Options of a Shop. The zero value is a silent shop on free ports.
type Options struct {
	Endpoint  string    // OTLP/gRPC, host:port or a URL; empty leaves it to the OTEL_* variables
	Listen    string    // address of the gateway; empty is a free loopback port
	Seed      uint64    // of everything that happens by chance
	TaxScript []taxMood // how the tax office answers first; then chance decides
	Fraud     string    // folder of the service in Node.js; empty leaves it out
	Log       io.Writer // log lines of the services; nil drops them
	Verbose   bool      // write those of requests as well
}

// Shop is all services of the shop, running.
type Shop struct {
	ctx      context.Context
	opts     Options
	instance string
	key      []byte // signs tokens
	dir      string // databases
	network  *network
	dice     *dice
	terminal terminal
	queue    *server.Server

	services      []*service // in the order in which they stop
	conns         []*nats.Conn
	dbs           []*sql.DB
	gateway       *gateway
	notifications *notifications
	tax           *taxAPI
	fraud         *fraudProcess // nil without it
}

// users of the shop and the country that each orders from.
var (
	users     = []string{"ada", "bob", "carla", "dirk", "elsa"}
	countries = map[string]string{"ada": "DE", "bob": "FR", "carla": "IT", "dirk": "NL", "elsa": "SE"}
)

// OpenShop starts every service. Close stops them again.
func OpenShop(ctx context.Context, opts Options) (_ *Shop, err error) {
	if opts.Listen == "" {
		opts.Listen = "127.0.0.1:0"
	}
	if opts.Log == nil {
		opts.Log = io.Discard
	}
	s := &Shop{
		ctx:      ctx,
		opts:     opts,
		instance: fmt.Sprintf("%x", time.Now().Unix()),
		key:      []byte("only good for a demo"),
		network:  newNetwork(),
		dice:     newDice(opts.Seed),
		terminal: newTerminal(opts.Log, opts.Verbose),
	}
	defer func() {
		if err != nil {
			_ = s.Close(ctx)
		}
	}()
	if s.dir, err = os.MkdirTemp("", "everspan-shop-"); err != nil {
		return nil, err
	}
	if s.queue, err = startQueue(); err != nil {
		return nil, err
	}
	if opts.Fraud != "" {
		if err := s.startFraud(); err != nil {
			slog.New(s.terminal).Warn("the service in Node.js is left out", "error", err)
		}
	}
	return s, errors.Join(
		s.startTaxAPI(),
		s.start("gateway", opts.Listen, func(svc *service) error { s.gateway = newGateway(svc); return nil }),
		s.start("auth", "", func(svc *service) error { newAuth(svc, s.key); return nil }),
		s.start("inventory", "", func(svc *service) error { newInventory(svc); return nil }),
		s.start("pricing", "", func(svc *service) error {
			db, err := s.database(svc, pricingSchema)
			if err == nil {
				newPricing(svc, db)
			}
			return err
		}),
		s.start("orders", "", func(svc *service) error {
			db, err := s.database(svc, ordersSchema)
			if err != nil {
				return err
			}
			nc, err := s.connect(svc)
			if err == nil {
				newOrders(svc, db, nc, s.network)
			}
			return err
		}),
		s.start("cart", "", func(svc *service) error { newCart(svc); return nil }),
		s.start("notifications", "", func(svc *service) error {
			nc, err := s.connect(svc)
			if err == nil {
				s.notifications, err = newNotifications(svc, nc)
			}
			return err
		}),
	)
}

// start sets up one service and lets it answer at addr, or on a free port.
func (s *Shop) start(name, addr string, setUp func(*service) error) error {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	svc, err := newService(s, name)
	if err != nil {
		return err
	}
	s.services = append(s.services, svc)
	if err := setUp(svc); err != nil {
		return err
	}
	ln, err := s.network.listen(name, addr)
	if err != nil {
		return err
	}
	svc.serve(ln)
	return nil
}

func (s *Shop) startTaxAPI() error {
	s.tax = newTaxAPI(s.dice, s.opts.TaxScript)
	ln, err := s.network.listen(taxHost, "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.tax.serve(ln, slog.New(s.terminal).With("service", taxHost))
	return nil
}

func (s *Shop) database(svc *service, schema string) (*sql.DB, error) {
	db, err := openDatabase(s.ctx, svc, s.dir, schema)
	if err == nil {
		s.dbs = append(s.dbs, db)
	}
	return db, err
}

func (s *Shop) connect(svc *service) (*nats.Conn, error) {
	nc, err := connectQueue(s.queue.ClientURL(), svc.name)
	if err == nil {
		s.conns = append(s.conns, nc)
	}
	return nc, err
}

// URL is where the gateway answers.
func (s *Shop) URL() string { return "http://" + s.gateway.addr }

// Flush sends every span that has ended so far.
func (s *Shop) Flush(ctx context.Context) error {
	return s.each(func(svc *service) error { return svc.telemetry.Flush(ctx) })
}

// Close lets requests end, handles what is queued, sends the last spans and
// stops. The context bounds all of it.
func (s *Shop) Close(ctx context.Context) error {
	var errs []error
	for _, svc := range s.services {
		errs = append(errs, svc.server.Shutdown(ctx))
		svc.client.CloseIdleConnections()
	}
	if s.fraud != nil {
		errs = append(errs, s.fraud.stop(ctx))
	}
	if s.tax != nil {
		errs = append(errs, s.tax.server.Shutdown(ctx))
	}
	for _, nc := range s.conns {
		_ = nc.Flush()
	}
	for _, nc := range s.conns {
		nc.Close()
	}
	if s.notifications != nil {
		errs = append(errs, s.notifications.stop(ctx))
	}
	errs = append(errs, s.each(func(svc *service) error { return svc.telemetry.Shutdown(ctx) }))
	for _, db := range s.dbs {
		errs = append(errs, db.Close())
	}
	if s.queue != nil {
		s.queue.Shutdown()
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

func (s *Shop) each(f func(*service) error) error {
	errs := make([]error, len(s.services))
	var wg sync.WaitGroup
	for i, svc := range s.services {
		wg.Go(func() {
			if err := f(svc); err != nil {
				errs[i] = fmt.Errorf("%s: %w", svc.name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
