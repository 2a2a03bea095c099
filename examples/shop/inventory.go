package main

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// product is one article of the shop. Prices are in cents, before tax.
type product struct {
	SKU   string `json:"sku"`
	Name  string `json:"name"`
	Price int    `json:"price"`
	Stock int    `json:"stock"`
}

var catalogue = []product{
	{"tea-earl-grey", "Earl Grey, 100 g", 890, 500},
	{"tea-sencha", "Sencha, 100 g", 1290, 500},
	{"cup-porcelain", "Cup, porcelain", 1900, 120},
	{"pot-cast-iron", "Teapot, cast iron", 7900, 40},
	{"kettle", "Kettle, 1.2 l", 5400, 60},
	{"pot-antique", "Teapot, antique", 48000, 0},
}

// item is a line of a cart or an order.
type item struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// inventory knows what there is. Stock is refilled from an endless cellar, so
// that the demo can run for days; only the antique is never there.
type inventory struct {
	*service
	stock map[string]int
}

type itemsRequest struct {
	Items []item `json:"items"`
}

func newInventory(svc *service) *inventory {
	i := &inventory{svc, map[string]int{}}
	for _, p := range catalogue {
		i.stock[p.SKU] = p.Stock
	}
	i.handle("GET /products", "listProducts", i.list)
	i.handle("POST /availability", "checkAvailability", i.check)
	return i
}

func (i *inventory) list(ctx context.Context, _ *http.Request) (any, error) {
	if err := pause(ctx, i.dice.around(15*time.Millisecond)); err != nil {
		return nil, err
	}
	return catalogue, nil
}

func (i *inventory) check(ctx context.Context, r *http.Request) (any, error) {
	in, err := decode[itemsRequest](r)
	if err != nil {
		return nil, err
	}
	trace.SpanFromContext(ctx).SetAttributes(attribute.Int("shop.items", len(in.Items)))
	// The warehouse is asked once, whatever the number of items.
	if err := pause(ctx, i.dice.around(178*time.Millisecond)); err != nil {
		return nil, err
	}
	for _, it := range in.Items {
		have, known := i.stock[it.SKU]
		switch {
		case !known:
			return nil, failure(http.StatusNotFound, "%s is not in the catalogue", it.SKU)
		case it.Quantity < 1:
			return nil, failure(http.StatusBadRequest, "%s: quantity %d", it.SKU, it.Quantity)
		case it.Quantity > have:
			return nil, failure(http.StatusConflict, "%s is out of stock: %d wanted, %d left", it.SKU, it.Quantity, have)
		}
	}
	return struct{}{}, nil
}
