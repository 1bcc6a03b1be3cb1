#!/bin/sh
# instructions.sh: count the instructions that PostgreSQL executes for a row and
# for a statement, with ours and with other ways to keep a version.  Called by
# throwaway.sh.
#
# Instructions repeat where time does not.  One server process, under callgrind,
# runs every statement three times: on a table of 1 row, which fills its caches,
# on another one of 1 row, and on one of 1001: the difference is what 1000 rows
# cost.  Callgrind writes down a total before each statement.
#
# BENCH_CASES and BENCH_PEERS choose what is counted.  Prints, tab-separated:
# case, peer, instructions per row, and per statement of one row.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d "$WORK/instructions.XXXXXX")
rows=1000
only_peers=$(echo "${BENCH_PEERS:-.*}" | tr ' ' '|')
cases=${BENCH_CASES:-cached first last wide middle echo increment watch insert uuid skip_check skip_bump expect_1 expect_10 edits edits_others
	columns_10 columns_100 columns_500 attached_1 attached_4 attached_8 partitions_1 partitions_10 partitions_100
	prepared nothing}

# The statement is the same for all peers but "hand", which names the version.
# "shortcut" is ours with concurrency.shortcut on.
peers() {
	case $1 in
		cached) echo none hand empty ours shortcut counting checking moddatetime ;;
		last | wide) echo none hand empty ours shortcut counting checking ;;
		middle) echo none hand empty walking ours shortcut counting ;;
		insert) echo none empty ours counting ;;
		first | partitions_* | uuid | watch | prepared | nothing) echo none hand empty ours shortcut ;;
		echo | increment | attached_*) echo empty ours shortcut ;;
		edits* | *_[0-9]*) echo empty ours ;;
		*) echo none hand empty ours ;;
	esac | tr ' ' '\n' | grep -xE "$only_peers"
}

columns() {
	case $1 in
		first) echo "version bigint, id int, n int, k bigint, a text, b text, changed timestamptz" ;;
		last) echo "id int, n int, k bigint, a text, b text, changed timestamptz, version bigint" ;;
		wide) echo "id int, n int, k bigint, $(seq -f 'c%g text' -s ', ' 60), version bigint" ;;
		middle) echo "id int, a text, n int, b text, k bigint, version bigint, changed timestamptz" ;;
		edits* | prepared | nothing) echo "id int PRIMARY KEY, n int, k bigint, version bigint, a text, b text, changed timestamptz" ;;
		uuid) echo "id int, n int, k bigint, version uuid, a text, b text, changed timestamptz" ;;
		columns_*) echo "id int, n int, k bigint, $(seq -f 'c%g text' -s ', ' ${1#*_}), version bigint" ;;
		attached_*) echo "id int, k bigint, $(seq -f 'v%g bigint' -s ', ' ${1#*_}), version bigint, a text" ;;
		*) echo "id int, n int, k bigint, version bigint, a text, b text, changed timestamptz" ;;
	esac
}

# What the statement sets, but for the version.
values() {
	case $1 in
		echo) echo "k = k + 1, version = 1" ;;
		increment) echo "k = k + 1, version = version + 1" ;;
		*) echo "k = k + 1" ;;
	esac
}

next_version() {
	case $1 in
		uuid) echo "gen_random_uuid()" ;;
		*) echo "version + 1" ;;
	esac
}

