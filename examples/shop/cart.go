package main

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// cart keeps what each user has chosen.
type cart struct {
	*service
	mu    sync.Mutex
	items map[string][]item
}

// maxLines bounds a cart.
const maxLines = 20

func newCart(svc *service) *cart {
	c := &cart{service: svc, items: map[string][]item{}}
	// Everyone left something in the cart last time.
	for n, user := range users {
		c.items[user] = []item{{catalogue[n%4].SKU, 1}, {catalogue[(n+1)%4].SKU, 2}}
	}
	c.handle("GET /carts/{user}", "cart.load", c.load)
	c.handle("POST /carts/{user}/items", "cart.addItem", c.add)
	c.handle("DELETE /carts/{user}", "cart.clear", c.clear)
	return c
}

func (c *cart) load(ctx context.Context, r *http.Request) (any, error) {
	if err := pause(ctx, c.dice.around(88*time.Millisecond)); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return itemsRequest{slices.Clone(c.items[r.PathValue("user")])}, nil
}

func (c *cart) add(ctx context.Context, r *http.Request) (any, error) {
	in, err := decode[item](r)
	if err != nil {
		return nil, err
	}
	if err := pause(ctx, c.dice.around(18*time.Millisecond)); err != nil {
		return nil, err
	}
	user := r.PathValue("user")
	c.mu.Lock()
	defer c.mu.Unlock()
	for n, it := range c.items[user] {
		if it.SKU == in.SKU {
			c.items[user][n].Quantity = min(it.Quantity+in.Quantity, 9)
			return itemsRequest{slices.Clone(c.items[user])}, nil
		}
	}
	if len(c.items[user]) == maxLines {
		return nil, failure(http.StatusConflict, "the cart is full")
	}
	c.items[user] = append(c.items[user], in)
	return itemsRequest{slices.Clone(c.items[user])}, nil
}

func (c *cart) clear(ctx context.Context, r *http.Request) (any, error) {
	if err := pause(ctx, c.dice.around(8*time.Millisecond)); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.items, r.PathValue("user"))
	return struct{}{}, nil
}
