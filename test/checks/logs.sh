#!/bin/sh
# logs.sh: what the servers of the other suites wrote tells of no failed
# assertion, no crash, and nothing that a sanitizer or valgrind has to say.  Reports
# it as "ok - ..." or "not ok - ...".
set -u

. "$(dirname "$0")/report.sh"
logs="$WORK/server.log $(find tmp_check -name '*.log' 2>/dev/null)"

report "the server wrote a log" "$([ -s "$WORK/server.log" ] || echo "no server.log")"
report "no assertion has failed, and no chunk of memory was overrun" \
	"$(grep -aE 'TRAP:|detected write past chunk' $logs)"
report "no server has crashed or panicked" \
	"$(grep -aE 'was terminated by signal (4|6|7|8|11)\b|PANIC:' $logs)"
report "no sanitizer has anything to say" \
	"$(grep -aE 'runtime error:|(Address|UndefinedBehavior)Sanitizer' $logs; cat "$WORK"/sanitizer.* 2>/dev/null)"
report "valgrind has nothing to say" "$(cat "$WORK"/valgrind.* 2>/dev/null)"
exit $status
