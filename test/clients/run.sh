#!/bin/sh
# run.sh [CLIENT...]: what real clients do with a stale write, and what becomes of
# it: with the extension, and without.  Called by throwaway.sh.
#
# Each directory here is a client.  Its "run" is started twice, in databases that
# "schema.sql" has set up: attached, over TCP, and detached, over the socket where
# the client can use one (TCP_HOST says 127.0.0.1 to those that cannot).  It prints
# a line for each case, tab-separated: the case, what became of the write (accepted,
# refused by us, refused by the client, lost), and how the client says so.
# check.pl compares that with "expected.txt", and document.pl makes a table of it, those
# in doc/clients/outcomes.md, too.
#
# CLIENTS_OUT is a directory that keeps what was printed, and pictures.
set -u
here=$(cd "$(dirname "$0")" && pwd)
dir=${CLIENTS_OUT:-$WORK/clients}
socket=$PGHOST
mkdir -p "$dir"
status=0

# Make the database for a client, and run the client.
run() {
	client=$1 mode=$2
	export PGDATABASE="${client}_$mode" TCP_HOST=127.0.0.1 PGHOST=127.0.0.1 CASES_MODE="$mode" CASES_OUT="$dir"
	[ "$mode" = attached ] || PGHOST=$socket
	createdb -h "$socket" --maintenance-db postgres "$PGDATABASE" &&
		psql -h "$socket" -X -q -v ON_ERROR_STOP=1 -o /dev/null -f "$here/$client/schema.sql" || return
	if [ "$mode" = detached ]; then
		psql -h "$socket" -X -q -v ON_ERROR_STOP=1 -o /dev/null \
			-c 'SELECT concurrency.detach(table_name, column_name) FROM concurrency.attachments' || return
	fi
	(cd "$here/$client" && sh ./run >"$dir/$client.$mode" 2>"$dir/$client.$mode.log" </dev/null)
	exit_status=$?
	[ $exit_status != 75 ] || return 75
	[ $exit_status = 0 ] || echo "all	failed	exit status $exit_status" >>"$dir/$client.$mode"
	sed "s/^/$mode	/" "$dir/$client.$mode"
	grep -v Warning "$dir/$client.$mode.log" | sed 's/^/# /' >&2
	return 0
}

# Where what a client needs is out of reach, it exits with 75, and says so at last.
for client in ${*:-$(cd "$here" && for run in */run; do dirname "$run"; done)}; do
	client=${client%/}
	{ run "$client" attached && run "$client" detached; } >"$dir/$client.out"
	if [ $? = 75 ]; then
		echo "ok - $client # SKIP $(tail -n 1 "$dir/$client.attached.log")"
		continue
	fi
	perl "$here/check.pl" "$client" "$here/$client/expected.txt" "$dir/$client.out" || status=1
	outs="${outs-} $dir/$client.out"
done
perl "$here/document.pl" --check || status=1
perl "$here/document.pl" --table ${outs-}
exit $status
