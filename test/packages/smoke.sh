#!/bin/sh
# smoke.sh: the extension can be created, and refuses a stale write.  Called by
# throwaway.sh, and by try.sh in a chroot.
set -eu
answer=$(psql -X -q -A -t -v ON_ERROR_STOP=1 -v VERBOSITY=sqlstate 2>&1 <<'END'
SET client_min_messages = warning;
CREATE EXTENSION concurrency;
CREATE TABLE doc (id bigint PRIMARY KEY, body text);
SELECT concurrency.attach('doc');
INSERT INTO doc VALUES (1, 'draft');
UPDATE doc SET body = 'by Ann', version = 1 WHERE id = 1;
\set ON_ERROR_STOP 0
UPDATE doc SET body = 'by Bob', version = 1 WHERE id = 1;
SELECT * FROM doc;
END
) || :
expected='zz_concurrency_version
ERROR:  PT409
1|by Ann|2'
if [ "$answer" = "$expected" ]; then
	echo "ok - a stale write is refused"
else
	echo "not ok - a stale write is refused"
	echo "$answer" | sed 's/^/# /'
	exit 1
fi
