#!/bin/sh
# Prints what the fuzz targets reach, file by file, in per cent of the statements:
# with the inputs of the repository and all that "make fuzz" has found on this machine.
set -eu
cd "$(dirname "$0")/.."
found="$(go env GOCACHE)/fuzz/osslive"
copy="$(mktemp -d)"
trap 'rm -rf "$copy"' EXIT
git ls-files | tar -cf - -T - | tar -xf - -C "$copy"
cd "$copy"
for pkg in $(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n 1 dirname | sort -u); do
	for corpus in "$found/$pkg"/Fuzz*; do
		[ -d "$corpus" ] || continue
		mkdir -p "$pkg/testdata/fuzz/${corpus##*/}"
		cp "$corpus"/* "$pkg/testdata/fuzz/${corpus##*/}/"
	done
	go test -run '^Fuzz' -coverprofile cover.out "$pkg" > cover.log || { cat cover.log; exit 1; }
	awk -F '[: ]' 'NR > 1 { all[$1] += $3; if ($4) hit[$1] += $3 }
		END { for (f in all) if (hit[f]) printf "%5.1f %%  %s\n", 100 * hit[f] / all[f], f }' cover.out | sort -k 3
done
