#!/bin/sh
# forms.sh COMMAND...: start a web application, which listens on port $PORT, have two
# people fill its forms, as forms.pl does, and end it.  TABLE is the table, unless that
# is doc; DRIVER is another command that plays them.
set -eu
PORT=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
export PORT
log=$(mktemp "$HOME/forms.XXXXXX")
app=
trap '[ -z "$app" ] || { kill "$app" && wait "$app"; } 2>/dev/null || :; rm -f "$log"' EXIT
trap 'exit 130' HUP INT TERM

play() {
	if [ -n "${DRIVER-}" ]; then $DRIVER "$@"; else perl "$(dirname "$0")/forms.pl" "$@"; fi
}

"$@" >"$log" 2>&1 &
app=$!
until perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(shift)' "127.0.0.1:$PORT"; do
	kill -0 "$app" 2>/dev/null || {
		cat "$log" >&2
		exit 1
	}
	sleep 1
done
play "http://127.0.0.1:$PORT" "${TABLE:-doc}" || {
	cat "$log" >&2
	exit 1
}
