package api

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/span"
)

// next is the token of the page behind what was found, empty if there is none.
func (q *jaegerQuery) next(found *engine.Found) string {
	if !q.paged {
		return ""
	}
	return pageToken(found.Next)
}

// A page token is the place of the last trace of a page. It is for who made it: to
// others it is opaque.

func pageToken(c *engine.Cursor) string {
	if c == nil {
		return ""
	}
	return strconv.FormatInt(c.Start, 36) + "-" + c.TraceID.String()
}

func parsePageToken(token string) (*engine.Cursor, error) {
	if token == "" {
		return nil, nil
	}
	// The id is the last: a start may be negative.
	at := strings.LastIndexByte(token, '-')
	var c engine.Cursor
	var err error
	if at > 0 {
		c.Start, err = strconv.ParseInt(token[:at], 36, 64)
	}
	id, hexErr := hex.DecodeString(token[at+1:])
	if at <= 0 || err != nil || hexErr != nil || len(id) != len(c.TraceID) {
		return nil, badRequest{fmt.Errorf("page_token %.80q is not one of this server", token)}
	}
	c.TraceID = span.TraceID(id)
	return &c, nil
}
