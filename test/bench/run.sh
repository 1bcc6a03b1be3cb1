#!/bin/sh
# run.sh: ours and other ways to keep a version column, side by side.  Called by
# throwaway.sh.
#
# Every round runs every peer once, each time in another order, so that what the
# machine does meanwhile meets all of them.  Prints a table, and draws a picture.
#
#   BENCH_ROWS     rows of the largest table (1000000)
#   BENCH_ROUNDS   rounds (5)
#   BENCH_SECONDS  seconds of each run of pgbench (2)
#   BENCH_WORKLOADS, BENCH_RUNS  which of them, in SQL and by pgbench
#   BENCH_SVG      the picture's file (performance.svg in TMPDIR or /tmp)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rows=${BENCH_ROWS:-1000000}
rounds=${BENCH_ROUNDS:-5}
seconds=${BENCH_SECONDS:-2}
svg=${BENCH_SVG:-${TMPDIR:-/tmp}/performance.svg}
: >"$svg"						# rather than fail after all is measured
dir=$(mktemp -d "$WORK/bench.XXXXXX")
export PGOPTIONS='-c client_min_messages=error -c synchronous_commit=off'

has_moddatetime=$([ ! -e "$("$PG_CONFIG" --pkglibdir)/moddatetime.so" ] || echo moddatetime)

# The workloads in SQL, and the peers of each.  "shortcut" is ours, with concurrency.shortcut on.
workloads=${BENCH_WORKLOADS-narrow wide toasted few copy insert upsert partitions stale}
peers() {
	case $1 in
		narrow) echo none hand empty ours shortcut watch several skip_check skip_bump counting checking $has_moddatetime suppress ;;
		wide | toasted | few | partitions) echo hand empty ours shortcut counting checking ;;
		copy | insert) echo none empty ours no_stamp counting ;;
		upsert) echo hand empty ours counting checking ;;
		stale) echo hand ours ;;
	esac
}

# ... and those of pgbench: protocol, number of clients, rows to choose from
runs=${BENCH_RUNS-simple:8:many prepared:1:many prepared:8:many prepared:32:many prepared:8:one}
run_peers="hand empty ours shortcut checking"

# turn ROUND PEER...: the peers, beginning with another one in each round.
turn() {
	turns=$(($1 % ($# - 1)))
	shift
	while [ $turns -gt 0 ]; do
		set -- "$@" "$1"
		shift
		turns=$((turns - 1))
	done
	echo "$@"
}

rows_of() {
	case $1 in
		narrow) echo "$rows" ;;
		toasted | few) echo $((rows / 100)) ;;
		copy | insert) echo $((rows / 5)) ;;
		*) echo $((rows / 10)) ;;
	esac
}

columns="id int, n int, k bigint, a text, b text, changed timestamptz, version bigint NOT NULL DEFAULT 1, version2 bigint NOT NULL DEFAULT 1"
values="i, i, i, 'abc' || i % 100, 'abc' || i % 100, now()"

create_table() {
	fill="INSERT INTO $1 SELECT $values FROM generate_series(1, $(rows_of "$1")) i;"
	case $1 in
		wide)
			echo "CREATE TABLE wide (id int, n int, k bigint, $(seq -f 'c%g text' -s ', ' 60), version bigint NOT NULL DEFAULT 1);"
			echo "INSERT INTO wide SELECT i, i, i, $(seq 60 | sed "s/.*/'abc' || i % 100/" | paste -sd ,) FROM generate_series(1, $(rows_of wide)) i;" ;;
		toasted)
			echo "CREATE TABLE toasted ($columns); ALTER TABLE toasted ALTER a SET STORAGE EXTERNAL;"
			echo "INSERT INTO toasted SELECT i, i, i, repeat('0123456789', 800), 'abc', now() FROM generate_series(1, $(rows_of toasted)) i;" ;;
		copy) echo "CREATE TABLE copy ($columns);"
			echo "COPY (SELECT $values FROM generate_series(1, $(rows_of copy)) i) TO '$dir/copy';" ;;
		insert) echo "CREATE TABLE insert ($columns);" ;;
		upsert) echo "CREATE TABLE upsert ($columns, PRIMARY KEY (id)); $fill" ;;
		stale) echo "CREATE TABLE stale ($columns, PRIMARY KEY (id)); $fill" ;;
		partitions)
			echo "CREATE TABLE partitions ($columns) PARTITION BY HASH (id);"
			for i in $(seq 0 99); do
				echo "CREATE TABLE partitions_$i PARTITION OF partitions FOR VALUES WITH (MODULUS 100, REMAINDER $i);"
			done
			echo "$fill" ;;
		*) echo "CREATE TABLE $1 ($columns); $fill" ;;
	esac
}

