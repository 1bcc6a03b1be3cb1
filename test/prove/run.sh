#!/bin/sh
# prove/run.sh: check the model, which needs no server; install spin and gcc where they
# are missing.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/concurrency.XXXXXX")
. "$top/test/lib.sh"
trap 'stop_progress; rm -rf "$WORK"' EXIT
trap 'exit 130' HUP INT TERM

missing=$(
	command -v spin >/dev/null || echo spin
	command -v gcc >/dev/null && [ -e /usr/include/stdio.h ] || echo gcc libc6-dev
)
if [ -n "$missing" ] && ! command -v apt-get >/dev/null; then
	say "Needed:" $missing
	exit 1
fi
[ -z "$missing" ] || install_packages $missing
TMPDIR=$WORK perl "$top/test/prove/model.pl"
