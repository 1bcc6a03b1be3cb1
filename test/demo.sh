#!/bin/sh
# demo.sh: show what the extension is for, on pgbench's own tables, and check
# that what is shown is true.  Called by throwaway.sh.
#
# Ann and Bob are two psql processes that read their statements from FIFOs.
# Every wait is bounded: statements by statement_timeout, ours by PATIENCE.
set -eu
PATIENCE=20						# seconds
PGOPTIONS="-c statement_timeout=${PATIENCE}s"
PGCONNECT_TIMEOUT=$PATIENCE
export PGOPTIONS PGCONNECT_TIMEOUT
ann_pid="" bob_pid=""

clean_up() {
	trap - EXIT HUP INT PIPE TERM
	for pid in $ann_pid $bob_pid; do
		kill "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	rm -f "$WORK"/Ann.* "$WORK"/Bob.* "$WORK/psql.log" "$WORK/pgbench.log"
}
trap clean_up EXIT
trap 'exit 130' HUP INT PIPE TERM

fail() {
	echo "demo.sh: $*" >&2
	exit 1
}

# must ACTUAL EXPECTED WHAT: what we tell has to be true.
must() {
	[ "$1" = "$2" ] || fail "$3: expected $2, got $1"
}

# Wait until a command succeeds.
await() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt $((PATIENCE * 10)) ] || fail "gave up waiting: $*"
		sleep 0.1
	done
}

headline() {
	printf '\n%s\n%s\n\n' "$1" "$(echo "$1" | sed 's/./-/g')"
}

# show WHO SQL: print what somebody types.
show() {
	printf '%s\n' "$2" | sed "1s/^/    $1> /; 2,\$s/^/         /"
}

# Print an answer, indented, in 80 columns.
show_answer() {
	sed '/^$/d' | fold -s -w 74 | sed 's/^/    /; s/ *$//'
	echo
}

# run WHO SQL: a statement in a session of its own, which must succeed.
run() {
	show "$1" "$2"
	psql -X -v ON_ERROR_STOP=1 -c "$2" >"$WORK/psql.log" 2>&1 || { cat "$WORK/psql.log" >&2; fail "psql failed"; }
	show_answer <"$WORK/psql.log"
}

# The one value that a query returns.
value_of() {
	psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1"
}

# send WHO SQL: type a statement in a session, and do not wait for the answer.
# Behind it the session prints a mark, with the statement's SQLSTATE.
send() {
	show "$1" "$2"
	case $1 in
		Ann) printf '%s\n\\echo done :SQLSTATE\n' "$2" >&3 ;;
		Bob) printf '%s\n\\echo done :SQLSTATE\n' "$2" >&4 ;;
	esac
}

# hear WHO SQLSTATE: wait for the answer, print it, and check its SQLSTATE.
hear() {
	await grep -q '^done ' "$WORK/$1.out"
	sqlstate=$(sed -n 's/^done //p' "$WORK/$1.out")
	{
		sed '/^done /d' "$WORK/$1.out"
		[ "$sqlstate" = 00000 ] || echo "SQLSTATE:  $sqlstate"
	} | show_answer
	: >"$WORK/$1.out"
	must "$sqlstate" "$2" "the SQLSTATE of what $1 was told"
}

# ask WHO SQL SQLSTATE: type a statement, and hear the answer.
ask() {
	send "$1" "$2"
	hear "$1" "$3"
}

# The balance and the version of the account that everybody wants.
row() {
	value_of "SELECT abalance, version FROM pgbench_accounts WHERE aid = 4711"
}

bob_waits_for_ann() {
	[ "$(value_of "SELECT count(*) FROM pg_stat_activity
					WHERE application_name = 'Bob'
					  AND EXISTS (SELECT FROM pg_stat_activity ann
								   WHERE ann.application_name = 'Ann'
									 AND ann.pid = ANY (pg_blocking_pids(pg_stat_activity.pid)))")" = 1 ]
}

# bench ARGUMENT...: run pgbench; its report is kept in pgbench.log.
bench() {
	pgbench "$@" >"$WORK/pgbench.log" 2>&1 || { cat "$WORK/pgbench.log" >&2; fail "pgbench failed"; }
}

# How often versions were counted up, all accounts together.
sum_of_bumps() {
	value_of "SELECT sum(version - 1) FROM pgbench_accounts"
}

cat <<'END'

Two people open the same record. Both change it, both save. The one who saves
second overwrites what the first one did, and nobody is told. This is called a
lost update, and a database does not prevent it by itself: it cannot know that
the second change was made to a record that has changed since.

Optimistic locking lets it know. Each row carries a version number; whoever
saves a row says which version was read; and if the row has moved on since, the
write is refused. Here the PostgreSQL server itself does that, for every
client, by the extension "concurrency".
END

