#!/bin/sh
# Brings what the integration tests need: programs of the system, and the SDKs
# for Python, Node and Java under .tools. What is there already is left alone.
#
# As root on Debian missing packages are installed; anywhere else they are
# named and this fails. Prints nothing it did not have to do.
set -eu
cd "$(dirname "$0")/.."

missing=
need() { # need PACKAGE COMMAND...: the package is missing unless the command succeeds
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}
compiles() { # the race detector and one Python package are built with a C compiler
	echo 'int main(void) { return 0; }' | cc -x c - -o /dev/null
}
check() {
	missing=
	need ffmpeg ffmpeg -version
	need ffmpeg ffprobe -version
	need gstreamer1.0-tools gst-launch-1.0 --version
	need gstreamer1.0-plugins-base gst-inspect-1.0 playbin
	need gstreamer1.0-plugins-good gst-inspect-1.0 flvmux
	need gstreamer1.0-plugins-bad gst-inspect-1.0 rtmpsink
	need gstreamer1.0-plugins-bad gst-inspect-1.0 rtmp2sink
	need gstreamer1.0-plugins-ugly gst-inspect-1.0 x264enc
	need gstreamer1.0-libav gst-inspect-1.0 avenc_aac
	need chromium chromium --version
	need strace strace -V
	need curl curl --version
	need iproute2 ip -V
	need openssl openssl version
	need obs-studio sh -c 'command -v obs'
	need obs-plugins test -e "/usr/lib/$(uname -m)-linux-gnu/obs-plugins/rtmp-services.so"
	need xvfb sh -c 'command -v Xvfb'
	need libgl1-mesa-dri test -e "/usr/lib/$(uname -m)-linux-gnu/dri/swrast_dri.so"
	need build-essential compiles
	need python3-venv python3 -c 'import venv, ensurepip'
	need nodejs node --version
	need npm sh -c 'command -v npm'
	need default-jdk-headless javac -version
	need maven sh -c 'command -v mvn'
	need libnss-myhostname getent hosts bucket.localhost
	need python3-dev test -e "$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h"
	missing=$(echo "$missing" | tr ' ' '\n' | sort -u | tr '\n' ' ')
	missing=${missing# }
}

check
if [ -n "$missing" ]; then
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "missing, install these first (names of Debian's packages): $missing" >&2
		exit 1
	fi
	echo "installing: $missing"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q
	# shellcheck disable=SC2086
	apt-get install -y -q --no-install-recommends $missing
	check
	if [ -n "$missing" ]; then
		echo "still missing after the installation: $missing" >&2
		exit 1
	fi
fi

# One environment for each version of the Python SDK; a changed requirements file makes it anew.
for version in 2.9.0 newest v2; do
	requirements=integration/python/requirements-$version.txt
	venv=.tools/oss2-$version
	if ! cmp -s "$requirements" "$venv/requirements.txt"; then
		echo "making $venv"
		rm -rf "$venv"
		python3 -m venv "$venv"
		# crcmod and the two aliyun packages are source packages of the setup.py kind.
		"$venv/bin/pip" install -q --disable-pip-version-check 'setuptools<81' wheel
		"$venv/bin/pip" install -q --disable-pip-version-check --no-build-isolation -r "$requirements"
		cp "$requirements" "$venv/requirements.txt"
	fi
done

if ! cmp -s integration/node/package-lock.json .tools/node/package-lock.json; then
	echo "making .tools/node"
	rm -rf .tools/node
	mkdir -p .tools/node
	cp integration/node/package.json integration/node/package-lock.json .tools/node/
	npm ci --prefix .tools/node --silent --ignore-scripts --no-audit --no-fund ||
		{ rm .tools/node/package-lock.json; exit 1; } # the next call tries again
fi

if ! cmp -s integration/browser/package-lock.json .tools/browser/package-lock.json; then
	echo "making .tools/browser"
	rm -rf .tools/browser
	mkdir -p .tools/browser
	cp integration/browser/package.json integration/browser/package-lock.json .tools/browser/
	(cd .tools/browser && npm ci --silent --ignore-scripts --no-audit --no-fund) ||
		{ rm .tools/browser/package-lock.json; exit 1; } # the next call tries again
fi

# The browser test plays with it as well; it is built into what the tests build.
server/console/hlsjs/fetch.sh

if ! cmp -s integration/java/pom.xml .tools/java/pom.xml; then
	echo "making .tools/java"
	rm -rf .tools/java
	mvn -q -B -Dstyle.color=never -f integration/java/pom.xml \
		org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory="$PWD/.tools/java"
	cp integration/java/pom.xml .tools/java/
fi
