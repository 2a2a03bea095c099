package api

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/everspan/everspan/internal/engine"
)

// uiDependencies answers with the calls between services.
func (s *Server) uiDependencies(w http.ResponseWriter, r *http.Request) {
	v := r.URL.Query()
	in, err := lookback(v, 24*time.Hour)
	if err != nil {
		s.uiFail(w, r, err)
		return
	}
	in.To += 1e6 // the last ms counts
	found, err := s.Engine.Dependencies(r.Context(), in)
	if err != nil {
		s.uiFail(w, r, err)
		return
	}
	type link struct {
		Parent string `json:"parent"`
		Child  string `json:"child"`
		Calls  int    `json:"callCount"`
	}
	links := []link{}
	for _, d := range found.Dependencies {
		if of := v.Get("service"); of == "" || of == d.Parent || of == d.Child {
			links = append(links, link{d.Parent, d.Child, d.Calls})
		}
	}
	uiAnswer(w, links, len(links), found.Partial)
}

// lookback reads endTs and lookback, in ms.
func lookback(v url.Values, otherwise time.Duration) (engine.Range, error) {
	end, err := whole(v, "endTs", time.Now().UnixMilli(), 1<<43)
	if err != nil {
		return engine.Range{}, err
	}
	back, err := whole(v, "lookback", otherwise.Milliseconds(), 1<<43)
	if err != nil {
		return engine.Range{}, err
	}
	if back == 0 || end == 0 {
		return engine.Range{}, badRequest{errors.New("the time between endTs-lookback and endTs is empty")}
	}
	return engine.Range{From: max(end-back, 0) * 1e6, To: end * 1e6}, nil
}
