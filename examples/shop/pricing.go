package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// pricing computes what a cart costs: list price, discounts from a table of
// rules, and the tax that an office outside asks for.
type pricing struct {
	*service
	db     *sql.DB
	prices map[string]int

	mu    sync.Mutex
	rates map[string]int // last known tax rate of a country, in percent
}

// A rule is a pattern, so no index helps and every rule is looked at. That is
// what makes the query take some 20 ms.
const pricingSchema = `
CREATE TABLE pricing_rules (id INTEGER PRIMARY KEY, pattern TEXT NOT NULL, plan TEXT NOT NULL, discount INTEGER NOT NULL);
INSERT INTO pricing_rules (pattern, plan, discount) VALUES ('tea-%', 'business', 10), ('%', 'business', 2), ('cup-%', 'standard', 5);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 45000)
INSERT INTO pricing_rules (pattern, plan, discount) SELECT 'season-' || i || '-%', 'standard', i % 30 FROM n;`

type priceRequest struct {
	Items   []item `json:"items"`
	Plan    string `json:"plan"`
	Country string `json:"country"`
}

// priceAnswer is in cents.
type priceAnswer struct {
	Net      int  `json:"net"`
	Tax      int  `json:"tax"`
	Total    int  `json:"total"`
	Estimate bool `json:"estimate,omitempty"` // the tax rate is an older one
}

func newPricing(svc *service, db *sql.DB) *pricing {
	p := &pricing{service: svc, db: db, prices: map[string]int{}, rates: map[string]int{}}
	for _, a := range catalogue {
		p.prices[a.SKU] = a.Price
	}
	p.handle("POST /price", "pricing.calculate", p.calculate)
	return p
}

func (p *pricing) calculate(ctx context.Context, r *http.Request) (any, error) {
	in, err := decode[priceRequest](r)
	if err != nil {
		return nil, err
	}
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(attribute.String("shop.country", in.Country), attribute.Int("shop.items", len(in.Items)))
	net := 0
	discounts, err := p.discounts(ctx, in.Items, in.Plan)
	if err != nil {
		return nil, err
	}
	for n, it := range in.Items {
		price, ok := p.prices[it.SKU]
		if !ok {
			return nil, failure(http.StatusNotFound, "%s has no price", it.SKU)
		}
		net += it.Quantity * price * (100 - discounts[n]) / 100
	}
	if err := pause(ctx, p.dice.around(12*time.Millisecond)); err != nil {
		return nil, err
	}
	percent, estimate, err := p.taxRate(ctx, in.Country)
	if err != nil {
		return nil, err
	}
	out := priceAnswer{Net: net, Tax: net * percent / 100, Estimate: estimate}
	out.Total = out.Net + out.Tax
	span.SetAttributes(attribute.Int("shop.total", out.Total), attribute.Bool("shop.tax.estimate", estimate))
	p.log.InfoContext(ctx, "cart priced", "country", in.Country, "total", out.Total)
	return out, nil
}

// discounts asks once for all items: the best discount of each, in percent.
func (p *pricing) discounts(ctx context.Context, items []item, plan string) ([]int, error) {
	// One scan of the rules, whatever the number of items.
	query := "SELECT "
	var args []any
	for n, it := range items {
		if n > 0 {
			query += ", "
		}
		query += "coalesce(max(CASE WHEN ? LIKE pattern THEN discount END), 0)"
		args = append(args, it.SKU)
	}
	if len(items) == 0 {
		return nil, nil
	}
	query += " FROM pricing_rules WHERE plan = ? OR plan = 'standard'"
	out := make([]int, len(items))
	into := make([]any, len(items))
	for n := range out {
		into[n] = &out[n]
	}
	if err := p.db.QueryRowContext(ctx, query, append(args, plan)...).Scan(into...); err != nil {
		return nil, fmt.Errorf("pricing rules: %w", err)
	}
	return out, nil
}

// taxRate asks the tax office. When that fails, the country's last known rate
// is used and the answer is marked as an estimate; without one there is no price.
func (p *pricing) taxRate(ctx context.Context, country string) (percent int, estimate bool, err error) {
	var answer taxAnswer
	err = p.do(ctx, call{
		to: taxHost, method: http.MethodGet, route: "/v1/rates/{country}", path: "/v1/rates/" + country,
		span: "external.taxApi", out: &answer,
		attrs: []attribute.KeyValue{attribute.String("peer.service", "tax-api"), attribute.String("shop.country", country)},
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.rates[country] = answer.Percent
		return answer.Percent, false, nil
	}
	if e, ok := errors.AsType[*httpError](err); ok && e.status < 500 {
		return 0, false, err
	}
	known, ok := p.rates[country]
	if !ok {
		return 0, false, failure(http.StatusServiceUnavailable, "no tax rate for %s: %w", country, err)
	}
	trace.SpanFromContext(ctx).AddEvent("tax.fallback", trace.WithAttributes(attribute.Int("shop.tax.percent", known)))
	p.log.WarnContext(ctx, "older tax rate used", "country", country, "error", err)
	return known, true, nil
}
