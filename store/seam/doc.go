// Package seam has the three interfaces that a store stands on: [KV] for small durable
// records, [Leases] for records that vanish with their holder, and [Blobs] for immutable
// bytes.
//
// It owns the contract between the store and a backend, with its errors and limits;
// package storetest holds every backend to it. A backend imports this package and nothing
// of the domain: it must not know what a key, a value or a blob stands for. Package store
// has the caveats about several processes.
package seam
