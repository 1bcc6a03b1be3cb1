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

peers="empty ours"
[ -z "$("$PG_CONFIG" --version | grep -E '^PostgreSQL (15|17|18)')" ] || peers="hand empty ours shortcut"

counted=$(BENCH_CASES="$(sed -n 's/^\([a-z_]*\) .*/\1/p' instructions.txt | sort -u)" BENCH_PEERS="$peers" \
	sh instructions.sh) || { echo "not ok - instructions can be counted"; exit 1; }

echo "$counted" | awk -v margin=$margin -v peers="$peers" '
	function report(good, text) {
		print (good ? "ok" : "not ok") " - " text
		if (!good)
			failed = 1
	}
	FILENAME != "-" && /^[a-z]/ && $2 == "shortcut" { promised[$1] = $3; next }
	FILENAME != "-" { if (/^[a-z]/) recorded[$1] = $2; next }
	{ row[$2] = $3; statement[$2] = $4 }
	$2 == "ours" && $1 in recorded {
		ratio = row["ours"] / row["empty"]
		report(ratio <= recorded[$1] * margin,
			   sprintf("%s: a row takes %.4f times the instructions of an empty trigger (recorded: %.4f)", $1, ratio, recorded[$1]))
		if ($1 == "cached")
			report(statement["ours"] - statement["empty"] - (row["ours"] - row["empty"]) < 2000,
				   sprintf("%s: a statement takes %d instructions more than with an empty trigger", $1,
						   statement["ours"] - statement["empty"] - (row["ours"] - row["empty"])))
		seen++
	}
	$2 == "shortcut" && $1 in promised {
		ratio = $1 ~ /prepared|nothing/ ? statement["shortcut"] / statement["hand"] : row["shortcut"] / row["hand"]
		report(ratio <= promised[$1],
			   sprintf("%s: with the shortcut, %.4f times the instructions of counting by hand (promised: %.2f)", $1, ratio, promised[$1]))
		seen++
	}
	END {
		report(seen == length(recorded) + (peers ~ /shortcut/ ? length(promised) : 0), seen " cases were counted")
		exit failed
	}' instructions.txt -
