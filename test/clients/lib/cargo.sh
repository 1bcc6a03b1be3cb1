# cargo.sh: build ./client from what Cargo.lock pins, unless it is there.  The clients
# in Rust source it.  RUST is the oldest minor version of Rust 1 that builds them.
# shellcheck shell=sh
export CARGO_HOME="$HOME/cargo" CARGO_TARGET_DIR="$HOME/cargo/target" CARGO_NET_RETRY=1
if ! minor=$(rustc --version 2>/dev/null | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p') || [ "${minor:-0}" -lt "$RUST" ]; then
	echo "needs Rust 1.$RUST${minor:+, and this is 1.$minor}" >&2
	exit 75						# run.sh skips the client
fi
[ -x client ] || cargo fetch --quiet --locked >&2 || {
	# without the lock, is there anything to be had?
	! (mkdir "$HOME/probe" && cp -R Cargo.toml src "$HOME/probe" && cd "$HOME/probe" &&
		timeout 60 cargo generate-lockfile) >/dev/null 2>&1 || exit 1
	echo "Rust's registry, crates.io, is out of reach" >&2
	exit 75
}
[ -x client ] || {
	cargo build --quiet --frozen >&2
	cp "$CARGO_TARGET_DIR"/debug/*-client client
}
