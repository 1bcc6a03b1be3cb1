#!/bin/sh
# dist.sh: make the archive for PGXN, concurrency-VERSION.zip, of what is committed,
# in the directory DIST_OUT, or else beside this tree.  Prints where it is.
set -eu
cd "$(dirname "$0")/../.."
out=$(cd "${DIST_OUT:-..}" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

[ -z "$(git status --porcelain)" ] || echo "What is not committed is left out." >&2
git archive HEAD | tar -C "$tree" -xf -
(
	cd "$tree"
	perl test/packages/meta.pl >META.json
	perl test/packages/check_meta.pl META.json >&2
)
release=concurrency-$(perl -MJSON::PP -0777 -ne 'print decode_json($_)->{version}' "$tree/META.json")
git archive --format=zip --prefix="$release/" --add-file="$tree/META.json" --output="$out/$release.zip" HEAD
echo "$out/$release.zip"
