#!/bin/sh
# soak.sh: the hunt for lost updates, for LOST_UPDATES_SECONDS, with LOST_UPDATES_KILLS.
# It shows how far it is while it runs, and ends with a summary.  Called by throwaway.sh.
set -u
make installcheck PG_CONFIG="$PG_CONFIG" with_llvm=no REGRESS= ISOLATION= PROVE_FLAGS=--verbose \
	PROVE_TESTS=test/t/020_lost_updates.pl 2>&1 | tee "$WORK/soak.log"
sh test/checks/logs.sh || exit 1
grep '^# in all: ' "$WORK/soak.log"
grep -q '^Result: PASS' "$WORK/soak.log"
