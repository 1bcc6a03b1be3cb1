#!/bin/sh
# soak.sh: hunt for lost updates for LOST_UPDATES_SECONDS.  Called by throwaway.sh.
exec make installcheck PG_CONFIG="$PG_CONFIG" with_llvm=no PROVE_FLAGS=--verbose \
	REGRESS= ISOLATION= PROVE_TESTS=test/t/020_lost_updates.pl
