#!/bin/sh
# Puts hls.js where the console serves it from: the player of browsers that have
# no HLS of their own. Needs npm; package-lock.json has the digest of what may come.
set -eu
cd "$(dirname "$0")/../../.."

into=server/console/static/hls.js
if ! cmp -s server/console/hlsjs/package-lock.json .tools/hlsjs/package-lock.json || [ ! -e .tools/hlsjs/node_modules ]; then
	rm -rf .tools/hlsjs
	mkdir -p .tools/hlsjs
	cp server/console/hlsjs/package.json server/console/hlsjs/package-lock.json .tools/hlsjs/
	(cd .tools/hlsjs && npm ci --silent --ignore-scripts --no-audit --no-fund) ||
		{ rm .tools/hlsjs/package-lock.json; exit 1; } # the next call tries again
fi
mkdir -p "$into"
cp .tools/hlsjs/node_modules/hls.js/dist/hls.light.min.js .tools/hlsjs/node_modules/hls.js/LICENSE "$into/"
