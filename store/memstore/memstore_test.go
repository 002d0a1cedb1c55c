package memstore_test

import (
	"testing"

	"osslive/store/memstore"
	"osslive/store/seam"
	"osslive/store/storetest"
)

func TestKV(t *testing.T) {
	storetest.TestKV(t, func(*testing.T) seam.KV { return memstore.NewKV() })
}

func TestLeases(t *testing.T) {
	storetest.TestLeases(t, func(*testing.T) seam.Leases { return memstore.NewLeases() })
}

func TestBlobs(t *testing.T) {
	storetest.TestBlobs(t, func(*testing.T) seam.Blobs { return memstore.NewBlobs() })
}
