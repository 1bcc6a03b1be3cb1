# chroot.sh: a Debian in a directory of its own, and reports; try.sh and fresh.sh
# source it.  They need root, and set "top" before.
# shellcheck shell=sh disable=SC2034,SC2154
WORK=$(mktemp -d "${TMPDIR:-/tmp}/concurrency.XXXXXX")
chmod 755 "$WORK"
. "$top/test/lib.sh"
root=$WORK/root passed=0 failed=0

in_root() {
	env -u TMPDIR PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}

# The processes that have the chroot for their root.
inside() {
	for process in /proc/[0-9]*; do
		[ "$(readlink "$process/root" 2>/dev/null)" != "$root" ] || echo "${process#/proc/}"
	done
}

remove_root() {
	until [ -z "$(inside)" ]; do
		for pid in $(inside); do kill -KILL "$pid" 2>/dev/null || :; done
		sleep 0.1
	done
	# an interrupted debootstrap leaves its mounts, too
	sed -n "s,^[^ ]* \($root/[^ ]*\) .*,\1,p" /proc/mounts | sort -r | while read -r mount; do umount "$mount"; done
	rm -rf --one-file-system "$root"
}

clean_up() {
	trap - EXIT
	trap '' HUP INT PIPE TERM	# a reader who is gone must not end this
	stop_progress
	remove_root
	rm -rf "$WORK"
}
trap clean_up EXIT
trap 'exit 130' HUP INT PIPE TERM

# report WHAT COMMAND...: run a command, and say whether it succeeds.
report() {
	what=$1
	shift
	start_progress "$WORK/report"
	if "$@" >"$WORK/report" 2>&1 </dev/null; then
		stop_progress
		echo "ok - $what"
		passed=$((passed + 1))
	else
		stop_progress
		echo "not ok - $what"
		sed 's/^/# /' "$WORK/report"
		failed=$((failed + 1))
	fi
}

# Succeed if nothing comes in; else print it.
nothing() {
	! grep '' -
}

# The mirror that this machine's apt uses.
mirror() {
	apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' | awk '$1 == "Debian" { print $2; exit }'
}

needs_root() {
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		say "This is tried in a chroot: it needs root, and Debian."
		exit 1
	fi
}

# need PACKAGE...: install those that are missing.
need() {
	missing=$(for package in "$@"; do
		dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
	done)
	[ -z "$missing" ] || install_packages $missing
}
