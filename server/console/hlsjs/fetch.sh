#!/bin/sh
# Downloads hls.js, the player for browsers without HLS, to the folder that the console
# serves. Needs npm. package-lock.json has the digest of the package.
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
