# matrix.sh: run the suites on several servers, and make a table of what came of
# it; majors.sh, assert.sh, discard.sh, sanitize.sh and valgrind.sh source it.
here=$(dirname "$0")
export PG_CFLAGS="-Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare"
matrix=$(mktemp -d)
trap 'rm -rf "$matrix"' EXIT
trap 'exit 130' HUP INT TERM

# run ROW COMMAND...: run it, show what it prints, and keep it for a row of the table.
run() {
	row=$1
	shift
	echo "==== $row"
	echo "$row" >>"$matrix/rows"
	{ "$@" || touch "$matrix/$row.failed"; } 2>&1 </dev/null | tee "$matrix/$row"
}

# run_suites ROW PG_CONFIG SUITE...
run_suites() {
	row=$1 pg_config=$2
	shift 2
	run "$row" env SUITES="$*" PG_CONFIG="$pg_config" sh "$here/../throwaway.sh" run.sh
}

# Print the table: how many tests passed, or FAILED.
print_matrix() {
	while read -r row; do
		[ ! -e "$matrix/$row.failed" ] || echo "failed: $row"
		sed -n "s/^== \([a-z]*\): \([0-9]*\) passed, \([0-9]*\) failed\(, \([0-9]*\) skipped\)\{0,1\}, .*/cell: $row:\1:\2:\3:\5/p" "$matrix/$row"
		echo "row: $row"
	done <"$matrix/rows" | awk -F': ?' '
		$1 == "failed" { failed[$2] = 1 }
		$1 == "cell" {
			if (!($3 in seen)) { seen[$3] = 1; suites[++n] = $3 }
			cell[$2, $3] = $5 > 0 ? "FAILED" : $4 ($6 > 0 ? " (-" $6 ")" : "")
			good[$2] += $4
			bad[$2] += $5
			cells[$2]++
			skipped += $6
		}
		$1 == "row" { rows[++m] = $2 }
		END {
			printf "\n%-16s", ""
			for (i = 1; i <= n; i++) printf "%13s", suites[i]
			print ""
			for (j = 1; j <= m; j++) {
				row = rows[j]
				printf "%-16s", row
				for (i = 1; i <= n; i++) printf "%13s", cell[row, suites[i]]
				if (failed[row]) any = 1
				# without a suite that did, it is the build or the server
				print bad[row] ? "" : failed[row] ? "  FAILED: see above" : cells[row] && !good[row] ? "" : "  ok"
			}
			if (skipped) print "(-n): n tests were skipped"
			exit any
		}'
}