attach() {
	on="$1 FOR EACH ROW EXECUTE FUNCTION"
	case $2 in
		none | hand) ;;
		ours | shortcut | skip_*) echo "SELECT concurrency.attach('$1'$([ "$1" != stale ] || echo ", on_conflict => 'skip'"));" ;;
		watch) echo "SELECT concurrency.attach('$1', watch => 'n,k');" ;;
		several) echo "SELECT concurrency.attach('$1'), concurrency.attach('$1', 'version2');" ;;
		no_stamp) echo "SELECT concurrency.attach('$1', stamp_insert => false);" ;;
		moddatetime) echo "CREATE TRIGGER t BEFORE UPDATE ON $on moddatetime(changed);" ;;
		checking) echo "CREATE TRIGGER t BEFORE UPDATE ON $on checking_trigger();" ;;
		suppress) echo "CREATE TRIGGER t BEFORE UPDATE ON $on suppress_redundant_updates_trigger();" ;;
		*) echo "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON $on $2_trigger();" ;;
	esac
}

detach() {
	case $2 in
		none | hand) ;;
		several) echo "SELECT concurrency.detach('$1'), concurrency.detach('$1', 'version2');" ;;
		ours | shortcut | watch | skip_* | no_stamp) echo "SELECT concurrency.detach('$1');" ;;
		*) echo "DROP TRIGGER t ON $1;" ;;
	esac
}

# The statement; by hand, the writer counts.
statement() {
	case $1:$2 in
		copy:*) echo "COPY copy (id, n, k, a, b, changed) FROM '$dir/copy';" ;;
		insert:*) echo "INSERT INTO insert SELECT $values FROM generate_series(1, $(rows_of insert)) i;" ;;
		upsert:*) echo "INSERT INTO upsert AS t SELECT $values FROM generate_series(1, $(rows_of upsert)) i" \
			"ON CONFLICT (id) DO UPDATE SET k = EXCLUDED.k$([ "$2" != hand ] || echo ', version = t.version + 1');" ;;
		stale:hand) echo "UPDATE stale t SET k = k + 1, version = t.version + 1 FROM tokens WHERE t.id = tokens.id AND t.version = tokens.version;" ;;
		stale:*) echo "UPDATE stale t SET k = k + 1, version = tokens.version FROM tokens WHERE t.id = tokens.id;" ;;
		*:hand) echo "UPDATE $1 SET k = k + 1, version = version + 1;" ;;
		*) echo "UPDATE $1 SET k = k + 1;" ;;
	esac
}

# Before and after the statement, unmeasured.
prepare() {
	case $1 in
		copy | insert) echo "TRUNCATE $1;" ;;
		stale) echo "DROP TABLE IF EXISTS tokens; CREATE TABLE tokens AS SELECT id, version - (id % 100 = 0)::int AS version FROM stale; ANALYZE tokens;" ;;
	esac
	attach "$1" "$2"
	case $2 in
		shortcut) echo "SET concurrency.shortcut = on;" ;;
		skip_*) echo "BEGIN; SELECT concurrency.$2('$1');" ;;
	esac
}

finish() {
	case $2 in
		shortcut) echo "RESET concurrency.shortcut;" ;;
		skip_*) echo "COMMIT;" ;;
	esac
}

