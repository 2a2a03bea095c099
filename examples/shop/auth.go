package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// auth says whose token it is. A token is "user.signature".
type auth struct {
	*service
	key []byte
}

type tokenRequest struct {
	Token string `json:"token"`
}

type tokenAnswer struct {
	User string `json:"user"`
	Plan string `json:"plan"`
}

func newAuth(svc *service, key []byte) *auth {
	a := &auth{svc, key}
	a.handle("POST /token/validate", "validateToken", a.validate)
	return a
}

func (a *auth) validate(ctx context.Context, r *http.Request) (any, error) {
	in, err := decode[tokenRequest](r)
	if err != nil {
		return nil, err
	}
	// The session store.
	if err := pause(ctx, a.dice.around(11*time.Millisecond)); err != nil {
		return nil, err
	}
	user, signature, _ := strings.Cut(in.Token, ".")
	if !hmac.Equal([]byte(signature), []byte(sign(a.key, user))) {
		return nil, failure(http.StatusUnauthorized, "token is not valid")
	}
	plan := "standard"
	if user == "ada" {
		plan = "business"
	}
	trace.SpanFromContext(ctx).SetAttributes(attribute.String("user.id", user), attribute.String("shop.plan", plan))
	return tokenAnswer{user, plan}, nil
}

// newToken is what a sign-in would have given the user.
func newToken(key []byte, user string) string {
	return user + "." + sign(key, user)
}

func sign(key []byte, user string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(user))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
