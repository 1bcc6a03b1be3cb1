#!/bin/sh
# deb.sh: make Debian packages, of what is committed, for each PostgreSQL whose
# server development files are installed, in the directory DEB_OUT, or else beside
# this tree.  Prints which.
set -eu
cd "$(dirname "$0")/../.."
out=$(cd "${DEB_OUT:-..}" && pwd)
PG_SUPPORTED_VERSIONS=${PG_SUPPORTED_VERSIONS:-installed}
export PG_SUPPORTED_VERSIONS
work=$(mktemp -d)
chmod 755 "$work"				# for the server that the build tests with
trap 'rm -rf "$work"' EXIT

if ! command -v dpkg-buildpackage >/dev/null || ! command -v pg_buildext >/dev/null; then
	echo "Needed: the packages build-essential, debhelper and postgresql-all." >&2
	exit 1
fi
[ -z "$(git status --porcelain)" ] || echo "What is not committed is left out." >&2
mkdir "$work/tree"
git archive HEAD | tar -C "$work/tree" -xf -
source=$(cd "$work/tree" && dpkg-parsechangelog --show-field Source)
version=$(cd "$work/tree" && dpkg-parsechangelog --show-field Version | sed 's/-[^-]*$//')
git archive --prefix="$source-$version/" --output="$work/${source}_$version.orig.tar.gz" HEAD . ':!debian'
(
	cd "$work/tree"
	pg_buildext updatecontrol
	dpkg-buildpackage --unsigned-source --unsigned-changes
) >&2
find "$work" -maxdepth 1 -type f -exec cp -t "$out" {} +
find "$work" -maxdepth 1 -type f -printf "$out/%f\n" | sort
