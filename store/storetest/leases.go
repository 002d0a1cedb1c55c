package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"osslive/store/seam"
)

// long is a TTL that no test outlives.
const long = time.Hour

// TestLeases tests a seam.Leases; open returns one without a lease.
func TestLeases(t *testing.T, open func(t *testing.T) seam.Leases) {
	for name, test := range map[string]func(*testing.T, seam.Leases){
		"Claim":     testLeasesClaim,
		"Renew":     testLeasesRenew,
		"Lapse":     testLeasesLapse,
		"Successor": testLeasesSuccessor,
		"Copies":    testLeasesCopies,
		"Cancelled": testLeasesCancelled,
		"OneHolder": testLeasesOneHolder,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func testLeasesClaim(t *testing.T, l seam.Leases) {
	ctx := t.Context()
	if _, err := l.Get(ctx, "k"); err != seam.ErrNotFound {
		t.Fatalf("Get of nothing: got %v, want ErrNotFound", err)
	}
	lease := claim(t, l, "k", "mine", long)
	if _, err := l.Claim(ctx, "k", []byte("yours"), long); err != seam.ErrConflict {
		t.Errorf("second claim: got %v, want ErrConflict", err)
	}
	wantLease(t, l, "k", "mine")
	claim(t, l, "other", "", long)
	for range 2 { // again: nothing
		if err := lease.Release(ctx); err != nil {
			t.Errorf("Release: %v", err)
		}
	}
	if _, err := l.Get(ctx, "k"); err != seam.ErrNotFound {
		t.Errorf("Get after release: got %v, want ErrNotFound", err)
	}
	if err := lease.Renew(ctx, nil); err != seam.ErrNotFound {
		t.Errorf("Renew after release: got %v, want ErrNotFound", err)
	}
	claim(t, l, "k", "yours", long)
	wantLease(t, l, "k", "yours")
}

func testLeasesRenew(t *testing.T, l seam.Leases) {
	const ttl = 150 * time.Millisecond
	lease := claim(t, l, "k", "0", ttl)
	// Renewed often, it outlives its TTL several times over.
	begin, value := time.Now(), byte('0')
	for time.Since(begin) < 3*ttl {
		value ^= 1
		asked := time.Now()
		if err := lease.Renew(t.Context(), []byte{value}); err != nil {
			t.Fatalf("Renew: %v", err)
		}
		got, err := l.Get(t.Context(), "k")
		if time.Since(asked) > ttl/2 {
			t.Skip("machine too slow to keep a lease")
		}
		if err != nil || string(got) != string([]byte{value}) {
			t.Fatalf("Get: got %q, %v, want %q", got, err, value)
		}
	}
}

func testLeasesLapse(t *testing.T, l seam.Leases) {
	const ttl = 50 * time.Millisecond
	claimed := time.Now()
	lease := claim(t, l, "k", "v", ttl)
	waitLapsed(t, l, "k")
	if held := time.Since(claimed); held < ttl {
		t.Errorf("lease lapsed after %v, want at least %v", held, ttl)
	}
	if err := lease.Renew(t.Context(), nil); err != seam.ErrNotFound {
		t.Errorf("Renew: got %v, want ErrNotFound", err)
	}
}

// testLeasesSuccessor: a holder that has lost its lease cannot change the next holder's.
func testLeasesSuccessor(t *testing.T, l seam.Leases) {
	old := claim(t, l, "k", "old", 20*time.Millisecond)
	waitLapsed(t, l, "k")
	lease := claim(t, l, "k", "new", long)
	if err := old.Renew(t.Context(), []byte("old")); err != seam.ErrNotFound {
		t.Errorf("Renew: got %v, want ErrNotFound", err)
	}
	if err := old.Release(t.Context()); err != nil {
		t.Errorf("Release: %v", err)
	}
	wantLease(t, l, "k", "new")
	if err := lease.Renew(t.Context(), []byte("newer")); err != nil {
		t.Errorf("the new holder's Renew: %v", err)
	}
}

func testLeasesCopies(t *testing.T, l seam.Leases) {
	value := []byte("value")
	if _, err := l.Claim(t.Context(), "k", value, long); err != nil {
		t.Fatal(err)
	}
	value[0] = 'X'
	got, err := l.Get(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	got[1] = 'X'
	wantLease(t, l, "k", "value")
}

func testLeasesCancelled(t *testing.T, l seam.Leases) {
	lease := claim(t, l, "k", "v", long)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, claimErr := l.Claim(ctx, "other", nil, long)
	_, getErr := l.Get(ctx, "k")
	for name, err := range map[string]error{
		"Claim": claimErr, "Get": getErr, "Renew": lease.Renew(ctx, nil),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want Canceled", name, err)
		}
	}
}

func testLeasesOneHolder(t *testing.T, l seam.Leases) {
	for range 100 {
		var mu sync.Mutex
		var held []seam.Lease
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				lease, err := l.Claim(t.Context(), "k", nil, long)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					held = append(held, lease)
				} else if err != seam.ErrConflict {
					t.Errorf("Claim: got %v, want ErrConflict", err)
				}
			})
		}
		wg.Wait()
		if len(held) != 1 {
			t.Fatalf("holders: got %d, want 1", len(held))
		}
		if err := held[0].Release(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func claim(t *testing.T, l seam.Leases, key, value string, ttl time.Duration) seam.Lease {
	t.Helper()
	lease, err := l.Claim(t.Context(), key, []byte(value), ttl)
	if err != nil {
		t.Fatalf("Claim(%q): %v", key, err)
	}
	return lease
}

func wantLease(t *testing.T, l seam.Leases, key, want string) {
	t.Helper()
	if got, err := l.Get(t.Context(), key); err != nil || string(got) != want {
		t.Errorf("Get(%q): got %q, %v, want %q", key, got, err, want)
	}
}

// waitLapsed waits until the lease is gone, for at most ten seconds.
func waitLapsed(t *testing.T, l seam.Leases, key string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		_, err := l.Get(ctx, key)
		if err == seam.ErrNotFound {
			return
		}
		if err != nil {
			t.Fatalf("waiting for the lease to lapse: %v", err)
		}
		<-tick.C
	}
}
