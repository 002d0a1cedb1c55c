// Package console shows the live channels and plays them, on the admin
// address: a different origin from the API's, so that no page here can be
// shadowed by an object and no object runs as a page here.
package console

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"

	"osslive/server/address"
	"osslive/store"
)

//go:embed templates static
var files embed.FS

// Config is what the pages need. All fields but PublicURL must be set.
type Config struct {
	Store     *store.Store
	Listen    string // API address, HOST:PORT
	PublicURL string // http://HOST[:PORT] of the API where browsers reach it elsewhere
	Logger    *slog.Logger
}

type console struct {
	Config
	pages *template.Template
}

// New returns the pages: / lists the channels, /channel/BUCKET/NAME plays one.
func New(c Config) http.Handler {
	k := &console{c, template.Must(template.ParseFS(files, "templates/*.html"))}
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", k.page(k.overview))
	mux.HandleFunc("GET /channel/{bucket}/{channel}", k.page(k.channel))
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
	return mux
}

// page renders what build returns: the name of a template and its data.
func (k *console) page(build func(*http.Request) (string, any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name, data, err := build(r)
		switch {
		case errors.Is(err, store.ErrNoSuchBucket), errors.Is(err, store.ErrNoSuchChannel):
			http.Error(w, "There is no such live channel.", http.StatusNotFound)
			return
		case err != nil:
			k.Logger.Error("console page", "path", r.URL.Path, "error", err)
			http.Error(w, "The page could not be made; the server's log says why.", http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; media-src "+
			k.api(r)+" blob:; connect-src "+k.api(r)+"; form-action 'none'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if err := k.pages.ExecuteTemplate(w, name, data); err != nil {
			k.Logger.Error("console page", "path", r.URL.Path, "error", err)
		}
	}
}

// api returns scheme and authority of the API as this browser reaches it.
func (k *console) api(r *http.Request) string {
	if k.PublicURL != "" {
		return k.PublicURL
	}
	_, port, _ := net.SplitHostPort(k.Listen)
	return "http://" + net.JoinHostPort(address.Hostname(r.Host), port)
}

type channelView struct {
	Bucket, Name, Description, Status string
	Page, Playlist                    string
	Public                            bool
	Stat                              *store.Stat
}

func (k *console) overview(r *http.Request) (string, any, error) {
	ctx := r.Context()
	var views []channelView
	buckets, err := k.Store.Buckets(ctx, "", "", 1000)
	if err != nil {
		return "", nil, fmt.Errorf("list buckets: %w", err)
	}
	for _, b := range buckets.Items {
		channels, err := k.Store.Channels(ctx, b.Name, "", "", 100)
		if err != nil {
			return "", nil, fmt.Errorf("list live channels of %s: %w", b.Name, err)
		}
		for _, c := range channels.Items {
			v, err := k.view(ctx, r, b, c)
			if errors.Is(err, store.ErrNoSuchChannel) {
				continue // deleted since it was listed
			}
			if err != nil {
				return "", nil, err
			}
			views = append(views, v)
		}
	}
	return "overview.html", views, nil
}

func (k *console) channel(r *http.Request) (string, any, error) {
	ctx := r.Context()
	bucket, err := k.Store.Bucket(ctx, r.PathValue("bucket"))
	if err != nil {
		return "", nil, err
	}
	channel, err := k.Store.Channel(ctx, bucket.Name, r.PathValue("channel"))
	if err != nil {
		return "", nil, err
	}
	view, err := k.view(ctx, r, bucket, channel)
	return "channel.html", view, err
}

func (k *console) view(ctx context.Context, r *http.Request, b store.Bucket, c store.Channel) (channelView, error) {
	state, err := k.Store.ChannelStat(ctx, c.Bucket, c.Name)
	if err != nil {
		return channelView{}, err
	}
	path := url.PathEscape(c.Bucket) + "/" + url.PathEscape(c.Name)
	return channelView{
		Bucket: c.Bucket, Name: c.Name, Description: c.Description, Status: state.Status,
		Page:     "/channel/" + path,
		Playlist: k.api(r) + "/" + path + "/" + url.PathEscape(c.Target.PlaylistName),
		Public:   b.ACL != store.Private,
		Stat:     state.Stat,
	}, nil
}
