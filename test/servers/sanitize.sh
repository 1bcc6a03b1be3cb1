#!/bin/sh
# sanitize.sh MAJOR...: run the suites with the extension under gcc's sanitizers of
# addresses and of undefined behaviour, on servers that are built with assertions.
set -eu
. "$(dirname "$0")/matrix.sh"

# an extension that is loaded later needs their libraries to be there from the start
libraries="$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libubsan.so)"
export COPT="-fsanitize=address,undefined -fno-omit-frame-pointer -O1 -g"
export SERVER_WRAPPER="env LD_PRELOAD=$libraries ASAN_OPTIONS=detect_leaks=0:log_path=\$WORK/sanitizer UBSAN_OPTIONS=print_stacktrace=1:log_path=\$WORK/sanitizer"

for major in "$@"; do
	pg_config=$(sh "$here/build.sh" "$major")
	run_suites "$major" "$pg_config" regress isolation logs
done
print_matrix
