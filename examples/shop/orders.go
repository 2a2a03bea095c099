package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/everspan/everspan/instrument"
	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// orders writes an order down, empties the cart and tells the rest of the
// house through the queue.
type orders struct {
	*service
	db      *sql.DB
	queue   *nats.Conn
	network *network
}

const ordersSchema = `
CREATE TABLE orders (id TEXT PRIMARY KEY, user TEXT NOT NULL, total INTEGER NOT NULL, placed INTEGER NOT NULL);
CREATE TABLE order_lines (order_id TEXT NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL);`

// order is in cents.
type order struct {
	ID    string `json:"id"`
	User  string `json:"user"`
	Items []item `json:"items"`
	Total int    `json:"total"`
}

func newOrders(svc *service, db *sql.DB, queue *nats.Conn, n *network) *orders {
	o := &orders{svc, db, queue, n}
	o.handle("POST /orders", "orders.place", o.place)
	return o
}

func (o *orders) place(ctx context.Context, r *http.Request) (any, error) {
	in, err := decode[order](r)
	if err != nil {
		return nil, err
	}
	in.ID = "order-" + rand.Text()[:10]
	trace.SpanFromContext(ctx).SetAttributes(attribute.String("shop.order.id", in.ID), attribute.Int("shop.total", in.Total))
	if err := o.assess(ctx, in); err != nil {
		return nil, err
	}
	if err := instrument.Do(ctx, "order.write", func(ctx context.Context) error { return o.write(ctx, in) }); err != nil {
		return nil, err
	}
	if err := o.do(ctx, call{to: "cart", method: http.MethodDelete, route: "/carts/{user}", path: "/carts/" + in.User}); err != nil {
		return nil, err
	}
	if err := o.announce(ctx, in); err != nil {
		// The order stands; only its mail is missing.
		o.log.ErrorContext(ctx, "order not announced", "order", in.ID, "error", err)
	}
	o.log.InfoContext(ctx, "order placed", "order", in.ID, "total", in.Total)
	return in, nil
}

func (o *orders) write(ctx context.Context, in order) error {
	tx, err := o.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if _, err := tx.ExecContext(ctx, "INSERT INTO orders (id, user, total, placed) VALUES (?, ?, ?, ?)",
		in.ID, in.User, in.Total, time.Now().Unix()); err != nil {
		return fmt.Errorf("insert order: %w", err)
	}
	for _, it := range in.Items {
		if _, err := tx.ExecContext(ctx, "INSERT INTO order_lines (order_id, sku, quantity) VALUES (?, ?, ?)",
			in.ID, it.SKU, it.Quantity); err != nil {
			return fmt.Errorf("insert line: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	// The copy in the other data centre, waited for.
	return pause(ctx, o.dice.around(195*time.Millisecond))
}

// announce publishes order.placed. The message carries this span's context, so
// whoever reads it can continue the trace.
func (o *orders) announce(ctx context.Context, in order) error {
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	msg := &nats.Msg{Subject: orderPlaced, Data: data, Header: nats.Header{}}
	msg.Header.Set(nats.MsgIdHdr, in.ID)
	return instrument.Send(ctx, describe(msg), func(context.Context) error { return o.queue.PublishMsg(msg) })
}
