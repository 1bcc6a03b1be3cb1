-- Section 3, what no trigger can see: which tokens let a stale write destroy another's
-- work, and under which protocol they are refused after all.  What is shown here is
-- documented loss: clients that have to be safe send the version that they read.
\set VERBOSITY terse
CREATE TABLE doc (id int PRIMARY KEY, body text, version int);
SELECT concurrency.attach('doc');
INSERT INTO doc VALUES (1, 'base', 1);

-- Ann and Bob read "base" at version 1.  Bob saves; Ann, who has not seen his work, saves hers.
UPDATE doc SET body = 'base, Bob''s', version = 1 WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'base, Ann''s', version = 1 WHERE id = 1;
-- ... sent as an increment with the version in WHERE, it finds no row
UPDATE doc SET body = 'base, Ann''s', version = 2 WHERE id = 1 AND version = 1;
-- ... without the version in WHERE, 2 is where Bob's write has taken the row: it passes as an echo
UPDATE doc SET body = 'base, Ann''s', version = 2 WHERE id = 1 RETURNING *;

-- Bob reads that, at version 3, and saves; Ann does not look again.  A version that is
-- computed from the row says nothing of what Ann has read.
UPDATE doc SET body = 'base, Ann''s, Bob''s', version = 3 WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'base, Ann''s twice', version = version + 1 WHERE id = 1 RETURNING *;
SELECT concurrency.attach('doc', blind => 'reject');
UPDATE doc SET body = 'base, Ann''s twice, Bob''s', version = 5 WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'base, Ann''s thrice', version = version WHERE id = 1 RETURNING *;

-- All of it, by protocol.  Ann has read version 10; Bob writes some times; Ann saves.
-- "lost": Bob's work is gone, and nobody was told.
CREATE FUNCTION late_write(protocol text, blind text, writes_late int, rest text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	ann_wrote bigint;
	result doc;
BEGIN
	PERFORM concurrency.attach('doc', protocol => protocol, blind => blind);
	TRUNCATE doc;
	INSERT INTO doc VALUES (1, 'base', 10);
	SET LOCAL concurrency.blind_writes = 'allow';
	FOR i IN 1..writes_late LOOP
		UPDATE doc SET body = body || ', Bob''s' WHERE id = 1;
	END LOOP;
	SET LOCAL concurrency.blind_writes = 'table';

	EXECUTE $command$UPDATE doc SET body = 'base, Ann''s'$command$ || rest;
	GET DIAGNOSTICS ann_wrote = ROW_COUNT;
	SELECT * INTO STRICT result FROM doc;
	RETURN CASE
		WHEN result.version <> 10 + writes_late + ann_wrote THEN 'wrong version ' || result.version
		WHEN ann_wrote = 0 THEN '0 rows'
		WHEN result.body = 'base, Ann''s' THEN CASE writes_late WHEN 0 THEN 'saved' ELSE 'lost' END
		ELSE 'merged'
	END;
EXCEPTION
	WHEN SQLSTATE 'PT409' OR SQLSTATE 'PT428' THEN
		RETURN SQLSTATE;
END
$$;

CREATE TABLE savings (no int, rest text);
INSERT INTO savings VALUES
	-- what a trigger sees, and what WHERE sees
	(1, ', version = 10 WHERE id = 1'),
	(2, ', version = 11 WHERE id = 1 AND version = 10'),
	(3, ', version = version + 1 WHERE id = 1 AND version = 10'),
	-- no token, as far as the trigger can tell, but a check
	(4, ' WHERE id = 1 AND version = 10'),
	-- what neither sees
	(5, ', version = 11 WHERE id = 1'),
	(6, ', version = version + 1 WHERE id = 1'),
	(7, ', version = version WHERE id = 1'),
	(8, ' WHERE id = 1');

SELECT no, rest AS "UPDATE doc SET body = 'base, Ann's'...", late AS "writes late",
	   late_write('auto', 'allow', late, rest) AS auto,
	   late_write('auto', 'reject', late, rest) AS "auto, reject",
	   late_write('echo', 'allow', late, rest) AS echo,
	   late_write('echo', 'reject', late, rest) AS "echo, reject",
	   late_write('increment', 'allow', late, rest) AS increment,
	   late_write('increment', 'reject', late, rest) AS "increment, reject",
	   late_write('ignore', 'allow', late, rest) AS ignore
  FROM savings, unnest('{0,1,2,7}'::int[]) AS late
 ORDER BY no, late;

DROP TABLE doc, savings;
DROP FUNCTION late_write;
