package span

// TraceIDs numbers distinct trace ids 0, 1, 2 … in order of first appearance. It
// is what [Dict] is for values of 16 bytes, with less to follow.
type TraceIDs struct {
	ids   []TraceID
	table slots
	last  uint32 // the code given last
}

// Len is the number of distinct ids.
func (t *TraceIDs) Len() int { return len(t.ids) }

// Bytes returns id code; it must not be changed and is valid until Reset.
func (t *TraceIDs) Bytes(code uint32) []byte { return t.ids[code][:] }

// Size is the memory in use, in bytes; the table is taken as half full.
func (t *TraceIDs) Size() int { return (16 + 16) * len(t.ids) }

// Reset forgets all ids and keeps the memory.
func (t *TraceIDs) Reset() {
	t.ids, t.last = t.ids[:0], 0
	clear(t.table)
}

// Code returns the number of an id, which is added if it is new.
func (t *TraceIDs) Code(id TraceID) uint32 {
	if int(t.last) < len(t.ids) && t.ids[t.last] == id {
		return t.last
	}
	if t.table.full(len(t.ids)) {
		t.table = t.table.grown()
	}
	code, at := t.find(&id)
	if t.table[at] == 0 {
		t.ids = append(t.ids, id)
		t.table[at] = uint64(hashID(&id))<<32 | uint64(code+1)
	}
	t.last = code
	return code
}

// Find returns the code of an id, or false if it was never added.
func (t *TraceIDs) Find(id TraceID) (uint32, bool) {
	if len(t.table) == 0 {
		return 0, false
	}
	code, at := t.find(&id)
	return code, t.table[at] != 0
}

// find returns an id's code and slot, or of a new one those that it would get.
func (t *TraceIDs) find(id *TraceID) (code, at uint32) {
	h := hashID(id)
	mask := uint32(len(t.table) - 1)
	for at = h & mask; t.table[at] != 0; at = (at + 1) & mask {
		slot := t.table[at]
		if code := uint32(slot) - 1; uint32(slot>>32) == h && t.ids[code] == *id {
			return code, at
		}
	}
	return uint32(len(t.ids)), at
}
