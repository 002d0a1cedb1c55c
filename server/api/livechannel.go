package api

import (
	"encoding/xml"
	"net/http"
	"strconv"

	"osslive/store"
)

// channelBody is the body of PutLiveChannel. Numbers are text here, so that an absent
// one differs from 0 and from a word.
type channelBody struct {
	XMLName     xml.Name `xml:"LiveChannelConfiguration"`
	Description string
	Status      text
	Target      *struct {
		Type         text
		FragDuration text
		FragCount    text
		PlaylistName text
	}
	Snapshot *struct {
		RoleName    text
		DestBucket  text
		NotifyTopic text
		Interval    text
	}
}

// channel checks what only the XML shows and leaves the rest to the store.
func (b *channelBody) channel(bucket, name string) (store.Channel, error) {
	c := store.Channel{Bucket: bucket, Name: name, Description: b.Description, Status: string(b.Status)}
	if b.Target == nil {
		return c, invalidValue("Target", "", "missing", "The element Target is missing.")
	}
	if b.Target.Type != "HLS" {
		return c, invalidValue("Type", string(b.Target.Type), "value", "Target/Type is HLS.")
	}
	c.Target.PlaylistName = string(b.Target.PlaylistName)
	for _, n := range []struct {
		name string
		text text
		to   *int
	}{
		{"FragDuration", b.Target.FragDuration, &c.Target.FragDuration},
		{"FragCount", b.Target.FragCount, &c.Target.FragCount},
	} {
		if err := n.text.number(n.name, n.to); err != nil {
			return c, err
		}
	}
	if b.Snapshot == nil {
		return c, nil
	}
	c.Snapshot = &store.Snapshot{
		RoleName:    string(b.Snapshot.RoleName),
		DestBucket:  string(b.Snapshot.DestBucket),
		NotifyTopic: string(b.Snapshot.NotifyTopic),
	}
	return c, b.Snapshot.Interval.number("Interval", &c.Snapshot.Interval)
}

// number parses t. An absent number is 0 to the store, which checks the range; so a
// 0 that was sent is refused here.
func (t text) number(field string, to *int) (err error) {
	if t == "" {
		return nil
	}
	if *to, err = strconv.Atoi(string(t)); err != nil || *to == 0 {
		return invalidValue(field, string(t), "range", field+" is a number from 1 to 100.")
	}
	return nil
}

func invalidValue(field, value, rule, message string) error {
	return &store.InvalidError{Field: field, Value: value, Rule: rule, Message: message}
}

type urlsXML struct {
	Url string
}

func (s *Server) putLiveChannel(w http.ResponseWriter, r *request) error {
	if err := store.CheckChannelName(r.key); err != nil {
		return err
	}
	var body channelBody
	if err := r.xmlBody(maxConfigBody, &body); err != nil {
		return err
	}
	c, err := body.channel(r.bucket, r.key)
	if err != nil {
		return err
	}
	if c, err = s.config.Store.PutChannel(r.Context(), c); err != nil {
		return err
	}
	return writeXML(w, struct {
		XMLName     xml.Name `xml:"CreateLiveChannelResult"`
		PublishUrls urlsXML
		PlayUrls    urlsXML
	}{
		PublishUrls: urlsXML{s.publishURL(r, c.Bucket, c.Name)},
		PlayUrls:    urlsXML{s.playURL(r, c.Bucket, c.Name, c.Target.PlaylistName)},
	})
}

// putLiveChannelStatus ends the publish if it disables a live channel: the session
// reads the status when it next renews its lease.
func (s *Server) putLiveChannelStatus(w http.ResponseWriter, r *request) error {
	status := r.query.Get("status")
	if status != store.Enabled && status != store.Disabled {
		return invalidValue("status", string(status), "value", "The parameter status is enabled or disabled.")
	}
	if err := s.config.Store.SetChannelStatus(r.Context(), r.bucket, r.key, status); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// getLiveChannelInfo answers with these elements only, without the Snapshot: the Node
// SDK's tests compare the answer with what they sent.
func (s *Server) getLiveChannelInfo(w http.ResponseWriter, r *request) error {
	c, err := s.config.Store.Channel(r.Context(), r.bucket, r.key)
	if err != nil {
		return err
	}
	type target struct {
		Type         string
		FragDuration int
		FragCount    int
		PlaylistName string
	}
	return writeXML(w, struct {
		XMLName     xml.Name `xml:"LiveChannelConfiguration"`
		Description string
		Status      string
		Target      target
	}{
		Description: c.Description, Status: c.Status,
		Target: target{"HLS", c.Target.FragDuration, c.Target.FragCount, c.Target.PlaylistName},
	})
}

func (s *Server) listLiveChannel(w http.ResponseWriter, r *request) error {
	limit, err := maxKeys(r, "live")
	if err != nil {
		return err
	}
	prefix, marker := r.query.Get("prefix"), r.query.Get("marker")
	for _, p := range []struct{ name, value string }{{"prefix", prefix}, {"marker", marker}} {
		if len(p.value) > 1024 {
			return invalidValue(p.name, p.value, "live", "The parameter "+p.name+" has at most 1024 bytes.")
		}
	}
	page, err := s.config.Store.Channels(r.Context(), r.bucket, prefix, marker, limit)
	if err != nil {
		return err
	}
	type channel struct {
		Name         string
		Description  string
		Status       string
		LastModified string
		PublishUrls  urlsXML
		PlayUrls     urlsXML
	}
	answer := struct {
		XMLName     xml.Name `xml:"ListLiveChannelResult"`
		Prefix      string
		Marker      string
		MaxKeys     int
		IsTruncated bool
		NextMarker  string // present even when empty: the C# SDK's tests expect ""
		LiveChannel []channel
	}{Prefix: prefix, Marker: marker, MaxKeys: limit, IsTruncated: page.Next != "", NextMarker: page.Next}
	for _, c := range page.Items {
		answer.LiveChannel = append(answer.LiveChannel, channel{
			Name: c.Name, Description: c.Description, Status: c.Status, LastModified: xmlTime(c.Modified),
			PublishUrls: urlsXML{s.publishURL(r, c.Bucket, c.Name)},
			PlayUrls:    urlsXML{s.playURL(r, c.Bucket, c.Name, c.Target.PlaylistName)},
		})
	}
	return writeXML(w, answer)
}

// deleteLiveChannel deletes the channel and leaves its segments and playlists. It
// succeeds for one that does not exist, as the C++ SDK's tests note.
func (s *Server) deleteLiveChannel(w http.ResponseWriter, r *request) error {
	if err := s.config.Store.DeleteChannel(r.Context(), r.bucket, r.key); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
