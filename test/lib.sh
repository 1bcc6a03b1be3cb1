# lib.sh: what the scripts have in common that set things up; they source it, and
# make the directory WORK.
# shellcheck shell=sh
progress_pid=

say() { printf '%s\n' "$*" >&2; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Servers refuse to run as root.
as_user() {
	if [ "$(id -u)" = 0 ]; then runuser -u nobody -- "$@"; else "$@"; fi
}

# On a terminal, show how long it takes, and what a log says last, until stop_progress.
start_progress() {
	[ -t 2 ] || return 0
	began=$(date +%s)
	while sleep 1 && [ -d "$WORK" ]; do
		printf '\r\033[K    %d s  %s' $(($(date +%s) - began)) \
			"$(tail -c 500 "$1" 2>/dev/null | tr '\r' '\n' | tail -n 1 | cut -c 1-66)" >&2
	done &
	progress_pid=$!
}

stop_progress() {
	[ -n "$progress_pid" ] || return 0
	kill "$progress_pid" 2>/dev/null
	wait "$progress_pid" 2>/dev/null
	progress_pid=
	printf '\r\033[K' >&2
}

# Run a command quietly, unless it fails.
quietly() {
	"$@" >"$WORK/log" 2>&1 </dev/null || {
		stop_progress
		tail -n 50 "$WORK/log" >&2
		say "failed: $*"
		exit 1
	}
}

# step WHAT COMMAND...: say what is going on, and run a command that takes its time.
step() {
	say "$1 ..."
	shift
	: >"$WORK/log"
	start_progress "$WORK/log"
	quietly "$@"
	stop_progress
}

apt() {
	as_root ${apart-} env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 "$@"
}

# Run apt when it must not leave anything half done: who interrupts us waits for its
# end.  It has dpkg heed interrupts again, so it is where a terminal sends none.
undisturbed_apt() {
	(
		trap '' HUP INT TERM
		apart="setsid --wait"
		apt "$@"
	)
}

# Debian makes a cluster, and starts it, when it installs a server; nobody asked for
# one.  Its scripts call pg_createcluster: for this once, they find one that does
# nothing.  So no configuration is touched, and whatever interrupts this leaves none.
install_packages() {
	mkdir -p "$WORK/apt"
	printf '#!/bin/sh\nexit 0\n' >"$WORK/apt/pg_createcluster"
	chmod 755 "$WORK/apt" "$WORK/apt/pg_createcluster"
	step "Reading which packages there are" apt update
	say "Packages that are needed:" "$@"
	step "Downloading them, with what they need; this may take some minutes" \
		apt install -y --no-install-recommends --download-only "$@"
	step "Installing them" \
		undisturbed_apt -o "DPkg::Path=$WORK/apt:/usr/sbin:/usr/bin:/sbin:/bin" install -y --no-install-recommends "$@"
}

# Stop whatever servers run in the directory WORK.
stop_servers() {
	find "$WORK" -name postmaster.pid 2>/dev/null | while read -r file; do
		pid=$(head -n 1 "$file") && kill -QUIT "$pid" 2>/dev/null || continue
		for try in 1 2 3 4 5 6 7 8 9 10; do
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.$try
		done
	done
}
