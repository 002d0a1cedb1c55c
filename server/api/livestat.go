package api

import (
	"encoding/xml"
	"net/http"
)

type videoXML struct {
	Width     int
	Height    int
	FrameRate int
	Bandwidth int // bytes per second
	Codec     string
}

type audioXML struct {
	Bandwidth  int // bytes per second
	SampleRate int
	Codec      string
}

// getLiveChannelStat omits unknown values: the Go SDK cannot parse an empty
// ConnectedTime.
func (s *Server) getLiveChannelStat(w http.ResponseWriter, r *request) error {
	state, err := s.config.Store.ChannelStat(r.Context(), r.bucket, r.key)
	if err != nil {
		return err
	}
	answer := struct {
		XMLName       xml.Name `xml:"LiveChannelStat"`
		Status        string
		ConnectedTime string    `xml:",omitempty"`
		RemoteAddr    string    `xml:",omitempty"`
		Video         *videoXML `xml:",omitempty"`
		Audio         *audioXML `xml:",omitempty"`
	}{Status: state.Status}
	if stat := state.Stat; stat != nil {
		answer.ConnectedTime = xmlTime(stat.Connected)
		answer.RemoteAddr = stat.RemoteAddr
		if v := stat.Video; v != nil {
			answer.Video = &videoXML{v.Width, v.Height, v.FrameRate, v.Bandwidth, v.Codec}
		}
		if a := stat.Audio; a != nil {
			answer.Audio = &audioXML{a.Bandwidth, a.SampleRate, a.Codec}
		}
	}
	return writeXML(w, answer)
}

func (s *Server) getLiveChannelHistory(w http.ResponseWriter, r *request) error {
	records, err := s.config.Store.History(r.Context(), r.bucket, r.key)
	if err != nil {
		return err
	}
	type record struct {
		StartTime  string
		EndTime    string
		RemoteAddr string
	}
	answer := struct {
		XMLName    xml.Name `xml:"LiveChannelHistory"`
		LiveRecord []record
	}{}
	for _, h := range records {
		answer.LiveRecord = append(answer.LiveRecord, record{xmlTime(h.Start), xmlTime(h.End), h.RemoteAddr})
	}
	return writeXML(w, answer)
}
