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

// openStore opens the configured backends and recovers the store from whatever ended
// the last run.
func (s *Server) openStore(ctx context.Context, c *Config) error {
	config := store.Config{Now: c.Now}
	switch {
	case c.Backends != nil:
		config.KV, config.Leases, config.Blobs = c.Backends.KV, c.Backends.Leases, c.Backends.Blobs
	case c.Data == Memory:
		config.KV, config.Leases, config.Blobs = memstore.NewKV(), memstore.NewLeases(), memstore.NewBlobs()
	default:
		kv, err := boltkv.Open(filepath.Join(c.Data, "records.db"), boltkv.Options{})
		if err != nil {
			return dataError(c.Data, err)
		}
		s.closers = append(s.closers, kv.Close)
		blobs, err := fileblobs.Open(filepath.Join(c.Data, "blobs"), fileblobs.Options{Relaxed: c.Durability == "relaxed"})
		if err != nil {
			return dataError(c.Data, err)
		}
		s.closers = append([]func() error{blobs.Close}, s.closers...)
		config.KV, config.Leases, config.Blobs = kv, memstore.NewLeases(), blobs
		s.disk = blobs
		s.ready.checks = append(s.ready.checks,
			func(context.Context) error { return kv.Err() },
			func(context.Context) error { return blobs.Check() })
	}
	s.store = store.New(config)
	s.ready.checks = append(s.ready.checks, func(ctx context.Context) error {
		_, err := s.store.Buckets(ctx, "", "", 1)
		return err
	})
	began := time.Now()
	report, err := s.store.Recover(ctx)
	if err != nil {
		return dataError(c.Data, err)
	}
	s.log.Info("store ready", "data", c.Data, "took", time.Since(began), "report", report)
	return nil
}

// dataError names the setting. The error of a backend has the path, the user and the fix.
func dataError(dir string, err error) error {
	return configError("--data", dir, err.Error())
}
