#!/bin/sh
# majors.sh MAJOR...: build without a warning on each of these majors of PostgreSQL
# and run the suites there; upgrade a server to each from the one before; and see that
# a major that is too old is told so.
#
# stock.sh brings what a Debian suite has.  PG_CONFIG_16=... names the
# pg_config of another one, of major 16.
set -eu
. "$(dirname "$0")/matrix.sh"

pg_config_of() {
	eval "given=\${PG_CONFIG_$1-}"
	if [ -n "$given" ]; then echo "$given"; else sh "$here/stock.sh" "$1"; fi
}

# Upgrade to this major from the one before, or, where the minor releases of the two
# are too far apart for PostgreSQL itself, from the one before that.
upgrade_to() {
	for from in $older; do
		run "$from to $1" env PG_CONFIG="$(pg_config_of "$from")" sh "$here/../throwaway.sh" servers/upgrade.sh "$2"
		grep -q '^== tap: 0 passed, 0 failed' "$matrix/$from to $1" || return 0
	done
	[ -z "$older" ] || touch "$matrix/$from to $1.failed"
}

# Clients meet the same server everywhere: once is enough.
suites="source instructions regress isolation clients tap logs"
older=
for major in "$@"; do
	pg_config=$(pg_config_of "$major")
	run_suites "$major" "$pg_config" $suites
	suites="source instructions regress isolation tap logs"
	upgrade_to "$major" "$pg_config"
	older="$major $older"
done

# The first error must be ours.
refuses_13() {
	mkdir "$matrix/source"
	(cd "$here/../.." && tar -cf - Makefile concurrency.control src) | tar -C "$matrix/source" -xf -
	! make -C "$matrix/source" PG_CONFIG="$(pg_config_of 13)" with_llvm=no clean all >"$matrix/output" 2>&1 &&
		grep 'error:' "$matrix/output" | head -n 1 | grep '#error "concurrency needs PostgreSQL 15 or later"'
}
run "13 is refused" refuses_13

print_matrix
