#!/bin/sh
# fuzz/run.sh PART...: run these parts, each a Perl script beside this one.  Called
# by throwaway.sh.
set -u
status=0
for part in "$@"; do
	echo "== $part"
	perl "test/fuzz/$part.pl" || status=1
done
exit $status
