#!/bin/sh
# source.sh: the house's own rules, as far as a machine can see them.
# Reports each as "ok - ..." or "not ok - ...".
set -u
cd "$(dirname "$0")/../../src" || exit 1
# shellcheck source=report.sh
. ../test/checks/report.sh
includes=$("${PG_CONFIG:-pg_config}" --includedir-server)

# What a source file may include of our own headers: arrows only go down.
# Decisions share the policy as data, and know nothing else of each other, but for a plan,
# which is made to be performed.
may_include() {
	facts='settings|session|statistics|writer|edit|attachment|options|catalog|key|version|place|compat'
	case $1 in
		concurrency.c) echo "shortcut|$facts" ;;
		shortcut.[ch]) echo "shortcut|shortcut_row|$facts" ;;
		shortcut_row.[ch]) echo "shortcut_row|shortcut_trigger|verdict|$facts" ;;
		shortcut_trigger.[ch]) echo "shortcut_trigger|policy|$facts" ;;
		trigger.c) echo "policy|verdict|conflict|$facts" ;;
		transaction.c) echo "argument|policy|$facts" ;;
		current.c) echo "argument|lookup|conflict|$facts" ;;
		attach.c) echo "argument|perform|policy|obstacle|alter|condition|tree|$facts" ;;
		auto_attach.c) echo "perform|$facts" ;;
		attachments.c | types.c) echo "policy|$facts" ;;
		audit.c) echo "problem|policy|handler|default|tree|$facts" ;;
		perform.[ch]) echo "perform|plan|policy|handler|obstacle|default|alter|$facts" ;;
		monitor.c) echo "argument|$facts" ;;
		editing.c) echo "argument|lookup|policy|$facts" ;;
		lookup.[ch]) echo "lookup|argument|policy|$facts" ;;
		plan.[ch]) echo "plan|policy|handler|default|tree|$facts" ;;
		problem.[ch]) echo "problem|policy|handler|tree|$facts" ;;
		argument.[ch]) echo "argument|attachment|version|compat" ;;
		alter.[ch]) echo "alter|catalog|options|version|place|compat" ;;
		default.[ch]) echo "default|catalog|version|place|compat" ;;
		tree.[ch]) echo "tree|catalog|compat" ;;
		policy.[ch]) echo "policy|condition|$facts" ;;
		verdict.[ch]) echo "verdict|policy|$facts" ;;
		conflict.[ch]) echo "conflict|policy|handler|$facts" ;;
		condition.[ch]) echo "condition|place|compat" ;;
		edit.[ch]) echo "edit|settings|key|compat" ;;
		session.[ch]) echo "session|writer|version|compat" ;;
		version.[ch]) echo "version|place|compat" ;;
		*) echo "${1%.*}|compat" ;;
	esac
}
wrong=$(for file in *.[ch]; do
	sed -n 's/^#include "\([a-z_]*\)\.h"$/\1/p' "$file" |
		while read -r name; do [ ! -e "$name.h" ] || echo "$name"; done |
		grep -vxE "$(may_include "$file")" | sed "s/^/$file includes /"
done)
report "includes follow the arrows of the house" "$wrong"

report "entries have no header" "$(ls concurrency.h trigger.h transaction.h current.h attach.h auto_attach.h \
	attachments.h types.h audit.h 2>/dev/null)"

for header in *.h; do
	wrong=$(printf '#include "postgres.h"\n#include "%s"\n' "$header" |
		gcc -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -fsyntax-only -I. -I"$includes" -x c - 2>&1)
	report "$header compiles alone" "$wrong"
done

# gcc has built it already; Debian's server development files bring a clang.
# PostgreSQL's own headers, as gcc configured them, are not clean for clang.
clang=$(command -v clang || ls /usr/bin/clang-[0-9]* 2>/dev/null | head -n 1)
if [ -n "$clang" ]; then
	wrong=$("$clang" -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -Wno-ignored-attributes \
		-fsyntax-only -I. -I"$includes" -I"${includes%/server}/internal" *.c 2>&1)
	report "clang finds nothing to warn of" "$wrong"
fi

