#!/bin/sh
# run.sh: run every suite, say how long each took, and count what really ran.
# Called by throwaway.sh.
set -u
passed=0 failed=0 skipped=0

# suite NAME COMMAND...: run it, show it, count its lines of "ok" and "not ok"
# (pg_regress of 15 writes "test name ... ok" instead).  A suite that fails
# without a failed test, or without any test, is a failure too.
suite() {
	name=$1 log=$WORK/$1.log began=$(date +%s)
	shift
	echo "== $name"
	"$@" >"$log" 2>&1 </dev/null
	status=$?
	good=$(grep -cE '^ok |^test .* \.\.\. ok ' "$log")
	skip=$(grep -cE '^ok .*# *SKIP|\.\. skipped: ' "$log")
	good=$((good - $(grep -cE '^ok .*# *SKIP' "$log")))
	bad=$(grep -cE '^not ok |^test .* \.\.\. FAILED' "$log")
	if [ $status != 0 ] || [ $((good + skip)) = 0 ] || [ "$bad" != 0 ]; then
		cat "$log"
		find . -name regression.diffs -exec cat {} +
		find . -name regression.diffs -exec rm {} +
		[ "$bad" != 0 ] || bad=1
	fi
	grep -E '^# .* lost;' "$log"
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
	echo "== $name: $good passed, $bad failed, $(($(date +%s) - began)) s"
}

installcheck() {
	make installcheck PG_CONFIG="$PG_CONFIG" with_llvm=no PROVE_FLAGS=--verbose "$@"
}

suite source sh test/check_source.sh
suite instructions sh test/check_instructions.sh
suite regress installcheck ISOLATION= TAP_TESTS=
suite isolation installcheck REGRESS= TAP_TESTS=
suite tap installcheck REGRESS= ISOLATION=

[ "$skipped" = 0 ] || skips=", $skipped skipped"
echo "$passed passed, $failed failed${skips-}"
[ "$failed" = 0 ]
