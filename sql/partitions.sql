-- Section 12, partitioned tables: every partition keeps versions and checks them, also those that have their
-- columns in another order or came later; a row that moves takes its version along.
\set VERBOSITY sqlstate

-- three levels, columns in another order, columns that were dropped, a DEFAULT partition
CREATE TABLE part (id int, n int, version int, body text) PARTITION BY RANGE (id);
CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (20) PARTITION BY RANGE (id);
CREATE TABLE part_low_1 (gone int, version int, body text, id int, n int);
CREATE TABLE part_low_2 (n int, body text, gone text, id int, version int);
ALTER TABLE part_low_1 DROP COLUMN gone;
ALTER TABLE part_low_2 DROP COLUMN gone;
ALTER TABLE part_low ATTACH PARTITION part_low_1 FOR VALUES FROM (0) TO (10);
ALTER TABLE part_low ATTACH PARTITION part_low_2 FOR VALUES FROM (10) TO (20);
CREATE TABLE part_high PARTITION OF part FOR VALUES FROM (20) TO (30);
CREATE TABLE part_default PARTITION OF part DEFAULT;

-- Says what becomes of a row with n = 0 and version 7 that goes from one id to another.
CREATE FUNCTION outcome(source int, target int, assignment text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	command text := format('UPDATE part SET id = %s, n = 1 %s WHERE id = %s', target, assignment, source);
	kind text := '';
	r record;
BEGIN
	DELETE FROM part;
	INSERT INTO part VALUES (source, 0, 7, 'body');
	BEGIN
		EXECUTE command;
	EXCEPTION
		WHEN SQLSTATE 'PT409' THEN
			kind := 'conflict ';
		WHEN SQLSTATE 'PT428' THEN
			kind := 'blind ';
			SET LOCAL concurrency.blind_writes = 'allow';
			EXECUTE command;
			SET LOCAL concurrency.blind_writes = 'table';
	END;
	SELECT tableoid::regclass AS tab, * INTO STRICT r FROM part;
	IF r.body <> 'body' OR r.tab <> ('{part_low_1,part_low_2,part_high,part_default}'::regclass[])[r.id / 10 + 1]
		OR r.id <> (CASE kind WHEN 'conflict ' THEN source ELSE target END) THEN
		RETURN format('wrong: %s', r);
	END IF;
	RETURN format('%s%s/%s', kind, r.n, r.version);
END
$$;
CREATE FUNCTION outcomes(of_protocol text)
RETURNS TABLE (protocol text, pairs bigint, "not sent" text, echo text, increment text, stale text, "NULL" text)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM concurrency.attach('part', protocol => of_protocol, blind => 'reject');
	RETURN QUERY
		SELECT of_protocol, count(*),
			   string_agg(DISTINCT outcome(source, target, ''), ', '),
			   string_agg(DISTINCT outcome(source, target, ', version = 7'), ', '),
			   string_agg(DISTINCT outcome(source, target, ', version = version + 1'), ', '),
			   string_agg(DISTINCT outcome(source, target, ', version = 6'), ', '),
			   string_agg(DISTINCT outcome(source, target, ', version = NULL'), ', ')
		  FROM unnest('{1,11,21,31}'::int[]) AS source, unnest('{2,12,22,32}'::int[]) AS target;
END
$$;
-- all directions, one within each partition included, end alike
SELECT o.* FROM unnest('{auto,echo,increment,ignore}'::text[]) AS protocol, outcomes(protocol) AS o;

-- each level by itself
SELECT concurrency.attach('part', blind => 'reject', protocol => '');
TRUNCATE part;
INSERT INTO part SELECT i, 0, 7, 'a' FROM unnest('{1,11,21,31}'::int[]) AS i;
UPDATE part_low_1 SET n = 1, version = 7 RETURNING *;
UPDATE part_low_1 SET n = 2, version = 7;
UPDATE part_low_1 SET n = 2;
UPDATE part_low SET n = 2, version = 7;
UPDATE part_low SET id = 12, version = 8 WHERE id = 1 RETURNING tableoid::regclass, *;
UPDATE part_low SET n = 3, version = version + 1;
UPDATE part_default SET n = 3;
UPDATE part_default SET n = 3, version = 8 RETURNING *;
-- ... what leaves the level that was named is PostgreSQL's own error
UPDATE part_low SET id = 21, version = 8 WHERE id = 11;
UPDATE part_low_2 SET id = 1, version = 8 WHERE id = 11;
SELECT tableoid::regclass, * FROM part ORDER BY id;
-- one stale row refuses the rows of all partitions
UPDATE part SET n = 4, version = 8;
UPDATE part SET id = id + 10, n = 4, version = CASE id WHEN 21 THEN 7 WHEN 12 THEN 10 ELSE 8 END RETURNING tableoid::regclass, *;

-- the parent's column number of "id" is that of a dropped column here, and "n"'s that of "version": neither was sent
UPDATE part SET id = 2, n = 5 WHERE id = 22;
UPDATE part SET id = 2, version = 10 WHERE id = 22;
UPDATE part SET id = 2, version = 11 WHERE id = 22;
UPDATE part SET id = 3, n = 5 WHERE id = 2;
UPDATE part SET id = 3, n = 5, version = 12 WHERE id = 2 RETURNING tableoid::regclass, *;

-- a detached partition has no trigger, PostgreSQL drops it; attached again, it has
ALTER TABLE part_low DETACH PARTITION part_low_1;
UPDATE part_low_1 SET n = 6, version = 0 RETURNING *;
ALTER TABLE part_low ATTACH PARTITION part_low_1 FOR VALUES FROM (0) TO (10);
UPDATE part_low_1 SET n = 7, version = 7;
UPDATE part SET n = 7, version = 0 WHERE id = 3 RETURNING *;
-- ... attached by itself meanwhile, it has a trigger of the same name, and PostgreSQL wants that gone first
ALTER TABLE part DETACH PARTITION part_low;
SELECT concurrency.attach('part_low', protocol => 'increment');
UPDATE part_low SET n = 8, version = 1 WHERE id = 3;
ALTER TABLE part ATTACH PARTITION part_low FOR VALUES FROM (0) TO (20);
UPDATE part_low SET n = 8, version = 2 WHERE id = 3;
SELECT concurrency.detach('part_low');
ALTER TABLE part ATTACH PARTITION part_low FOR VALUES FROM (0) TO (20);
UPDATE part_low SET n = 8 WHERE id = 3;
UPDATE part_low_1 SET n = 8, version = 1 WHERE id = 3;
UPDATE part_low_1 SET n = 8, version = 2 WHERE id = 3 RETURNING *;

-- a new partition takes over rows of the DEFAULT one, with their versions
SELECT id, version FROM part_default ORDER BY id;
BEGIN;
ALTER TABLE part DETACH PARTITION part_default;
CREATE TABLE part_new PARTITION OF part FOR VALUES FROM (30) TO (40);
WITH gone AS (DELETE FROM part_default WHERE id < 40 RETURNING *) INSERT INTO part SELECT * FROM gone;
ALTER TABLE part ATTACH PARTITION part_default DEFAULT;
COMMIT;
UPDATE part SET n = 9, version = 7 WHERE id > 30;
UPDATE part SET n = 9, version = CASE id WHEN 31 THEN 8 ELSE 9 END WHERE id > 30 RETURNING tableoid::regclass, *;
UPDATE part SET id = 72 - id, version = CASE id WHEN 31 THEN 9 ELSE 10 END WHERE id > 30 RETURNING tableoid::regclass, *;
-- ... DETACH ... CONCURRENTLY, too
CREATE TABLE small (id int, version int) PARTITION BY LIST (id);
CREATE TABLE small_1 PARTITION OF small FOR VALUES IN (1);
SELECT concurrency.attach('small');
ALTER TABLE small DETACH PARTITION small_1 CONCURRENTLY;
SELECT concurrency.attach('small_1', protocol => 'echo');
SELECT table_name, protocol FROM concurrency.attachments WHERE table_name IN ('small'::regclass, 'small_1'::regclass) ORDER BY 1;
DROP TABLE small, small_1;

-- a BEFORE trigger changes the key, so that the row moves without anybody naming it
CREATE TABLE moody (id int PRIMARY KEY, mood text, version int) PARTITION BY RANGE (id);
CREATE TABLE moody_low PARTITION OF moody FOR VALUES FROM (0) TO (10);
CREATE TABLE moody_high PARTITION OF moody FOR VALUES FROM (10) TO (20);
CREATE FUNCTION follow_mood() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.id := OLD.id % 10 + CASE NEW.mood WHEN 'high' THEN 10 ELSE 0 END;
	RETURN NEW;
END
$$;
CREATE TRIGGER a_mood BEFORE UPDATE ON moody FOR EACH ROW EXECUTE FUNCTION follow_mood();
SELECT concurrency.attach('moody', blind => 'reject');
INSERT INTO moody VALUES (1, 'low', 7);
UPDATE moody SET mood = 'high' WHERE id = 1;
UPDATE moody SET mood = 'high', version = 6 WHERE id = 1;
UPDATE moody SET mood = 'high', version = 7 WHERE id = 1 RETURNING tableoid::regclass, *;
UPDATE moody SET mood = 'low', version = 9 WHERE id = 11 RETURNING tableoid::regclass, *;
-- ... also where the trigger fires for DELETE, which is half of a move
CREATE OR REPLACE TRIGGER zz_concurrency_version BEFORE INSERT OR UPDATE OR DELETE ON moody
	FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'blind=reject');
