#!/bin/sh
# valgrind.sh MAJOR...: run the suites on servers that are built for valgrind, under
# its memcheck with PostgreSQL's own suppressions.
set -eu
. "$(dirname "$0")/matrix.sh"

# "attach" fills a table with a million rows, which would take longer than the rest
REGRESS_TESTS=$(sed -n '/^REGRESS = /,/[^\\]$/s/^\t\([a-z_]*\).*/\1/p' "$here/../../Makefile" | grep -vx attach | paste -sd " ")
export REGRESS_TESTS

for major in "$@"; do
	pg_config=$(sh "$here/build.sh" "$major" valgrind)
	suppressions=${pg_config%/bin/pg_config}/valgrind.supp
	export SERVER_WRAPPER="valgrind -q --leak-check=no --suppressions=$suppressions --log-file=\$WORK/valgrind.%p"
	run_suites "$major" "$pg_config" regress isolation logs
done
print_matrix