# Fill a table, as SQL: all columns but the numbers are short texts.
fill() {
	cat <<-SQL
		SELECT format('INSERT INTO $1 SELECT %s FROM generate_series(1, $2) i', string_agg(CASE
			WHEN attname = 'version' AND atttypid = 'uuid'::regtype THEN 'gen_random_uuid()'
			WHEN attname = 'version' THEN '1'
			WHEN atttypid = 'timestamptz'::regtype THEN 'now()'
			WHEN atttypid = 'text'::regtype THEN '''abc'' || i % 100' ELSE 'i' END, ', ' ORDER BY attnum))
		  FROM pg_attribute WHERE attrelid = '$1'::regclass AND attnum > 0 \gexec
	SQL
}

# Attach a peer's trigger to a table, as SQL.
attach() {
	if [ "${3%_*}" = attached ]; then
		for i in $(seq ${3#*_}); do
			case $1 in
				ours | shortcut) echo "SELECT concurrency.attach('$2', 'v$i');" ;;
				*) echo "CREATE TRIGGER t$i BEFORE INSERT OR UPDATE ON $2 FOR EACH ROW EXECUTE FUNCTION $1_trigger();" ;;
			esac
		done
		return
	fi
	on="ON $2 FOR EACH ROW EXECUTE FUNCTION"
	case $1 in
		none | hand) ;;
		ours | shortcut)
			case $3 in
				watch) options=", watch => 'n,k'" ;;
				edits*) options=", edits => 'refuse'" ;;
				*) options= ;;
			esac
			echo "SELECT concurrency.attach('$2'$options);" ;;
		walking) echo "SELECT format('CREATE TRIGGER t BEFORE UPDATE $on walking_trigger(%s)', attnum)" \
			"FROM pg_attribute WHERE attrelid = '$2'::regclass AND attname = 'version' \gexec" ;;
		moddatetime) echo "CREATE TRIGGER t BEFORE UPDATE $on moddatetime(changed);" ;;
		*) echo "CREATE TRIGGER t BEFORE INSERT OR UPDATE $on $1_trigger();" ;;
	esac
}

# The tables of a case: to fill the caches, of one row, and of many.  Where the statement
# is for one row at most, its table has many, so that it is found by its key.
runs="a b c"
rows_of() {
	case $1$2 in
		*c | prepared* | nothing*) echo $((rows + 1)) ;;
		*) echo 1 ;;
	esac
}

table_of() {
	printf 't_%s_%-12s%s' "$1" "$2" "$3" | tr ' ' _
}

# Edits of other rows: of another table's, and of these tables'.
edit_others() {
	for run_edited in $runs other; do
		edited="'$(table_of edits_others ours "$run_edited")'::regclass"
		[ $run_edited != other ] || edited=1::oid
		echo "INSERT INTO concurrency.leases SELECT $edited, oidsend($edited::oid) || int4send(-i), 10, 'ann', true, now(), now() + interval '1 hour', '1 hour', '1' FROM generate_series(1, 25000) i"
	done
	echo "VACUUM ANALYZE concurrency.leases"
}

# Each measured statement stands between others that are always the same.
statements() {
	for run in $runs; do
		table=$(table_of "$1" "$2" $run)
		case $1 in
			skip_*) echo "BEGIN"; [ "$2" != ours ] || echo "SELECT concurrency.$1('$table')" ;;
			edits_others) [ "$2$run" != oursa ] || edit_others ;;
			expect_*) echo "BEGIN"; [ "$2" != ours ] || echo "SELECT concurrency.expect('$table', 1)" ;;
		esac
		case $1$2 in
			insert*) statement="INSERT INTO $table SELECT id, n, k, version, a, b, changed FROM source_$run" ;;
			*hand) statement="UPDATE $table SET $(values "$1"), version = $(next_version "$1")" ;;
			*) statement="UPDATE $table SET $(values "$1")" ;;
		esac
		case $1 in
			prepared) statement="$statement WHERE id = 1" ;;
			nothing) statement="$statement WHERE id = 0" ;;
		esac
		[ $2 != shortcut ] || echo "SET concurrency.shortcut = on"
		case $1 in
			prepared | nothing)
				# after five times, the plan is kept
				echo "PREPARE $table AS $statement"
				statement="EXECUTE $table"
				printf '%s\n' "$statement" "$statement" "$statement" "$statement" "$statement" "$statement" ;;
		esac
		# EXPLAIN fills the caches
		printf '%s\n' "EXPLAIN $statement" "SELECT 1" "--$1 $2 $run" "$statement" "SELECT 1"
		[ $2 != shortcut ] || echo "SET concurrency.shortcut = off"
		case $1 in skip_* | expect_*) echo "COMMIT" ;; esac
	done
}

each() {
	for case in $cases; do
		for peer in $(peers $case); do
			[ $peer != moddatetime ] || [ -n "$has_moddatetime" ] || continue
			"$@" $case $peer
		done
	done
}

create_tables() {
	for run in $runs; do
		table=$(table_of "$1" "$2" $run)
		echo "CREATE TABLE $table ($(columns "$1"))"
		case $1 in
			partitions_* | expect_*)
				echo "PARTITION BY HASH (id);"
				for i in $(seq ${1#*_}); do
					echo "CREATE TABLE ${table}_$i PARTITION OF $table FOR VALUES WITH (MODULUS ${1#*_}, REMAINDER $((i - 1)));"
				done ;;
		esac
		echo ";"
		echo "ALTER TABLE $table ALTER version SET NOT NULL, ALTER version SET DEFAULT $([ "$1" = uuid ] && echo 'gen_random_uuid()' || echo 1);"
		[ "$1" = insert ] || fill "$table" "$(rows_of "$1" $run)"
		attach "$2" "$table" "$1"
	done
}

has_moddatetime=$([ ! -e "$("$PG_CONFIG" --pkglibdir)/moddatetime.so" ] || echo yes)
make -s -C "$here" PG_CONFIG="$PG_CONFIG" with_llvm=no >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
{
	echo '\set QUIET on'
	echo "\\set module '$here/empty_trigger'"
	cat "$here/peers.sql"
	echo "CREATE EXTENSION concurrency;"
	[ -z "$has_moddatetime" ] || echo "CREATE EXTENSION moddatetime;"
	for run in $runs; do
		echo "CREATE TABLE source_$run ($(columns insert));"
		fill source_$run "$(rows_of insert $run)"
	done
	each create_tables
	echo "VACUUM (FREEZE, ANALYZE);"
} >"$dir/setup.sql"

export LC_ALL=C
initdb -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1
pg_ctl -D "$dir/data" -l "$dir/server.log" -w start \
	-o "-c listen_addresses= -c unix_socket_directories=$dir -c fsync=off -c autovacuum=off" >"$dir/log" 2>&1
PGHOST=$dir psql -X -q -v ON_ERROR_STOP=1 -f "$dir/setup.sql" >"$dir/log" 2>&1 || { cat "$dir/log"; setup=failed; }
pg_ctl -D "$dir/data" -m fast -w stop >/dev/null
[ -z "${setup-}" ]

{
	each statements
	echo "SELECT 1"
} >"$dir/script"
awk '/^--/ { print n + 1, substr($0, 3); next } { n++; print >out }' out="$dir/statements" "$dir/script" >"$dir/labels"

# statistics are sent once a second, and WAL segments made now and then: neither
# repeats.  18 sends some whatever track_counts is: they are not counted.
cd "$dir"
valgrind -q --tool=callgrind --callgrind-out-file="$dir/out" --dump-before=pg_parse_query \
	--toggle-collect=pgstat_report_stat --collect-atstart=yes \
	"$("$PG_CONFIG" --bindir)/postgres" --single -D "$dir/data" \
	-c jit=off -c fsync=off -c track_counts=off -c wal_init_zero=off -c shared_buffers=256MB postgres \
	<"$dir/statements" >"$dir/log" 2>&1 || { tail "$dir/log"; exit 1; }
! grep -E 'ERROR|FATAL|PANIC' "$dir/log" || exit 1

# line N of the script was counted by the time line N + 1 was read
while read -r line case peer run; do
	echo "$case $peer $run $(sed -n 's/^totals: //p' "$dir/out.$((line + 1))")"
done <"$dir/labels" |
	awk -v OFS='\t' -v rows=$rows '
		$3 == "b" { one = $4 }
		$3 == "c" { printf "%s\t%s\t%.0f\t%d\n", $1, $2, ($4 - one) / rows, one }'
rm -rf "$dir"
