package main

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// gateway is the door of the shop: what a browser talks to.
type gateway struct{ *service }

type checkoutRequest struct {
	Country string `json:"country"`
}

func newGateway(svc *service) *gateway {
	g := &gateway{svc}
	g.handle("GET /products", "GET /products", g.products)
	g.handle("POST /cart/items", "POST /cart/items", g.addItem)
	g.handle("POST /checkout", "POST /checkout", g.checkout)
	return g
}

func (g *gateway) products(ctx context.Context, _ *http.Request) (any, error) {
	var out []product
	err := g.do(ctx, call{to: "inventory", method: http.MethodGet, route: "/products", out: &out})
	return out, err
}

func (g *gateway) addItem(ctx context.Context, r *http.Request) (any, error) {
	in, err := decode[item](r)
	if err != nil {
		return nil, err
	}
	who, err := g.user(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := g.available(ctx, []item{in}); err != nil {
		return nil, err
	}
	var out itemsRequest
	err = g.do(ctx, call{to: "cart", method: http.MethodPost, route: "/carts/{user}/items", path: "/carts/" + who.User + "/items", in: in, out: &out})
	return out, err
}

// checkout turns the user's cart into an order: who, what, is it there, what
// does it cost, write it down. One after the other, as each needs the last.
func (g *gateway) checkout(ctx context.Context, r *http.Request) (any, error) {
	in, err := decode[checkoutRequest](r)
	if err != nil {
		return nil, err
	}
	who, err := g.user(ctx, r)
	if err != nil {
		return nil, err
	}
	var cart itemsRequest
	if err := g.do(ctx, call{to: "cart", method: http.MethodGet, route: "/carts/{user}", path: "/carts/" + who.User, out: &cart}); err != nil {
		return nil, err
	}
	if len(cart.Items) == 0 {
		return nil, failure(http.StatusConflict, "the cart is empty")
	}
	if err := g.available(ctx, cart.Items); err != nil {
		return nil, err
	}
	var price priceAnswer
	if err := g.do(ctx, call{to: "pricing", method: http.MethodPost, route: "/price", in: priceRequest{cart.Items, who.Plan, in.Country}, out: &price}); err != nil {
		return nil, err
	}
	var placed order
	if err := g.do(ctx, call{to: "orders", method: http.MethodPost, route: "/orders", in: order{User: who.User, Items: cart.Items, Total: price.Total}, out: &placed}); err != nil {
		return nil, err
	}
	trace.SpanFromContext(ctx).SetAttributes(attribute.String("shop.order.id", placed.ID), attribute.Int("shop.total", placed.Total))
	g.log.InfoContext(ctx, "checked out", "user", who.User, "order", placed.ID)
	return placed, nil
}

func (g *gateway) user(ctx context.Context, r *http.Request) (tokenAnswer, error) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	var who tokenAnswer
	err := g.do(ctx, call{to: "auth", method: http.MethodPost, route: "/token/validate", in: tokenRequest{token}, out: &who})
	if err == nil {
		trace.SpanFromContext(ctx).SetAttributes(attribute.String("user.id", who.User))
	}
	return who, err
}

func (g *gateway) available(ctx context.Context, items []item) error {
	return g.do(ctx, call{to: "inventory", method: http.MethodPost, route: "/availability", in: itemsRequest{items}})
}
