#!/bin/sh
# build.sh MAJOR [fast | valgrind]: build PostgreSQL from Debian's source, with
# assertions and without optimization, and print where its pg_config is; "fast" is
# with it, and "valgrind" tells the server to explain its memory contexts to that,
# whose suppressions are then beside bin/.
set -eu
. "$(dirname "$0")/bring.sh"
major=$1 kind=${2:-assert}
suite=$(suite_of "$major")

case $kind in
	assert) cppflags="" cflags="-O0 -g1" ;;
	fast) cppflags="" cflags="-O2 -g1" ;;
	valgrind) cppflags=-DUSE_VALGRIND cflags="-Og -g" ;;
	*) fail "unknown kind of server: $kind" ;;
esac

# What the suites need of PostgreSQL, each behind what it is built upon.
directories="src/common src/port src/timezone src/backend src/backend/utils/mb/conversion_procs
	src/backend/snowball src/include src/interfaces/libpq src/backend/replication/libpqwalreceiver
	src/backend/replication/pgoutput src/fe_utils src/bin/initdb src/bin/pg_ctl src/bin/psql src/bin/pg_config
	src/bin/pg_dump src/bin/scripts src/bin/pg_basebackup src/bin/pg_resetwal src/bin/pgbench src/pl/plpgsql/src
	src/makefiles src/test/regress src/test/isolation contrib/postgres_fdw"

make_all() {
	make -s -j"$(nproc)" -C src/backend generated-headers
	for target in all install; do
		for directory in $directories; do
			make -s -j"$(nproc)" -C "$directory" $target
		done
	done
	make -s -C src/test/perl install
	make -s -C config install
	make -s -C src install-local
}

# Up to 15, the isolation tester is not installed.
install_isolation_tester() {
	directory=$(dirname "$("$prefix/bin/pg_config" --pgxs)")/../test/isolation
	[ -e "$directory" ] || {
		mkdir -p "$directory"
		cp src/test/isolation/isolationtester src/test/isolation/pg_isolation_regress "$directory"
	}
}

echo "$servers/$kind-$major/bin/pg_config"
begin "$kind-$major"
need gcc=gcc libc6-dev=gcc make=make bzip2=bzip2 xz-utils=xz bison=bison flex=flex valgrind=valgrind >/dev/null
add_source deb-src "$suite"
cd "$scratch"
foreign apt-get update
foreign apt-get source --download-only --tar-only "postgresql-$major" >/dev/null
tar -xf "postgresql-$major"*.orig.tar.*
cd "postgresql-$major"*/
# "set -e" would not hold in a command that is asked whether it succeeds
set +e
(
	set -e
	# these are for the extension; PostgreSQL's makefiles would take them for theirs
	unset PG_CFLAGS COPT
	./configure -q --prefix="$prefix" --enable-cassert --enable-debug --enable-tap-tests --without-readline \
		--without-icu --without-zlib CPPFLAGS="$cppflags" CFLAGS="$cflags -pipe"
	make_all
	install_isolation_tester
) >"$scratch/log" 2>&1
[ $? = 0 ] || {
	tail -n 30 "$scratch/log" >&2
	fail "failed: the build of PostgreSQL $major"
}
set -e
cp src/tools/valgrind.supp "$prefix/"
echo "$key" >"$prefix/complete"
