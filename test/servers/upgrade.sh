#!/bin/sh
# upgrade.sh PG_CONFIG: run the test of pg_upgrade, from this server's major to that
# of PG_CONFIG.  Called by throwaway.sh, and calls it for the newer one.
unset PGHOST PGPORT
export OLD_PG_CONFIG="$PG_CONFIG" SUITES=tap PROVE_TESTS=test/t/014_pg_upgrade.pl
PG_CONFIG=$1 exec sh test/throwaway.sh run.sh
