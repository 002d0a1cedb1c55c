package server

import (
	"context"
	"path/filepath"
	"time"

	"osslive/store"
	"osslive/store/boltkv"
	"osslive/store/fileblobs"
	"osslive/store/memstore"
)

// openStore opens the backends that the configuration names and brings the
// store to order after whatever ended the last run.
func (n *Node) openStore(ctx context.Context, c *Config) error {
	config := store.Config{Leases: memstore.NewLeases(), Now: time.Now}
	if c.Data == Memory {
		config.KV, config.Blobs = memstore.NewKV(), memstore.NewBlobs()
	} else {
		kv, err := boltkv.Open(filepath.Join(c.Data, "records.db"), boltkv.Options{})
		if err != nil {
			return dataError(c.Data, err)
		}
		n.closers = append(n.closers, kv.Close)
		blobs, err := fileblobs.Open(filepath.Join(c.Data, "blobs"), fileblobs.Options{Relaxed: c.Relaxed})
		if err != nil {
			return dataError(c.Data, err)
		}
		n.closers = append([]func() error{blobs.Close}, n.closers...)
		config.KV, config.Blobs = kv, blobs
		n.disk = blobs
		n.ready.checks = append(n.ready.checks,
			func(context.Context) error { return kv.Err() },
			func(context.Context) error { return blobs.Check() })
	}
	n.store = store.New(config)
	n.ready.checks = append(n.ready.checks, func(ctx context.Context) error {
		_, err := n.store.Buckets(ctx, "", "", 1)
		return err
	})
	began := time.Now()
	report, err := n.store.Recover(ctx)
	if err != nil {
		return dataError(c.Data, err)
	}
	n.log.Info("store ready", "data", c.Data, "took", time.Since(began), "report", report)
	return nil
}

// dataError names the setting; what the backends say has path, user and fix.
func dataError(dir string, err error) error {
	return &ConfigError{"--data", dir, err.Error()}
}
