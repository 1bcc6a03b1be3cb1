#!/bin/sh
# discard.sh MAJOR...: run all of sql/ on servers whose catalog caches forget
# everything at once.  They are built with assertions, and with optimization, since
# it takes hours as it is; REGRESS_TESTS can name some tests of them.
set -eu
. "$(dirname "$0")/matrix.sh"
export SERVER_OPTIONS="-c debug_discard_caches=1 -c autovacuum=off"

for major in "$@"; do
	pg_config=$(sh "$here/build.sh" "$major" fast)
	run_suites "$major, no caches" "$pg_config" regress logs
done
print_matrix
