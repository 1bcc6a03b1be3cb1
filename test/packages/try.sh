#!/bin/sh
# try.sh: make what is released, and use it as whoever gets it would: build and
# try the PGXN archive elsewhere; install the Debian packages into a Debian that has
# nothing else, try them there, and purge them.
#
# Needs root, for chroot.  Installs what is missing, and otherwise leaves nothing
# behind.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$here/chroot.sh"

# server PROGRAM ARGUMENT...: in the chroot, run a program of the server that is tried.
server() {
	in_root runuser -u postgres -- env "PATH=/usr/lib/postgresql/$major/bin:/usr/bin:/bin" \
		PGHOST=/tmp/server PGDATA=/tmp/server/data "$@"
}

lies_in_one_directory() {
	unzip -Z1 "$archive" | grep -vE "^$(basename "$archive" .zip)/([^.]|\$)" | nothing
}

# This machine's own release, from the mirror and by the sources that it uses.
make_root() (
	. /etc/os-release
	step "Making a Debian" debootstrap --variant=minbase --include=ca-certificates "$VERSION_CODENAME" "$root" "$(mirror)"
	rm -f "$root/etc/apt/sources.list"	# this machine's may be in another file
	cp -a /etc/apt/. "$root/etc/apt/"
	cp -a /usr/share/keyrings/. "$root/usr/share/keyrings/"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"	# start no services
	chmod 755 "$root/usr/sbin/policy-rc.d"
	cp "$here/smoke.sh" "$root/tmp/"
	quietly in_root apt-get -q update
)

is_as_packaged() {
	in_root dpkg --verify "$1" | nothing
}

start_server() {
	in_root install -d -o postgres /tmp/server
	quietly server initdb -A trust -E UTF8 --locale=C --no-sync
	quietly server pg_ctl -w -l /tmp/server/log start -o "-c listen_addresses= -c unix_socket_directories=/tmp/server -c fsync=off"
}

stop_server() {
	quietly server pg_ctl -w -m fast stop
	rm -r "$root/tmp/server"
}

# Nothing of what was packaged is there, nothing has our name that is not somebody
# else's, and dpkg has forgotten the package.
nothing_is_left() {
	{
		while read -r path; do
			[ ! -e "$root$path" ] || [ -d "$root$path" ] || echo "$path"
		done <"$WORK/files"
		in_root find / -xdev -name '*concurrency*' | while read -r path; do
			in_root dpkg-query --search "$path" >/dev/null 2>&1 </dev/null || echo "$path"
		done
		in_root dpkg-query --show "$1" 2>/dev/null || :
	} | nothing
}

try_package() {
	name=$(dpkg-deb --field "$1" Package)
	major=${name#postgresql-} major=${major%-concurrency}
	cp "$1" "$root/tmp/package.deb"
	quietly in_root apt-get -q install -y --no-install-recommends /tmp/package.deb
	report "$name is installed as it was packaged" is_as_packaged "$name"
	in_root dpkg-query --listfiles "$name" >"$WORK/files"
	start_server
	report "$name: a stale write is refused" server sh /tmp/smoke.sh
	stop_server
	quietly in_root apt-get -q purge -y "$name"
	report "$name: purge leaves nothing" nothing_is_left "$name"
	report "$name: purge leaves the server as it was" is_as_packaged "postgresql-$major"
}

needs_root
need build-essential debhelper debootstrap lintian postgresql-all unzip
mkdir "$WORK/elsewhere" "$WORK/packages"

archive=$(DIST_OUT=$WORK sh "$here/dist.sh")
report "$(basename "$archive") lies in one directory, without hidden files" lies_in_one_directory
unzip -q -d "$WORK/elsewhere" "$archive"
report "$(basename "$archive") builds, installs, and refuses a stale write" \
	sh "$WORK/elsewhere/$(basename "$archive" .zip)/test/throwaway.sh" packages/smoke.sh

report "the Debian packages are built, and pass the regression and isolation tests" \
	env DEB_OUT="$WORK/packages" sh "$here/deb.sh"
if [ -n "$(ls "$WORK/packages")" ]; then
	# which bug asked for the packages is for whoever uploads them to say
	report "lintian has nothing to say" env TMPDIR="$WORK" lintian --allow-root --fail-on error,warning \
		--suppress-tags initial-upload-closes-no-bugs "$WORK"/packages/*.changes
	make_root
	for package in "$WORK"/packages/postgresql-*-concurrency_*.deb; do
		try_package "$package"
	done
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
