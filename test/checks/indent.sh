#!/bin/sh
# indent.sh TYPEDEFS: give src/ the layout that PostgreSQL's pgindent would,
# with its options; TYPEDEFS is core's list, to which ours is added.
set -eu
cd "$(dirname "$0")/../../src"
all=$(mktemp)
trap 'rm -f "$all"' EXIT
sort -u "$1" typedefs.list >"$all"
for file in *.[ch]; do
	pg_bsd_indent -bad -bap -bbb -bc -bl -cli1 -cp33 -cdb -nce -d0 -di12 -nfc1 -i4 -l79 -lp -lpl \
		-nip -npro -sac -tpg -ts4 -U"$all" "$file" "$file.new"
	sed -i -E 's/^([A-Za-z_][^[:space:]]*)[[:space:]]+\*$/\1 */' "$file.new"
	cmp -s "$file" "$file.new" || cat "$file.new" >"$file"
	rm -f "$file.new"
done
