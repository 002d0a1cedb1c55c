package seam

import "context"

// Bounds of one Commit, which storetest checks with every backend. They are below the
// defaults of etcd (128 operations, 1.5 MiB), so that a Commit that fits here fits there.
const (
	MaxOps         = 64
	MaxCommitBytes = 1 << 20
)

// Record is a stored value and the revision of the commit that last wrote it.
type Record struct {
	Key   string
	Value []byte // shared: not to be changed
	Rev   uint64 // > 0
}

// KV stores small records. Commit applies all its ops or none; when it returns
// nil the change is durable. It fails with ErrConflict if any record is not at
// the revision its op expects, and nothing has changed then.
//
// All methods are safe for concurrent use.
type KV interface {
	// Get returns ErrNotFound for a key without a record.
	Get(ctx context.Context, key string) (Record, error)
	// List returns at most limit records whose keys begin with prefix and are
	// greater than after, in ascending byte order. An empty after starts at
	// the prefix.
	List(ctx context.Context, prefix, after string, limit int) ([]Record, error)
	Commit(ctx context.Context, ops ...Op) error
}

// OpKind is what an Op does to its record.
type OpKind uint8

// Kinds of operations.
const (
	OpPut    OpKind = iota // writes Value
	OpDelete               // removes the record; a missing one is no error
	OpCheck                // checks Expect and changes nothing
)

// Op is one step of a Commit.
type Op struct {
	Kind   OpKind
	Key    string
	Value  []byte // of OpPut; must not change until Commit returns
	Expect Expect
}

// Expect is a condition on a record under which its Op applies. The zero value is Any.
type Expect struct {
	kind expectKind
	rev  uint64
}

type expectKind uint8

const (
	expectAny expectKind = iota
	expectAbsent
	expectRev
)

var (
	// Any expects nothing.
	Any = Expect{}
	// Absent expects no record.
	Absent = Expect{kind: expectAbsent}
)

// AtRev expects the record to exist at exactly the given revision.
func AtRev(rev uint64) Expect { return Expect{kind: expectRev, rev: rev} }

// Holds reports whether a record at rev meets the expectation; rev 0 stands for no record.
// Backends call it.
func (e Expect) Holds(rev uint64) bool {
	switch e.kind {
	case expectAbsent:
		return rev == 0
	case expectRev:
		return rev == e.rev
	}
	return true
}

// Put returns an Op that writes a record. The value must not change until Commit returns.
func Put(key string, value []byte, e Expect) Op {
	return Op{Kind: OpPut, Key: key, Value: value, Expect: e}
}

// Delete returns an Op that removes a record. It is no error if there is none and e allows
// that.
func Delete(key string, e Expect) Op { return Op{Kind: OpDelete, Key: key, Expect: e} }

// Check returns an Op that changes nothing; the Commit fails if the record does not meet e.
func Check(key string, e Expect) Op { return Op{Kind: OpCheck, Key: key, Expect: e} }
