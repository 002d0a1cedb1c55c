#!/bin/sh
# Publishes clip.flv in a loop with OBS Studio, without a screen, and kills it
# when about two seconds have been sent.
#
#	sh obs.sh rtmp://HOST:PORT/APP/KEY
set -eu

server=${1%/*} key=${1##*/} # OBS has a field for each
clip=$(realpath "$(dirname "$0")/clip.flv")
home=$(mktemp -d)
# No signal makes OBS end its stream in order: TERM is as abrupt as KILL.
trap 'kill -KILL $(cat "$home"/*.pid) || :; wait; rm -rf "$home"' EXIT
export HOME="$home" XDG_CONFIG_HOME="$home" XDG_RUNTIME_DIR="$home"
export LIBGL_ALWAYS_SOFTWARE=1

profile=$home/obs-studio/basic/profiles/Untitled
mkdir -p "$profile" "$home/obs-studio/basic/scenes"
# A first start, or the first of a new version, would open a dialog.
cat >"$home/obs-studio/global.ini" <<END
[General]
FirstRun=true
LastVersion=4294967295
InfoIncrement=2147483647
[Basic]
Profile=Untitled
ProfileDir=Untitled
SceneCollection=Untitled
SceneCollectionFile=Untitled
END
cat >"$profile/basic.ini" <<END
[General]
Name=Untitled
[Output]
Mode=Simple
Reconnect=false
[SimpleOutput]
VBitrate=60
ABitrate=64
StreamEncoder=x264
Preset=veryfast
UseAdvanced=true
x264Settings=keyint=10
[Video]
BaseCX=160
BaseCY=90
OutputCX=160
OutputCY=90
FPSType=1
FPSInt=10
END
cat >"$profile/service.json" <<END
{"type":"rtmp_custom","settings":{"server":"$server","key":"$key"}}
END
# OBS starts streaming only with scenes from a file; this one plays the clip.
cat >"$home/obs-studio/basic/scenes/Untitled.json" <<END
{"name":"Untitled","current_scene":"scene","current_program_scene":"scene","sources":[
{"id":"ffmpeg_source","name":"clip","mixers":255,"settings":{"local_file":"$clip","looping":true}},
{"id":"scene","name":"scene","settings":{"items":[
{"id":1,"name":"clip","visible":true,"scale":{"x":1,"y":1}}]}}]}
END

# await tries a command for up to 15 s.
await() {
	for _ in $(seq 150); do
		"$@" && return
		sleep 0.1
	done
	cat "$home/log"
	return 1
}

Xvfb -displayfd 3 -screen 0 640x480x24 -nolisten tcp 3>"$home/display" 2>"$home/log" &
echo $! >"$home/xvfb.pid"
await test -s "$home/display"

DISPLAY=:$(cat "$home/display") obs --startstreaming --multi --disable-shutdown-check >"$home/log" 2>&1 &
echo $! >"$home/obs.pid"
await grep -q 'Streaming Start' "$home/log"
sleep 4 # of which the encoder holds back more than one
