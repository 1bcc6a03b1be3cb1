#!/bin/sh
# assert.sh MAJOR...: run the suites on servers that are built with assertions, and
# pg_regress once more with catalog caches that forget everything at once.
set -eu
. "$(dirname "$0")/matrix.sh"

for major in "$@"; do
	pg_config=$(sh "$here/servers/build.sh" "$major")
	run_suites "$major" "$pg_config" source regress isolation tap logs
	export SERVER_OPTIONS="-c debug_discard_caches=1"
	run_suites "$major, no caches" "$pg_config" regress logs
	unset SERVER_OPTIONS
done
print_matrix