UPDATE moody SET mood = 'high', version = 9 WHERE id = 1 RETURNING tableoid::regclass, *;

-- a partition of another owner, who writes it directly or through the parent
CREATE ROLE regress_parent;
CREATE ROLE regress_partition;
ALTER TABLE part OWNER TO regress_parent;
ALTER TABLE part_high OWNER TO regress_partition;
GRANT SELECT, UPDATE ON part TO regress_partition;
INSERT INTO part VALUES (25, 0, 7, 'b');
SET ROLE regress_partition;
UPDATE part_high SET n = 10, version = 6 WHERE id = 25;
UPDATE part_high SET n = 10 WHERE id = 25;
UPDATE part_high SET n = 10, version = 7 WHERE id = 25 RETURNING version;
UPDATE part SET id = 26, version = 7 WHERE id = 25;
UPDATE part SET id = 35, version = 8 WHERE id = 25 RETURNING tableoid::regclass, version;
RESET ROLE;
SET ROLE regress_parent;
UPDATE part SET id = 25, version = 8 WHERE id = 35;
UPDATE part SET id = 25, version = 9 WHERE id = 35 RETURNING tableoid::regclass, version;
RESET ROLE;

DROP TABLE part, moody;
DROP FUNCTION outcome, outcomes, follow_mood;
DROP ROLE regress_parent, regress_partition;
