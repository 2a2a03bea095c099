package engine

import (
	"context"
	"errors"
)

var errSoon = errors.New("not built yet")

// Search finds traces, the newest first. Errors are those of the query and of ctx;
// what could not be read makes the answer partial.
func (e *Engine) Search(ctx context.Context, q Search) (*Found, error) { return nil, errSoon }

// Metrics computes time series from all spans that there are.
func (e *Engine) Metrics(ctx context.Context, q Metrics) (*SeriesSet, error) { return nil, errSoon }

// Names lists the names of attributes.
func (e *Engine) Names(ctx context.Context, q Names) (*NameSet, error) { return nil, errSoon }

// Values lists the distinct values of fields.
func (e *Engine) Values(ctx context.Context, q Values) (*ValueSet, error) { return nil, errSoon }

// Dependencies counts the calls from one service to another, by the spans of a callee whose
// parent is a span of another service.
func (e *Engine) Dependencies(ctx context.Context, in Range) (*DependencySet, error) {
	return nil, errSoon
}
