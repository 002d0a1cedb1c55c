package boltkv

import (
	"errors"
	"io/fs"

	"osslive/store/internal/datadir"
)

// isFull tells whether a transaction failed because the disk has no room for its
// pages. A sync that fails for want of room is another matter: the kernel may have
// dropped pages that were written.
func isFull(err error) bool {
	var pathErr *fs.PathError
	return errors.As(err, &pathErr) && pathErr.Op != "sync" && datadir.NoSpace(err)
}
