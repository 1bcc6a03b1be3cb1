# go.sh: build ./client from what go.mod and go.sum pin, unless it is there.  The
# clients in Go source it.
# shellcheck shell=sh
export GOPATH="$HOME/go" GOMODCACHE="$HOME/go/pkg/mod" GOCACHE="$HOME/.cache/go-build"
GOFLAGS="$(go env GOFLAGS) -modcacherw"	# so that $HOME can be removed
export GOFLAGS GOTOOLCHAIN=local GOWORK=off CGO_ENABLED=0
[ -x client ] || go mod download >&2 || {
	! (cd "$HOME" && timeout 60 go list -m -versions github.com/jackc/pgx/v5) >/dev/null 2>&1 || exit 1
	echo "Go's module proxy is out of reach" >&2
	exit 75						# run.sh skips the client
}
[ -x client ] || go build -o client . >&2
