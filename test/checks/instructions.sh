#!/bin/sh
# instructions.sh: what a row costs, in instructions and as a ratio to a
# trigger that does nothing, against what is recorded in
# ../bench/instructions.txt.
# Reports each as "ok - ..." or "not ok - ...".
#
# Instructions repeat, and their ratio is much the same for every major; 3 % more
# than recorded is a regression.
set -u
cd "$(dirname "$0")/../bench" || exit 1
margin=1.03

case $("$PG_CONFIG" --configure) in
	*--enable-cassert*)
		echo "ok - nothing to compare: this PostgreSQL is built with assertions # SKIP"
		exit 0 ;;
esac

counted=$(BENCH_CASES="$(sed -n 's/^\([a-z_]*\) .*/\1/p' instructions.txt)" BENCH_PEERS="empty ours" \
	sh instructions.sh) || { echo "not ok - instructions can be counted"; exit 1; }

echo "$counted" | awk -v margin=$margin '
	function report(good, text) {
		print (good ? "ok" : "not ok") " - " text
		if (!good)
			failed = 1
	}
	FILENAME != "-" { if (/^[a-z]/) recorded[$1] = $2; next }
	$2 == "empty" { row = $3; statement = $4 }
	$2 == "ours" {
		ratio = $3 / row
		report(row > 0 && ratio <= recorded[$1] * margin,
			   sprintf("%s: a row takes %.4f times the instructions of an empty trigger (recorded: %.4f)", $1, ratio, recorded[$1]))
		if ($1 == "cached")
			report($4 - statement - ($3 - row) < 2000,
				   sprintf("%s: a statement takes %d instructions more than with an empty trigger", $1, $4 - statement - ($3 - row)))
		seen++
	}
	END {
		report(seen == length(recorded), seen " cases were counted")
		exit failed
	}' instructions.txt -