headline '1. A table that was not made for this'
cat <<'END'
pgbench is PostgreSQL's own benchmark. It fills a little bank:
END
echo
echo '    $ pgbench -i -s 1'
bench -i -s 1 -q
printf '    %s accounts\n\n' "$(value_of 'SELECT count(*) FROM pgbench_accounts')"
cat <<'END'
The extension is installed once per database. After that, one call protects the
table of accounts. It adds a column "version", which is 1 in every row, and a
trigger that keeps it:

END
run DBA 'CREATE EXTENSION concurrency;'
run DBA "SELECT concurrency.attach('pgbench_accounts');"
must "$(sum_of_bumps)" 0 "versions that are not 1"

headline '2. Ann and Bob read the same account'
for who in Ann Bob; do
	mkfifo "$WORK/$who.in"
	: >"$WORK/$who.out"
done
PGAPPNAME=Ann psql -X -n <"$WORK/Ann.in" >>"$WORK/Ann.out" 2>&1 &
ann_pid=$!
exec 3>"$WORK/Ann.in"
PGAPPNAME=Bob psql -X -n <"$WORK/Bob.in" >>"$WORK/Bob.out" 2>&1 3>&- &
bob_pid=$!
exec 4>"$WORK/Bob.in"

cat <<'END'
These are two real sessions, open at the same time. Each reads the row that it
is going to change, and with it the row's version:

END
ask Ann 'SELECT aid, abalance, version FROM pgbench_accounts WHERE aid = 4711;' 00000
ask Bob 'SELECT aid, abalance, version FROM pgbench_accounts WHERE aid = 4711;' 00000

headline '3. Both save'
cat <<'END'
Ann books 100, Bob books 50. Each computes the new balance from what was read,
and sends the version along. Ann is first, but has not committed yet:

END
ask Ann 'BEGIN;' 00000
ask Ann 'UPDATE pgbench_accounts SET abalance = 100, version = 1
 WHERE aid = 4711;' 00000
cat <<'END'
Bob saves, too. PostgreSQL makes him wait, because Ann is not done:

END
send Bob 'UPDATE pgbench_accounts SET abalance = 50, version = 1
 WHERE aid = 4711;'
await bob_waits_for_ann
printf '         (Bob waits for Ann)\n\n'
ask Ann 'COMMIT;' 00000
cat <<'END'
Ann's write is accepted. Now PostgreSQL would let Bob's go through, and Ann's
100 would be gone. Instead, this is what Bob is told:

END
hear Bob PT409
must "$(row)" '100|2' "balance and version after Ann's write"

cat <<'END'
A program knows this error by its SQLSTATE, PT409, as in HTTP's "409 Conflict".

Nothing is lost. Bob does what the hint says: he reads again, books his 50 on
top of Ann's 100, and sends the version that he has read now:

END
ask Bob 'SELECT aid, abalance, version FROM pgbench_accounts WHERE aid = 4711;' 00000
ask Bob 'UPDATE pgbench_accounts SET abalance = 150, version = 2
 WHERE aid = 4711 RETURNING abalance, version;' 00000
must "$(row)" '150|3' "balance and version after Bob's second write"

headline '4. A tool that knows nothing of versions'
cat <<'END'
Ann reads the row once more, and thinks about it:

END
ask Ann 'SELECT aid, abalance, version FROM pgbench_accounts WHERE aid = 4711;' 00000
cat <<'END'
Meanwhile somebody corrects the balance with an admin tool. It sends no version
(a blind write). That is allowed unless the table says otherwise, and it counts
the version up as every write does:

END
run Tool 'UPDATE pgbench_accounts SET abalance = 99 WHERE aid = 4711;'
must "$(row)" '99|4' "balance and version after the tool's write"
cat <<'END'
So what Ann has read is stale now, and she cannot overwrite the correction:

END
ask Ann 'UPDATE pgbench_accounts SET abalance = 175, version = 3
 WHERE aid = 4711;' PT409
must "$(row)" '99|4' "balance and version after Ann's stale write"

headline '5. Under load'
cat <<'END'
pgbench now writes with 8 clients at once, for 5 seconds. Each transaction
changes one account, blindly, and adds one row to a history. If no write is
missed and none counted twice, all versions together grow by the same number.

    $ pgbench -N -c 8 -j 2 -T 5
END
before=$(sum_of_bumps)
bench -N -c 8 -j 2 -T 5
transactions=$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$WORK/pgbench.log")
history=$(value_of 'SELECT count(*) FROM pgbench_history')
after=$(sum_of_bumps)
cat <<END

    transactions that pgbench reports      $transactions
    rows in the history                    $history
    versions, all accounts together        $((after - before)) more than before ($before -> $after)

END
[ "${transactions:-0}" -gt 0 ] || fail "pgbench reports no transactions"
must "$history" "$transactions" "rows in the history"
must "$((after - before))" "$transactions" "growth of the versions"
cat <<'END'
They agree. All that was said above was checked while it was shown.
README.md says how to protect your own tables.

END
