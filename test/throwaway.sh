#!/bin/sh
# throwaway.sh SCRIPT [ARGUMENT...]: run SCRIPT, of this directory, in a copy of
# this tree and beside a throw-away PostgreSQL that has the extension; leave
# nothing behind.
#
# Installs what is missing on Debian.  PG_CONFIG chooses the PostgreSQL, PG_CFLAGS
# adds compiler flags, SERVER_OPTIONS options of the server, and SERVER_WRAPPER is a
# command to run it under.  SCRIPT runs as an unprivileged user and finds
#   PATH PG_CONFIG PGUSER PGDATABASE   of the throw-away server, which listens at
#   PGHOST PGPORT                      a socket, and at 127.0.0.1
#   WORK TMPDIR HOME                   a directory for whatever it makes
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
script=$1
shift
clients=$*						# for clients/run.sh
WORK=$(mktemp -d "${TMPDIR:-/tmp}/concurrency.XXXXXX")
chmod 755 "$WORK"
. "$top/test/lib.sh"

clean_up() {
	trap - EXIT
	trap '' HUP INT PIPE TERM	# a reader who is gone must not end this
	stop_progress
	stop_servers
	rm -rf "$WORK"
}
trap clean_up EXIT
trap 'exit 130' HUP INT PIPE TERM

