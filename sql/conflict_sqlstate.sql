-- Section 9, the error: concurrency.conflict_sqlstate, which codes it accepts and from whom.
CREATE TABLE doc (id int PRIMARY KEY);
SELECT concurrency.attach('doc', blind => 'reject');
INSERT INTO doc VALUES (1);
SHOW concurrency.conflict_sqlstate;

-- the code is the one of the next conflict, and of nothing else
\set VERBOSITY sqlstate
UPDATE doc SET version = 7;
SET concurrency.conflict_sqlstate = '23C09';
UPDATE doc SET version = 7;
UPDATE doc SET id = 1;
RESET concurrency.conflict_sqlstate;
UPDATE doc SET version = 7;

-- 2201H, classes 22 and 23, and classes that mean nothing yet
CREATE FUNCTION accepts(code text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('concurrency.conflict_sqlstate', code, true);
	RETURN true;
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN false;
END
$$;
SELECT accepts(code), string_agg(code, ' ')
  FROM unnest('{PT409,PT412,2201H,22000,22C01,23505,23OPT,U0001,ZZ999,99999,6A000,I0000,
				00000,01000,02000,40001,40P01,21000,24000,25P01,42501,44000,53200,54001,55P03,57014,58030,72000,
				0A000,08006,A0001,H1000,F0000,HV000,P0001,XX000,XX001,
				pt409,PT40,PT4090,PT 09,""}'::text[]) AS code
 GROUP BY 1 ORDER BY 1 DESC;
\set VERBOSITY default
SET concurrency.conflict_sqlstate = '40001';
SET concurrency.conflict_sqlstate = 'stale';
SHOW concurrency.conflict_sqlstate;

-- nobody but a superuser sets it
CREATE ROLE regress_writer;
SET ROLE regress_writer;
SET concurrency.conflict_sqlstate = 'PT410';
RESET ROLE;
DROP ROLE regress_writer;

-- the prefix is ours alone
SET concurrency.conflict_sqlstat = 'PT410';

DROP TABLE doc;
DROP FUNCTION accepts;
