#!/bin/sh
# assert.sh MAJOR...: run the suites on servers that are built with assertions, and
# some tests once more with catalog caches that forget everything at once.  With that
# an attach takes ten seconds: every_path calls it once only, and discard.sh runs all
# of sql/ for hours.
set -eu
. "$(dirname "$0")/matrix.sh"

for major in "$@"; do
	pg_config=$(sh "$here/build.sh" "$major")
	run_suites "$major" "$pg_config" source regress isolation tap logs
	export SERVER_OPTIONS="-c debug_discard_caches=1 -c autovacuum=off"
	export REGRESS_TESTS="every_path trigger_protocol trigger_arguments insert sent conflict_sqlstate"
	run_suites "$major, no caches" "$pg_config" regress logs
	unset SERVER_OPTIONS REGRESS_TESTS
done
print_matrix
