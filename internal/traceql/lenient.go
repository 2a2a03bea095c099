package traceql

// ParseLenient reads what an editor has so far, like { span.http.route = "/x" &&
// resource. , and returns the conditions in it that are complete, as one filter. It
// never fails; at worst it returns { }.
//
// The filter it looks at is the one being written: the one that is not closed, or
// else the only one of the text. With several filters and none of them open the
// result is { }, since a span need not match them all.
//
// The result never excludes more than the complete conditions that are joined by &&
// there, also within brackets. A condition is complete if it is a comparison, or
// made of such by ! && and ||; an attribute alone is not, since it may become
// anything. Of an || with a broken part nothing is left. That the last value may
// go on, as 1 does in 10, and that an || may follow, cannot be seen.
func ParseLenient(text string) *Filter {
	if len(text) > MaxLength {
		return &Filter{}
	}
	body, pos, ok := openFilter(lex(text))
	f := &Filter{Pos: pos}
	if ok {
		f.Expr = salvage(body, 0)
	}
	return f
}

// openFilter returns the tokens within the braces of the filter being written.
func openFilter(tokens []token) (body []token, pos Pos, ok bool) {
	filters, open := 0, -1
	for i, t := range tokens {
		switch {
		case t.kind == tokOp && t.text == "{":
			open = i
			filters++
		case t.kind == tokOp && t.text == "}" && open >= 0:
			body, pos = tokens[open+1:i], Pos{tokens[open].From, t.To}
			open = -1
		}
	}
	if open >= 0 {
		return tokens[open+1:], Pos{tokens[open].From, tokens[len(tokens)-1].To}, true
	}
	return body, pos, filters == 1
}

// salvage returns the complete conditions of some tokens; nil if there are none.
func salvage(tokens []token, depth int) FieldExpr {
	if len(tokens) == 0 || depth > MaxDepth {
		return nil
	}
	if e := tryField(tokens); e != nil {
		return prune(e)
	}
	parts, ok := split(tokens)
	if !ok {
		return nil
	}
	if len(parts) == 1 {
		// Only in brackets may there be something whole within what is broken.
		if tokens[0].kind != tokOp || tokens[0].text != "(" {
			return nil
		}
		switch closing(tokens) {
		case -1:
			return salvage(tokens[1:], depth+1)
		case len(tokens) - 1:
			return salvage(tokens[1:len(tokens)-1], depth+1)
		}
		return nil
	}
	var all FieldExpr
	for _, part := range parts {
		all = and(all, salvage(part, depth+1))
	}
	return all
}

// tryField parses tokens as one condition; nil if they are none.
func tryField(tokens []token) (e FieldExpr) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(*Error); !ok {
				panic(r)
			}
			e = nil
		}
	}()
	end := tokens[len(tokens)-1].To
	p := &parser{tokens: tokens, end: token{Pos: Pos{end, end}}}
	e = p.field(precOr)
	if p.tok().kind != tokEnd {
		return nil
	}
	checkFilter(&Filter{Expr: e})
	return e
}

// split cuts tokens at the && outside of brackets; false if there is an || outside.
func split(tokens []token) (parts [][]token, ok bool) {
	depth, start := 0, 0
	for i, t := range tokens {
		if t.kind != tokOp {
			continue
		}
		switch t.text {
		case "(":
			depth++
		case ")":
			depth--
		case "||":
			if depth <= 0 {
				return nil, false
			}
		case "&&":
			if depth <= 0 {
				parts = append(parts, tokens[start:i])
				start = i + 1
			}
		}
	}
	return append(parts, tokens[start:]), true
}

// closing returns the index of the bracket that closes the first one, -1 if none does.
func closing(tokens []token) int {
	depth := 0
	for i, t := range tokens {
		if t.kind == tokOp && t.text == "(" {
			depth++
		}
		if t.kind == tokOp && t.text == ")" {
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// prune leaves of a whole condition what is surely complete; nil if nothing is.
func prune(e FieldExpr) FieldExpr {
	if b, ok := e.(*Binary); ok && b.Op == OpAnd {
		return and(prune(b.L), prune(b.R))
	}
	if complete(e) {
		return e
	}
	return nil
}

func complete(e FieldExpr) bool {
	switch e := e.(type) {
	case *Unary:
		return e.Op == OpNot && complete(e.X)
	case *Binary:
		if e.Op == OpAnd || e.Op == OpOr {
			return complete(e.L) && complete(e.R)
		}
		return !e.Op.Arithmetic()
	}
	return false
}

// and joins two conditions, of which any may be nil.
func and(l, r FieldExpr) FieldExpr {
	switch {
	case l == nil:
		return r
	case r == nil:
		return l
	}
	return &Binary{Pos: Pos{l.Position().From, r.Position().To}, Op: OpAnd, L: l, R: r}
}
