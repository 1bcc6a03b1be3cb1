# bring.sh: what stock.sh and build.sh have in common; they source it.
#
# Servers are kept below SERVERS, so that a second run finds them.
. "$(dirname "$0")/../lib.sh"
umask 022
servers=${SERVERS:-${TMPDIR:-/tmp}/concurrency-servers}

fail() {
	printf '%s\n' "$*" >&2
	exit 1
}

# The Debian suite that has a major; 14 and 16 are in none.
suite_of() {
	case $1 in
		13) echo bullseye ;;
		15) echo bookworm ;;
		17) echo trixie ;;
		18) echo forky ;;
		19) echo experimental ;;
		*) fail "No Debian suite has PostgreSQL $1." ;;
	esac
}

# Install the packages whose programs are missing: PACKAGE=PROGRAM...
need() {
	missing=$(for pair in "$@"; do
		command -v "${pair#*=}" >/dev/null || echo "${pair%=*}"
	done)
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null || fail "Needed:" $missing
	apt update >/dev/null
	apt install -y --no-install-recommends $missing >/dev/null
}

# what a server was brought by, so that one from before a change is brought again
key=$(cksum <"$0")

# Begin to bring a server into this directory, unless it is there already.  One
# that was left half done is begun again.
begin() {
	prefix=$servers/$1
	mkdir -p "$servers"
	exec 9>"$prefix.lock"
	flock 9
	[ "$(cat "$prefix/complete" 2>/dev/null)" != "$key" ] || exit 0
	rm -rf "$prefix"
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 130' HUP INT TERM
	mkdir -p "$prefix" "$scratch/lists/partial" "$scratch/cache/archives/partial" "$scratch/none"
	: >"$scratch/status"
	: >"$scratch/preferences"
	: >"$scratch/sources"
	echo "Bringing PostgreSQL ($1) ..." >&2
}

# Write down a source, of the kind "deb" or "deb-src", of the mirror that this
# machine uses already.
add_source() {
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/*$' | sort -u | head -n 1)
	[ -n "$mirror" ] || fail "This machine's apt has no Debian mirror."
	echo "$1 [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg check-valid-until=no] $mirror $2 main" >>"$scratch/sources"
}

# Run a program of apt's, which knows of that source only, and of no package that
# is installed.
foreign() {
	program=$1
	shift
	"$program" -qq -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3 \
		-o Dir::State="$scratch" -o Dir::State::Lists="$scratch/lists" -o Dir::State::status="$scratch/status" \
		-o Dir::Cache="$scratch/cache" -o Dir::Etc::SourceList="$scratch/sources" -o Dir::Etc::SourceParts="$scratch/none" \
		-o Dir::Etc::Preferences="$scratch/preferences" -o Dir::Etc::PreferencesParts="$scratch/none" "$@"
}
