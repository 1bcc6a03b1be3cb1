# lib.sh: what throwaway.sh and packages/try.sh have in common; they source it, and
# make the directory WORK.
# shellcheck shell=sh

say() { printf '%s\n' "$*" >&2; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Servers refuse to run as root.
as_user() {
	if [ "$(id -u)" = 0 ]; then runuser -u nobody -- "$@"; else "$@"; fi
}

# Run a command quietly, unless it fails.
quietly() {
	"$@" >"$WORK/log" 2>&1 </dev/null || {
		tail -n 50 "$WORK/log" >&2
		say "failed: $*"
		exit 1
	}
}

apt_install() {
	quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "$@"
}

# Debian makes and starts a cluster when it installs a server; nobody asked for one.
install_packages() {
	cluster_conf=/etc/postgresql-common/createcluster.conf
	say "Installing $* ..."
	apt_install postgresql-common
	cp -p $cluster_conf "$WORK/createcluster.conf"
	as_root sed -i '1i create_main_cluster = false' $cluster_conf
	apt_install "$@"
	as_root cp -p "$WORK/createcluster.conf" $cluster_conf
}