clean_up() {
	detach "$1" "$2"
	case $1 in copy | insert) ;; *) echo "VACUUM $1;" ;; esac
}

measure() {
	printf '%s\n' "\\o /dev/null"
	prepare "$1" "$2"
	echo "SELECT clock_timestamp() AS began, pg_current_wal_insert_lsn() AS lsn \\gset"
	statement "$1" "$2"
	finish "$1" "$2"
	echo "SELECT extract(epoch FROM clock_timestamp() - :'began') AS took, pg_current_wal_insert_lsn() - :'lsn' AS wal \\gset"
	clean_up "$1" "$2"
	printf '%s\n' "\\o"
	[ "$3" = 0 ] || printf '%s\n' "\\echo $1 $2 :took :wal $(rows_of "$1")"
}

# the server: nothing but the statements writes, and what is written is a row
psql -X -q -v ON_ERROR_STOP=1 <<SQL
ALTER SYSTEM SET shared_buffers = '1GB';
ALTER SYSTEM SET max_connections = 50;
ALTER SYSTEM SET max_wal_size = '8GB';
ALTER SYSTEM SET checkpoint_timeout = '1h';
ALTER SYSTEM SET full_page_writes = off;
ALTER SYSTEM SET autovacuum = off;
ALTER SYSTEM SET jit = off;
SQL
pg_ctl -D "$WORK/data" -l "$WORK/server.log" -m fast -w -s restart
make -s -C "$here" PG_CONFIG="$PG_CONFIG" with_llvm=no >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }

{
	echo "\\o /dev/null"
	echo "\\set module '$here/empty_trigger'"
	cat "$here/peers.sql"
	echo "CREATE EXTENSION concurrency;"
	[ -z "$has_moddatetime" ] || echo "CREATE EXTENSION moddatetime;"
	for workload in $workloads; do create_table $workload; done
	for peer in $run_peers; do
		echo "CREATE TABLE one_$peer ($columns, PRIMARY KEY (id)); INSERT INTO one_$peer SELECT $values FROM generate_series(1, $((rows / 10))) i;"
		attach one_$peer $peer
	done
	echo "VACUUM ANALYZE;"
} | psql -X -q -v ON_ERROR_STOP=1

# round 0 only warms up
for round in $(seq 0 "$rounds"); do
	echo "round $round of $rounds, $(date +%H:%M:%S)" >&2
	{
		echo "CHECKPOINT;"
		for workload in $workloads; do
			[ $round != 0 ] || [ $workload = narrow ] || continue
			for peer in $(turn $round $(peers $workload)); do
				[ $round != 0 ] || [ $peer = hand ] || [ $peer = empty ] || continue
				measure $workload $peer $round
			done
		done
	} | psql -X -q -v ON_ERROR_STOP=1 >>"$dir/sql"
	[ $round != 0 ] || continue
	for run in $runs; do
		IFS=: read -r protocol clients choice <<-END
			$run
		END
		for peer in $(turn $round $run_peers); do
			[ $choice = one ] && last=1 || last=$((rows / 10))
			printf '\\set id random(1, %s)\nUPDATE one_%s SET k = k + 1%s WHERE id = :id;\n' \
				$last $peer "$([ $peer != hand ] || echo ', version = version + 1')" >"$dir/script"
			[ $peer = shortcut ] && options="-c session_preload_libraries=concurrency -c concurrency.shortcut=on" || options=
			tps=$(PGOPTIONS="$PGOPTIONS $options" pgbench -n -M $protocol -c $clients -j 2 -T "$seconds" -f "$dir/script" 2>"$dir/log" |
				sed -n 's/^tps = \([0-9.]*\).*/\1/p')
			echo "pgbench:$run $peer ${tps:?$(cat "$dir/log")}" >>"$dir/pgbench"
		done
	done
done

cat "$dir/sql" "$dir/pgbench" | perl "$here/report.pl" "$svg"
rm -rf "$dir"
