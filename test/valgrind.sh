#!/bin/sh
# valgrind.sh MAJOR...: run the suites on servers that are built for valgrind, under
# its memcheck with PostgreSQL's own suppressions.
set -eu
. "$(dirname "$0")/matrix.sh"

for major in "$@"; do
	pg_config=$(sh "$here/servers/build.sh" "$major" valgrind)
	suppressions=${pg_config%/bin/pg_config}/valgrind.supp
	export SERVER_WRAPPER="valgrind -q --leak-check=no --suppressions=$suppressions --log-file=\$WORK/valgrind.%p"
	run_suites "$major" "$pg_config" regress isolation logs
done
print_matrix
