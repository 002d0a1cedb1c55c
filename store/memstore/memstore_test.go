package memstore_test

import (
	"testing"

	"osslive/store"
	"osslive/store/memstore"
	"osslive/store/storetest"
)

func TestKV(t *testing.T) {
	storetest.TestKV(t, func(*testing.T) store.KV { return memstore.NewKV() })
}

func TestLeases(t *testing.T) {
	storetest.TestLeases(t, func(*testing.T) store.Leases { return memstore.NewLeases() })
}

func TestBlobs(t *testing.T) {
	storetest.TestBlobs(t, func(*testing.T) store.Blobs { return memstore.NewBlobs() })
}
