#!/bin/sh
# lint.sh: what clang's analyzer and cppcheck have to say of src/, and shellcheck of
# the scripts.  Called by throwaway.sh.
set -u
status=0

# tool NAME COMMAND...
tool() {
	name=$1
	shift
	if "$@" >"$WORK/lint.log" 2>&1; then
		echo "$name: clean"
	else
		cat "$WORK/lint.log"
		echo "$name: FAILED"
		status=1
	fi
}

# With its assertions, PostgreSQL says what it counts on: that a list has a head.
analyze() {
	make PG_CONFIG="$PG_CONFIG" with_llvm=no clean &&
		scan-build --status-bugs -o "$WORK/scan-build" \
			make PG_CONFIG="$PG_CONFIG" with_llvm=no COPT=-DUSE_ASSERT_CHECKING
}

# PostgreSQL's headers are looked into as gcc sees them, but not at what they do.
# The two calls of makeString() in a list_make2() may come in any order;
# LOCAL_FCINFO() has a member that gives a union its size; callbacks have the
# parameters that PostgreSQL gives them; and what a designated initializer leaves
# out is zero.
check() {
	includes=$("$PG_CONFIG" --includedir-server)
	cppcheck -q --error-exitcode=1 --enable=warning,performance,portability,style \
		-D__GNUC__ -D__x86_64__ -I "$includes" --suppress="*:$includes/*" \
		--suppress=unknownEvaluationOrder:src/attachment.c --suppress=unusedStructMember \
		--suppress=constParameter:src/settings.c --suppress=constParameter:src/shortcut.c \
		--suppress=ctuuninitvar:src/verdict.c src
}

# Words are split on purpose: lists are what POSIX shells have in place of arrays.
check_scripts() {
	find test -name '*.sh' -exec shellcheck -s sh -x -P SCRIPTDIR -S warning -e SC2046,SC2048,SC2086 {} +
}

tool scan-build analyze
tool cppcheck check
tool shellcheck check_scripts
exit $status
