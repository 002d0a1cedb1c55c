package publishing

import (
	"encoding/json"
	"fmt"
	"strings"
)

// File is one file of an OBS profile.
type File struct {
	Name string // without a folder
	Text []byte
}

// Profile returns the folder and the files of a profile that OBS Studio imports
// (Profile > Import), with the stream's server and key, H.264 and AAC, and key
// frames as fragDuration (seconds) needs them. The folder's name is made of title, and
// OBS shows it.
func Profile(title, publish string, fragDuration int) (folder string, files []File) {
	folder = folderName(title)
	server, key := SplitOBS(publish)
	// OBS fills in the settings that these files do not have.
	basic := fmt.Sprintf(`[General]
Name=%s

[Output]
Mode=Advanced

[AdvOut]
Encoder=obs_x264
TrackIndex=1
Track1Bitrate=128

[Video]
BaseCX=1280
BaseCY=720
OutputCX=1280
OutputCY=720
FPSType=1
FPSInt=%d

[Audio]
SampleRate=44100
ChannelSetup=Stereo
`, folder, frameRate)
	service := map[string]any{
		"type":     "rtmp_custom",
		"settings": map[string]any{"server": server, "key": key, "use_auth": false, "bwtest": false},
	}
	encoder := map[string]any{
		"rate_control": "CBR", "bitrate": 2500, "keyint_sec": KeyframeInterval(fragDuration),
		"preset": "veryfast", "profile": "high",
	}
	return folder, []File{
		{"basic.ini", []byte(basic)},
		{"service.json", document(service)},
		{"streamEncoder.json", document(encoder)},
	}
}

// document encodes JSON. It cannot fail: the maps hold text and numbers.
func document(v any) []byte {
	text, err := json.MarshalIndent(v, "", "    ")
	if err != nil {
		panic(err)
	}
	return append(text, '\n')
}

// folderName returns the characters of a title that every file system and the INI file take.
func folderName(title string) string {
	name := strings.Map(func(c rune) rune {
		if special(c) || c == '.' || c == '/' || c == ':' || c == '=' {
			return '_'
		}
		return c
	}, title)
	return "osslive-" + name[:min(len(name), 80)]
}
