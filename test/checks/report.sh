# report.sh: what source.sh and logs.sh have in common; they source it,
# and exit with its status.
# shellcheck shell=sh disable=SC2034 # status is used there
status=0

# report WHAT LINES: it is well if there are no lines to show.
report() {
	if [ -z "$2" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		echo "$2" | sed 's/^/# /'
		status=1
	fi
}
