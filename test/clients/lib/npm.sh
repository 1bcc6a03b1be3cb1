# npm.sh: install what package-lock.json pins, unless it is there.  The clients that
# run on Node source it.  NODE is the oldest version that the client runs on, where
# that is newer than Debian's.
# shellcheck shell=sh
node -e 'const [is, should] = process.argv.slice(1).map(version => version.split(".").map(Number));
	process.exit(is[0] > should[0] || is[0] === should[0] && is[1] >= should[1] ? 0 : 1)' \
	"$(node -p process.versions.node)" "${NODE:-0.0}" || {
	echo "needs Node $NODE, and this is $(node -p process.versions.node)" >&2
	exit 75						# run.sh skips the client
}
[ -d node_modules ] || npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error --fetch-retries=1 --fetch-timeout=30000 >&2 || {
	! npm ping --fetch-retries=0 --fetch-timeout=10000 >/dev/null 2>&1 || exit 1
	rm -rf node_modules
	echo "npm's registry is out of reach" >&2
	exit 75
}
