package api

import (
	"errors"
	"net/http"
	"strconv"

	"osslive/server/answer"
	"osslive/store"
)

// nextPosition is the header with the position of the next append.
const nextPosition = "x-oss-next-append-position"

// appendObject appends the body to an object. Metadata counts in the first append
// only (AppendObject page).
func (s *Server) appendObject(w http.ResponseWriter, r *request) error {
	position, ok := offset(r.query.Get("position"))
	if !ok {
		return answer.InvalidArgument("position", r.query.Get("position"), "", "The position is not a number of bytes.")
	}
	body, opt, err := incoming(r)
	if err != nil {
		return err
	}
	o, err := s.config.Store.AppendObject(r.Context(), newObject(r), position, body, opt)
	var elsewhere *store.PositionError
	if errors.As(err, &elsewhere) {
		setOwn(w.Header(), nextPosition, strconv.FormatInt(elsewhere.Length, 10))
	}
	if err != nil {
		return err
	}
	h := w.Header()
	setETag(h, o.ETag)
	setOwn(h, nextPosition, strconv.FormatInt(o.Size, 10))
	setCRC64(h, o)
	w.WriteHeader(http.StatusOK)
	return nil
}
