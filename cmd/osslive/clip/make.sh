#!/bin/sh
# Makes clip.flv, the picture that "osslive demo" pushes: see README.md.
set -eu
cd "$(dirname "$0")"
font=/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf # Debian: fonts-dejavu-core

ffmpeg -v error -y \
	-f lavfi -i "testsrc=size=640x360:rate=25" \
	-f lavfi -i "sine=frequency=330:beep_factor=2:sample_rate=48000" \
	-t 16 \
	-vf "drawtext=fontfile=$font:text='osslive %{pts\\:hms}':fontsize=28:fontcolor=white:box=1:boxcolor=black:boxborderw=8:x=16:y=16" \
	-c:v libx264 -profile:v main -preset veryslow -tune animation -crf 27 \
	-g 50 -keyint_min 50 -sc_threshold 0 -bf 2 -pix_fmt yuv420p \
	-c:a aac -b:a 48k -ac 1 -frames:a 750 \
	-map_metadata -1 -bitexact -flvflags no_duration_filesize \
	clip.flv