# Print the first pg_config that has a server, its headers and PGXS with it.
usable_pg_config() {
	for candidate in ${PG_CONFIG:-pg_config $(ls -d /usr/lib/postgresql/*/bin/pg_config 2>/dev/null | sort -rV)}; do
		pgxs=$("$candidate" --pgxs 2>/dev/null) || continue
		# Debian's client package has PGXS, and only its dev package the headers
		if [ -f "$pgxs" ] && [ -f "$("$candidate" --includedir-server)/postgres.h" ] &&
			[ -x "$("$candidate" --bindir)/initdb" ]; then
			echo "$candidate"
			return
		fi
	done
	return 1
}

# Print the Debian packages that clients' tests miss: each line of a file "needs"
# has packages, and a command that succeeds where they are there.
missing_client_packages() {
	for client in "$@"; do
		[ ! -e "$top/test/clients/$client/needs" ] ||
			while IFS=: read -r packages probe; do
				as_user sh -c "$probe" >/dev/null 2>&1 </dev/null || echo "$packages"
			done <"$top/test/clients/$client/needs"
	done | tr ' ' '\n' | sort -u
}

# Print the Debian packages that are missing here.
missing_packages() {
	command -v gcc >/dev/null && [ -e /usr/include/stdio.h ] || echo gcc libc6-dev
	perl -MIPC::Run -e 1 2>/dev/null || echo libipc-run-perl
	perl -MDBD::Pg -e 1 2>/dev/null || echo libdbd-pg-perl
	case $script in
		run.sh | bench/instructions.sh) command -v valgrind >/dev/null || echo valgrind ;;
		checks/coverage.sh) command -v lcov >/dev/null || echo lcov ;;
		checks/lint.sh)
			command -v scan-build >/dev/null || echo clang-tools
			command -v cppcheck >/dev/null || echo cppcheck
			command -v shellcheck >/dev/null || echo shellcheck ;;
	esac
	case "$script $clients" in
		fuzz/run.sh*sqlsmith*) command -v sqlsmith >/dev/null || echo sqlsmith ;;
	esac
	case $script in
		run.sh)
			case " ${SUITES:-prove} " in
				*" prove "*) command -v spin >/dev/null || echo spin ;;
			esac
			case " ${SUITES:-clients} " in
				*" clients "*) missing_client_packages $(cat "$top/test/clients/quick") ;;
			esac ;;
		clients/run.sh) missing_client_packages ${clients:-$(cd "$top/test/clients" && ls -d */)} ;;
	esac
	usable_pg_config >/dev/null || {
		# the meta-packages serve before apt has its lists
		major=$(apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p')
		echo "postgresql${major:+-$major} postgresql-server-dev-${major:-all}"
	}
}

ensure_packages() {
	if [ -n "${PG_CONFIG-}" ] && ! usable_pg_config >/dev/null; then
		say "PG_CONFIG=$PG_CONFIG is not the pg_config of a PostgreSQL with its server and its server development files."
		exit 1
	fi
	[ -n "$(missing_packages)" ] || return 0
	if ! command -v apt-get >/dev/null; then
		say "Needed: gcc, perl with IPC::Run and DBD::Pg, and PG_CONFIG set to a PostgreSQL with its server development files."
		exit 1
	elif [ "$(id -u)" = 0 ] || command -v sudo >/dev/null; then
		install_packages $(missing_packages)
	else
		say "As root, run:  apt-get update && apt-get install -y --no-install-recommends" $(missing_packages)
		exit 1
	fi
}

# Make a directory below WORK that holds links to all that the original holds.
mirror_directory() {
	mkdir -p "$WORK$1"
	ln -sf "$1"/* "$WORK$1/"
}

# A PostgreSQL finds its files from where its programs are.  So a copy of the
# programs, with links to the rest, is one that we may install into.
mirror_postgresql() {
	original=$("$1" --bindir)
	mkdir -p "$WORK$original"
	cp "$original"/pg* "$original"/postgres "$original"/initdb "$original"/psql "$original"/create* "$original"/drop* "$original"/vacuum* "$WORK$original/"
	mirror_directory "$("$1" --pkglibdir)"
	mirror_directory "$("$1" --sharedir)"
	rm "$WORK$("$1" --sharedir)/extension"
	mirror_directory "$("$1" --sharedir)/extension"
	rm -f "$WORK$("$1" --sharedir)"/extension/concurrency* "$WORK$("$1" --pkglibdir)"/concurrency.so
	includes=$("$1" --includedir)
	mkdir -p "$WORK$(dirname "$includes")"
	ln -s "$includes" "$WORK$includes"
	bin=$WORK$original
}

build_and_install() {
	mkdir "$WORK/source"
	(cd "$top" && tar --exclude=.git --exclude=node_modules --exclude='*.o' --exclude='*.so' --exclude='*.bc' -cf - .) | tar -C "$WORK/source" -xf -
	if [ "$(id -u)" = 0 ]; then chown -R nobody "$WORK"; fi
	step "Building the extension for $("$bin/pg_config" --version)" as_user make -C "$WORK/source" PG_CONFIG="$bin/pg_config" PG_CFLAGS="${PG_CFLAGS-}" with_llvm=no install
}

free_port() {
	perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

# In the place of the server, put a script that runs it under another program.
wrap_server() {
	as_user mv "$bin/postgres" "$bin/postgres.real"
	as_user tee "$bin/postgres" >/dev/null <<-END
		#!/bin/sh
		exec $SERVER_WRAPPER "$bin/postgres.real" "\$@"
	END
	as_user chmod 755 "$bin/postgres"
}

start_server() {
	port=$(free_port)
	quietly as_user "$bin/initdb" -D "$WORK/data" -U postgres -A trust -E UTF8 --locale=C --no-sync
	[ -z "${SERVER_WRAPPER-}" ] || wrap_server
	quietly as_user env WORK="$WORK" "$bin/pg_ctl" -D "$WORK/data" -l "$WORK/server.log" -w start \
		-o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$WORK -c fsync=off -c max_prepared_transactions=10 ${SERVER_OPTIONS-}"
}

ensure_packages
mirror_postgresql "$(usable_pg_config)"
build_and_install
start_server

cd "$WORK/source"
as_user env HOME="$WORK" TMPDIR="$WORK" WORK="$WORK" PATH="$bin:$PATH" PG_CONFIG="$bin/pg_config" \
	PGHOST="$WORK" PGPORT="$port" PGUSER=postgres PGDATABASE=postgres LC_ALL=C.UTF-8 sh "test/$script" "$@"
