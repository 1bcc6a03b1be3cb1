#!/bin/sh
# run.sh: run every suite, or those that SUITES names, say how long each took, and
# count what really ran.  REGRESS_TESTS and PROVE_TESTS can name other tests than all.
# Called by throwaway.sh.
set -u
. "$(dirname "$0")/lib.sh"
trap stop_progress EXIT
trap 'exit 130' HUP INT TERM
passed=0 failed=0 skipped=0
: >"$WORK/skipped"

# suite NAME COMMAND...: run it, show it, count its lines of "ok" and "not ok"
# (pg_regress of 15 writes "test name ... ok" instead).  A suite that fails
# without a failed test, or without any test, is a failure too.
suite() {
	name=$1 log=$WORK/$1.log left="" began=$(date +%s)
	case " ${SUITES:-$name} " in
		*" $name "*) ;;
		*) return ;;
	esac
	shift
	echo "== $name"
	: >"$log"
	start_progress "$log"
	"$@" >"$log" 2>&1 </dev/null
	status=$?
	stop_progress
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
	grep -E '^# .* lost;|^# .* states in ' "$log"
	grep -E '# *SKIP' "$log" | sed "s/^ok[ 0-9]*-* */skipped in $name: /; s/ *# *SKIP */: /" >>"$WORK/skipped"
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
	[ "$skip" = 0 ] || left=", $skip skipped"
	echo "== $name: $good passed, $bad failed$left, $(($(date +%s) - began)) s"
}

installcheck() {
	make installcheck PG_CONFIG="$PG_CONFIG" with_llvm=no PROVE_FLAGS=--verbose "$@"
}

suite source sh test/checks/source.sh
suite prove perl test/prove/model.pl
suite instructions sh test/checks/instructions.sh
suite regress installcheck ISOLATION= TAP_TESTS= ${REGRESS_TESTS:+REGRESS="$REGRESS_TESTS"}
suite isolation installcheck REGRESS= TAP_TESTS=
# a slice of make fuzz; like the suites before it, it needs no server of its own
suite fuzz env FUZZ_LISTS=20000 FUZZ_TRIGGERS=500 FUZZ_ATTACH=500 FUZZ_STATEMENTS=4000 \
	FUZZ_POLICIES=1 FUZZ_PERMUTATIONS=60 FUZZ_SEEDS=10 sh test/fuzz/run.sh arguments model shortcut
suite clients sh test/clients/run.sh $(cat test/clients/quick)
suite tap installcheck REGRESS= ISOLATION= ${PROVE_TESTS:+PROVE_TESTS="$PROVE_TESTS"}
suite logs sh test/checks/logs.sh

cat "$WORK/skipped"
[ "$skipped" = 0 ] || skips=", $skipped skipped"
echo "$passed passed, $failed failed${skips-}"
[ "$failed" = 0 ]
