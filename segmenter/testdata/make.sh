#!/bin/sh
# Makes the clips of this folder with ffmpeg (libx264, aac). See README.md.
set -e
cd "$(dirname "$0")"
ff() { ffmpeg -y -v error "$@"; }
x264="-c:v libx264 -pix_fmt yuv420p -bitexact"
aac="-c:a aac -b:a 48k -bitexact"
flv="-flvflags no_duration_filesize -f flv"

# 6 s, 25 fps, a keyframe each 2 s, B-frames as references
ff -f lavfi -i testsrc2=size=160x90:rate=25 -f lavfi -i sine=frequency=440:sample_rate=44100 -t 6 \
   $x264 -preset veryfast -crf 36 -g 50 -keyint_min 50 -sc_threshold 0 -bf 3 -x264-params b-pyramid=normal $aac $flv bframes.flv
# 4 s, 30000/1001 fps, eight slices, delimiters and parameter sets in the stream, 48 kHz stereo
ff -f lavfi -i testsrc2=size=176x144:rate=30000/1001 -f lavfi -i "sine=frequency=300:sample_rate=48000" -t 4 \
   $x264 -preset veryfast -crf 40 -g 30 -bf 0 -x264-params slices=8:aud=1:repeat-headers=1 -ac 2 $aac $flv slices.flv
# 3 s without audio, fields, sizes that need cropping
ff -f lavfi -i testsrc2=size=174x92:rate=25 -t 3 \
   $x264 -preset veryfast -crf 38 -g 25 -flags +ilme+ildct -x264-params tff=1 -an $flv interlaced.flv
# 6 s at one picture a second
ff -f lavfi -i testsrc2=size=160x90:rate=1 -f lavfi -i sine=frequency=440:sample_rate=8000 -t 6 \
   $x264 -preset veryfast -crf 36 -g 2 -bf 0 -ac 1 $aac $flv slow.flv
# 2 s with MP3
ff -f lavfi -i testsrc2=size=160x90:rate=25 -f lavfi -i sine=frequency=440:sample_rate=44100 -t 2 \
   $x264 -preset veryfast -crf 38 -g 25 -c:a libmp3lame -b:a 48k $flv mp3.flv
# 4 s of HEVC: open GOPs, so that only the first keyframe is an IDR picture, B-frames as references, a size that needs cropping.
# ffmpeg 5.1 puts no HEVC into FLV: the test makes the tags.
ff -f lavfi -i testsrc2=size=174x92:rate=25 -t 4 -c:v libx265 -pix_fmt yuv420p -crf 40 \
   -x265-params log-level=none:info=0:keyint=25:min-keyint=25:scenecut=0:open-gop=1:bframes=3:b-pyramid=1 -bitexact -f mpegts hevc.ts
# 2 s of 5.1 sound
ff -f lavfi -i testsrc2=size=160x90:rate=25 -f lavfi -i sine=frequency=440:sample_rate=48000 -t 2 \
   $x264 -preset veryfast -crf 40 -g 25 -bf 0 -af "pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0" $aac $flv surround.flv
