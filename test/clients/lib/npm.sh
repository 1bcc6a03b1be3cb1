# npm.sh: install what package-lock.json pins, unless it is there.  The clients that
# run on Node source it.
# shellcheck shell=sh
[ -d node_modules ] || npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1 --fetch-timeout=30000 >&2 || {
	! npm ping --fetch-retries=0 --fetch-timeout=10000 >/dev/null 2>&1 || exit 1
	rm -rf node_modules
	echo "npm's registry is out of reach" >&2
	exit 75						# run.sh skips the client
}
