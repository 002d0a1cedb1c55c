package store_test

import (
	"errors"
	"strings"
	"testing"

	"osslive/store"
)

// uploadScript uploads in parts and appends, going on after errors.
func (j *journal) uploadScript(t *testing.T, e *env) {
	j.multipart(t, e, "multi", large("1"), "2", "3")
	j.multipart(t, e, "multi", "4", large("5"))
	j.multipart(t, e, "single", large("6"))
	for _, piece := range []string{"a", strings.Repeat("b", 1<<20), "c", large("d")} {
		j.append(t, e, "log", piece)
	}
	// Given up, with parts.
	if u, ok := j.begin(t, e, "given up"); ok {
		for number := range 3 {
			j.part(t, e, u, number+1, large("7"))
		}
		j.end(u, e.AbortUpload(t.Context(), u))
	}
	j.set("multi", "", e.DeleteObject(t.Context(), "demo", "multi"))
	e.Collect(t.Context())
}

// upload is what the user knows of one.
type upload struct {
	parts  map[int]int64 // sizes of those acknowledged
	ending bool          // may have been completed or aborted
}

func (j *journal) begin(t *testing.T, e *env, key string) (store.Upload, bool) {
	j.maybeUploads++
	u, err := e.CreateUpload(t.Context(), store.Object{Bucket: "demo", Key: key}, store.PutOptions{})
	if err != nil {
		return store.Upload{}, false
	}
	if j.uploads == nil {
		j.uploads = map[store.Upload]*upload{}
	}
	j.uploads[u] = &upload{parts: map[int]int64{}}
	return u, true
}

func (j *journal) part(t *testing.T, e *env, u store.Upload, number int, body string) error {
	p, err := e.PutPart(t.Context(), u, number, strings.NewReader(body), store.PutOptions{Length: -1})
	delete(j.uploads[u].parts, number) // one or the other
	if err == nil {
		j.uploads[u].parts[number] = p.Size
	}
	return err
}

func (j *journal) end(u store.Upload, err error) {
	j.uploads[u].ending = true
	if err == nil {
		delete(j.uploads, u)
		j.maybeUploads--
	}
}

// checkUploads: no upload comes from nowhere, and no part is lost.
func (j *journal) checkUploads(t *testing.T, e *env) {
	t.Helper()
	l, err := e.Uploads(t.Context(), "demo", store.ListQuery{})
	if err != nil || len(l.Items) > j.maybeUploads {
		t.Errorf("uploads: got %v, %v, want at most %d", l.Items, err, j.maybeUploads)
	}
	for u, want := range j.uploads {
		page, err := e.Parts(t.Context(), u, 0, 100)
		if errors.Is(err, store.ErrNoSuchUpload) && want.ending {
			continue
		}
		got := map[int]int64{}
		for _, p := range page.Items {
			got[p.Number] = p.Size
		}
		for number, size := range want.parts {
			if err != nil || got[number] != size {
				t.Errorf("upload of %s, part %d: got %d bytes, %v, want %d", u.Key, number, got[number], err, size)
			}
		}
	}
}

// multipart makes an object of bodies, the first of which is uploaded twice; one
// more part is left out.
func (j *journal) multipart(t *testing.T, e *env, key string, bodies ...string) {
	u, ok := j.begin(t, e, key)
	if !ok {
		return
	}
	err := j.part(t, e, u, 1, "overwritten")
	for i, body := range bodies {
		err = errors.Join(err, j.part(t, e, u, 2*i+1, body))
	}
	err = errors.Join(err, j.part(t, e, u, 2*len(bodies)+1, "left out"))
	if err != nil {
		return
	}
	page, err := e.Parts(t.Context(), u, 0, 100)
	if err != nil || len(page.Items) != len(bodies)+1 {
		t.Errorf("parts of %s: got %v, %v, want %d", key, page.Items, err, len(bodies)+1)
		return
	}
	var chosen []store.Part
	for _, p := range page.Items[:len(bodies)] {
		chosen = append(chosen, store.Part{Number: p.Number, ETag: p.ETag})
	}
	_, err = e.CompleteUpload(t.Context(), u, chosen, store.PutOptions{})
	j.set(key, strings.Join(bodies, ""), err)
	j.end(u, err)
}

// append appends to what is there.
func (j *journal) append(t *testing.T, e *env, key, piece string) {
	before, err := get(t, e.Store, "demo", key)
	if err != nil && !errors.Is(err, store.ErrNoSuchKey) {
		t.Errorf("%s: %v", key, err)
		return
	}
	_, err = e.AppendObject(t.Context(), store.Object{Bucket: "demo", Key: key}, int64(len(before)),
		strings.NewReader(piece), store.PutOptions{Length: -1})
	j.set(key, before+piece, err)
}

// TestCrashUploads is TestCrash for multipart uploads and appends.
func TestCrashUploads(t *testing.T) {
	testCrash(t, 67, func(t *testing.T, e *env, f *faults) {
		j := crash(t, e, f, (*journal).uploadScript)
		if f.steps < f.at && (j.maybeUploads != 0 || len(j.objects) != 3) {
			t.Errorf("without a fault: %d uploads left and %d objects, want 0 and 3", j.maybeUploads, len(j.objects))
		}
	})
}