wrong=$(awk '
	/^[a-z_]+\(/ { name = $0; sub(/\(.*/, "", name) }
	/^{/ { start = FNR }
	/^}/ && name != "" { if (FNR - start - 1 > 40) print FILENAME ": " name ": " FNR - start - 1 " lines"; name = "" }
' *.c)
report "no function is longer than 40 lines" "$wrong"

wrong=$(nm -g --defined-only *.o 2>/dev/null | awk '$2 ~ /[A-Z]/ { print $3 }' |
	grep -vxE "cc_.*|_PG_init|Pg_magic_func|(pg_finfo_)?($(sed -n 's/^PG_FUNCTION_INFO_V1(\(.*\));$/\1/p' *.c | paste -sd '|'))")
report "what other libraries can see has our prefix, or is called by SQL" "$wrong"

# The install script: a noun a part.
wrong=$(cd extension && {
	wc -l ./*.sql | awk '$2 != "total" && $1 > 250 { print $2 ": " $1 " lines" }'
	ls | sed 's,^,src/extension/,' | while read -r part; do
		grep -qF "$part" ../../Makefile || echo "the Makefile does not name $part"
	done
})
report "no part of the install script is longer than 250 lines, and each is installed" "$wrong"

# Three numbers where PGXN and Debian want them.
wrong=$(cd .. && {
	release=$(sed -n "s/^default_version = '\(.*\)'/\1/p" concurrency.control)
	case $release in *.*.*) semantic=$release ;; *) semantic=$release.0 ;; esac
	sed -n '/^## /{s/^## \([0-9.]*\).*/\1/p;q}' CHANGELOG.md | grep -qxF "$release" || echo "CHANGELOG.md does not begin with $release"
	head -n 1 debian/changelog | grep -qF " ($semantic-" || echo "debian/changelog does not begin with $semantic"
})
report "the changelogs begin with the release of concurrency.control" "$wrong"

wrong=$(cd ../debian && sed 's/PGVERSION/15/g' control.in | diff - control)
report "debian/control is what control.in makes of 15" "$wrong"

# What doc/tests.md promises of tests, and which tests there are.
wrong=$(cd .. && {
	ls sql/*.sql test/specs/*.spec test/t/*.pl test/fuzz/*.pl test/prove/*.pl | sed 's/$/ is a test that doc\/tests.md does not name/'
	grep -oE '`[^` ]*(sql/|specs/|t/|fuzz/|prove/)[^` ]+\.[a-z]+`' doc/tests.md | tr -d '`' | grep -v checks/ |
		sort -u | sed 's/$/ is named in doc\/tests.md, but is no test/'
} | sort | awk '{ names[$1]++; line[$1] = $0 } END { for (name in names) if (names[name] == 1) print line[name] }')
report "doc/tests.md names every test, and nothing else" "$wrong"

# Where the pages' links lead: to files, and to headings, by the names that GitHub gives these.
wrong=$(cd .. && perl -MFile::Basename -ne '
	$fenced = !$fenced if /^\s*```/;
	if (!$fenced && /^#+ +(.*\S)/) {
		my $name = lc($1) =~ s/[^\w -]//gr =~ tr/ /-/r;
		$headings{$ARGV}{ $seen{$ARGV}{$name}++ ? "$name-" . ($seen{$ARGV}{$name} - 1) : $name } = 1;
	}
	while (!$fenced && /\]\((?!\w+:)([^()#\s]*)(?:#([^()\s]*))?\)/g) { push @links, [ $ARGV, $1, $2 ] }
	$fenced = 0 if eof;
	END {
		foreach (@links) {
			my ($page, $file, $name) = @$_;
			my $path = $file eq "" ? $page : dirname($page) . "/$file";
			1 while $path =~ s,(^|/)(?:\.|(?!\.\.)[^/]+/\.\.)/,$1,;
			print "$page: there is no $file\n" if !-e $path;
			print "$page: $path has no heading #$name\n" if -e $path && defined $name && !$headings{$path}{$name};
		}
	}' README.md CHANGELOG.md doc/*.md doc/clients/*.md)
report "links between pages lead to files and headings that are there" "$wrong"

exit $status
