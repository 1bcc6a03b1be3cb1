#!/bin/sh
# fresh.sh RELEASE...: the two commands of the README, each as the first one on a
# machine that has nothing but git and make, with these releases of Debian; and what
# stays there when somebody interrupts them, in each phase: packages, and nothing else.
#
# Needs root, for chroot.  Installs debootstrap, and otherwise leaves nothing behind.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$here/chroot.sh"

# A machine as it is delivered, with what is committed here.
new_machine() {
	remove_root
	cp -a "$WORK/$release" "$root"
	mount -t proc proc "$root/proc"
	mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
	quietly git clone -q "$top" "$root/srv/concurrency"
}

make_release() {
	step "Making a Debian $release" debootstrap --variant=minbase --include=ca-certificates,git,make \
		"$release" "$WORK/$release" "$(mirror)"
	printf '#!/bin/sh\nexit 101\n' >"$WORK/$release/usr/sbin/policy-rc.d"	# start no services
	chmod 755 "$WORK/$release/usr/sbin/policy-rc.d"
	# whom this machine trusts
	cp -L /etc/ssl/certs/ca-certificates.crt "$WORK/$release/etc/ssl/certs/"
}

on_machine() {
	in_root env -C /srv/concurrency "$@"
}

nothing_but_packages() {
	{
		inside | while read -r pid; do tr '\0' ' ' <"/proc/$pid/cmdline"; echo "still runs"; done
		find "$root/tmp" "$root/var/tmp" -mindepth 1 -maxdepth 1
		ls -d "$root"/etc/postgresql/*/* "$root"/var/lib/postgresql/*/* 2>/dev/null || :
		on_machine git -c safe.directory='*' status --porcelain --ignored
		[ ! -d "$root/etc/postgresql-common" ] || in_root dpkg --verify postgresql-common
	} | nothing
}

passes() {
	on_machine make "$1" >"$WORK/output" 2>&1 || { tail -n 50 "$WORK/output"; return 1; }
}

# Succeed when a command has said this, and some more time has passed.
await() {
	tries=0
	until grep -qsE "$1" "$WORK/output" "$root"/tmp/concurrency.*/log; do
		tries=$((tries + 1))
		kill -0 "$command" 2>/dev/null && [ $tries -lt 6000 ] || return 1
		sleep 0.1
	done
	sleep 1
}

# interrupted PATTERN ARGUMENT...: make this, and, when it says that, do what Ctrl-C does.
interrupted() {
	pattern=$1
	shift
	: >"$WORK/output"
	env --default-signal=INT setsid env -u TMPDIR PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" \
		env -C /srv/concurrency make "$@" >"$WORK/output" 2>&1 &
	command=$!
	await "$pattern" || { cat "$WORK/output"; echo "It was over before it was interrupted."; return 1; }
	kill -INT "-$command" || return 1
	ended=$(date +%s)
	! wait "$command" || { echo "It went on."; return 1; }
	# (package managers finish what they have begun)
	[ $(($(date +%s) - ended)) -lt 180 ] || { echo "It went on for minutes."; return 1; }
	nothing_but_packages
}

try_release() {
	make_release
	new_machine
	if report "$release: make test, as the first command" passes test; then
		sed 's/^/# /' "$WORK/output" | tail -n 8
	fi
	report "$release: ... leaves nothing but packages" nothing_but_packages
	report "$release: make test, interrupted while it builds" interrupted '^Building' test
	for suite in source instructions regress isolation fuzz clients tap; do
		report "$release: make test, interrupted in suite \"$suite\"" interrupted "^== $suite" test SUITES="$suite"
	done
	report "$release: make demo, interrupted while it waits" interrupted 'Bob waits' demo
	report "$release: make demo, interrupted under load" interrupted 'pgbench -N' demo
	new_machine
	report "$release: make demo, as the first command" passes demo
	report "$release: ... leaves nothing but packages" nothing_but_packages
	for phase in 'Reading which' 'Get:20' 'Unpacking postgresql-common ' 'Setting up postgresql-[0-9]+ '; do
		new_machine
		report "$release: make test, interrupted at \"$phase\"" interrupted "$phase" test
		report "$release: ... and begun again" passes demo
	done
}

needs_root
need debootstrap git
for release in "$@"; do
	try_release
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
