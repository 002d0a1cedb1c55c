package boltkv

import (
	"errors"
	"io/fs"

	"osslive/store/internal/datadir"
)

// isFull reports whether a transaction failed because the disk has no room for its pages. A
// sync that fails for want of room does not count: the kernel may have dropped written pages.
func isFull(err error) bool {
	var pathErr *fs.PathError
	return errors.As(err, &pathErr) && pathErr.Op != "sync" && datadir.NoSpace(err)
}
