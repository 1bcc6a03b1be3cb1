#!/bin/sh
# coverage.sh: which lines and branches of src/ do the suites run?  Called by
# throwaway.sh, with COPT=--coverage.
#
# Fails below 95 % of the lines or 85 % of the branches, of all that the compiler
# makes, or where doc/tests.md does not say why a line is not run.
set -eu
info=$WORK/coverage

SUITES="${SUITES:-regress isolation tap}" sh test/run.sh
# a server process writes down what it ran when it ends
pg_ctl -D "$WORK/data" -m fast -s stop

# A header has a part in several objects: the second command makes one of them.
{
	lcov --rc lcov_branch_coverage=1 --capture --directory src --no-external --output-file "$info" &&
		lcov --rc lcov_branch_coverage=1 --add-tracefile "$info" --output-file "$info"
} >"$WORK/lcov.log" 2>&1 || { cat "$WORK/lcov.log"; exit 1; }

# Print a row a file, and one for all: lines and branches that were run.
summarize() {
	awk -F'[:,]' '
		function percent(run, all) { return all ? 100 * run / all : 100 }
		function show(name, lh, lf, bh, bf) {
			printf "%-20s %5d/%-4d %6.1f %% %6d/%-4d %6.1f %%\n", name, lh, lf, percent(lh, lf), bh, bf, percent(bh, bf)
		}
		BEGIN { printf "%-20s %19s %20s\n", "", "lines", "branches" }
		$1 == "SF" { name = $2; sub(/.*\/src\//, "src/", name); lh = lf = bh = bf = 0 }
		$1 == "LH" { lh = $2 }
		$1 == "LF" { lf = $2 }
		$1 == "BRH" { bh = $2 }
		$1 == "BRF" { bf = $2 }
		/^end_of_record/ { show(name, lh, lf, bh, bf); LH += lh; LF += lf; BH += bh; BF += bf }
		END {
			show("all", LH, LF, BH, BF)
			exit !LF || percent(LH, LF) < 95 || percent(BH, BF) < 85
		}' "$info"
}

# Print the lines that are not run: file, number, text.
lines_not_run() {
	sed -n 's/^SF:.*\/src\//src\//p; s/^DA:\([0-9]*\),0.*/\1/p' "$info" | while read -r word; do
		case $word in
			src/*) file=$word ;;
			*) printf '%s:%s: %s\n' "$file" "$word" "$(sed -n "${word}s/^[[:space:]]*//p" "$file")" ;;
		esac
	done
}

# Print those of them that no row of doc/tests.md has.
unexplained() {
	lines_not_run | while IFS= read -r line; do
		grep -F "| \`${line%%:*}\` |" doc/tests.md | grep -qF "\`${line#*: }\`" || echo "$line"
	done
}

status=0
summarize || {
	echo "Less than 95 % of the lines or 85 % of the branches."
	status=1
}
echo "Lines that are not run:"
lines_not_run
missing=$(unexplained)
[ -z "$missing" ] || {
	printf 'Lines that are not run, and doc/tests.md does not say why:\n%s\n' "$missing"
	status=1
}
exit $status
