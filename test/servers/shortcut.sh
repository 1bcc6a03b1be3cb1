#!/bin/sh
# shortcut.sh MAJOR...: run the suites where concurrency.shortcut is on in all sessions,
# from the first statement.  What they expect is what they expect without it.
set -eu
. "$(dirname "$0")/matrix.sh"

chmod 755 "$matrix"
export SERVER_OPTIONS="-c session_preload_libraries=concurrency -c concurrency.shortcut=on"
# for the servers of the TAP tests
export TEMP_CONFIG="$matrix/temp.conf"
printf "session_preload_libraries = 'concurrency'\nconcurrency.shortcut = on\n" >"$TEMP_CONFIG"

suites="regress isolation fuzz clients tap logs"
for major in "$@"; do
	pg_config=$(sh "$here/stock.sh" "$major")
	run_suites "$major, shortcut" "$pg_config" $suites
	suites="regress isolation fuzz tap logs"
done
print_matrix
