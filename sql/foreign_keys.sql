-- Section 12, foreign keys: ON UPDATE and ON DELETE actions bump the child under every protocol and blind policy;
-- they are never refused, warned about or skipped, and leave no orphan.
\set SHOW_CONTEXT never

-- Does every action to a child that is attached in this way, and says what is wrong afterwards.  A WARNING would
-- be seen in the output.
CREATE FUNCTION wrongs(protocol text, blind text, setting text) RETURNS TABLE (wrong text) LANGUAGE plpgsql AS $$
DECLARE
	action text;
	expected text;
	actual text;
BEGIN
	CREATE TABLE parent (id int PRIMARY KEY);
	CREATE TABLE child (id int PRIMARY KEY, ref int DEFAULT 0, n int DEFAULT 5, version int);
	PERFORM concurrency.attach('child', protocol => protocol, blind => blind);
	PERFORM set_config('concurrency.blind_writes', setting, true);
	FOR action, expected IN VALUES
		('ON UPDATE CASCADE', '1:10:8, 2:10:8, 3:2:7'),
		('ON UPDATE SET NULL', '1:null:8, 2:null:8, 3:2:7'),
		('ON UPDATE SET DEFAULT', '1:0:8, 2:0:8, 3:2:7'),
		('ON DELETE CASCADE', '3:2:7'),
		('ON DELETE SET NULL', '1:null:8, 2:null:8, 3:2:7'),
		('ON DELETE SET NULL (ref)', '1:null:8, 2:null:8, 3:2:7'),
		('ON DELETE SET DEFAULT', '1:0:8, 2:0:8, 3:2:7'),
		('ON DELETE SET DEFAULT (ref)', '1:0:8, 2:0:8, 3:2:7')
	LOOP
		DELETE FROM child;
		DELETE FROM parent;
		INSERT INTO parent VALUES (0), (1), (2);
		INSERT INTO child VALUES (1, 1, 5, 7), (2, 1, 5, 7), (3, 2, 5, 7);
		EXECUTE 'ALTER TABLE child ADD CONSTRAINT fk FOREIGN KEY (ref) REFERENCES parent ' || action;
		IF action LIKE 'ON UPDATE%' THEN
			UPDATE parent SET id = 10 WHERE id = 1;
		ELSE
			DELETE FROM parent WHERE id = 1;
		END IF;
		SELECT string_agg(concat_ws(':', id, coalesce(ref::text, 'null'), version), ', ' ORDER BY id) INTO actual
		  FROM child WHERE n = 5;
		IF actual IS DISTINCT FROM expected OR EXISTS (SELECT FROM child WHERE ref NOT IN (SELECT id FROM parent)) THEN
			wrong := format('%s: %s', action, actual);
			RETURN NEXT;
		END IF;
		ALTER TABLE child DROP CONSTRAINT fk;
	END LOOP;
	DROP TABLE child, parent;
EXCEPTION
	WHEN SQLSTATE 'PT409' OR SQLSTATE 'PT428' THEN
		wrong := action || ': refused';
		RETURN NEXT;
END
$$;
SELECT count(*) AS ways, count(wrong) AS wrong,
	   string_agg(concat_ws(' ', protocol, blind, setting, wrong), '; ') FILTER (WHERE wrong IS NOT NULL) AS which
  FROM unnest('{auto,echo,increment,ignore}'::text[]) AS protocol,
	   unnest('{allow,warn,reject}'::text[]) AS blind,
	   unnest('{table,allow,warn,reject}'::text[]) AS setting
  LEFT JOIN LATERAL wrongs(protocol, blind, setting) ON true;

-- the statement's writer may be anybody; deferrable constraints act at once, and check at the end
CREATE TABLE parent (id int PRIMARY KEY, name text);
CREATE TABLE child (
	id int PRIMARY KEY,
	ref int REFERENCES parent ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED);
SELECT concurrency.attach('parent', blind => 'reject');
SELECT concurrency.attach('child', blind => 'reject');
CREATE ROLE regress_fk_child;
CREATE ROLE regress_fk_writer;
ALTER TABLE child OWNER TO regress_fk_child;
GRANT SELECT ON parent TO regress_fk_child;
GRANT SELECT, INSERT, UPDATE, DELETE ON parent TO regress_fk_writer;
INSERT INTO parent VALUES (1, 'a'), (2, 'b'), (3, 'c');
INSERT INTO child VALUES (1, 1), (2, 2);
\set VERBOSITY sqlstate
SET ROLE regress_fk_writer;
BEGIN;
UPDATE parent SET id = 10, version = 1 WHERE id = 1;
UPDATE parent SET id = 11, version = 2 WHERE id = 10;
SAVEPOINT s;
UPDATE parent SET id = 12, version = 2 WHERE id = 11;
ROLLBACK TO s;
UPDATE parent SET id = 12 WHERE id = 11;
ROLLBACK TO s;
DELETE FROM parent WHERE id = 2;
COMMIT;
RESET ROLE;
SELECT * FROM parent ORDER BY id;
SELECT * FROM child ORDER BY id;
BEGIN;
UPDATE child SET ref = 99, version = 3 WHERE id = 1;
UPDATE child SET ref = 3, version = 3 WHERE id = 1;
ROLLBACK;
BEGIN;
UPDATE child SET ref = 99, version = 3 WHERE id = 1;
UPDATE child SET ref = 3, version = 4 WHERE id = 1;
COMMIT;
BEGIN;
UPDATE child SET ref = 99, version = 5 WHERE id = 1;
COMMIT;
SELECT * FROM child ORDER BY id;
-- ... a token that was read before the action is stale now
UPDATE child SET ref = 3, version = 1 WHERE id = 2;
-- ... a statement that is refused acts on no child
UPDATE parent SET id = id + 100, version = CASE id WHEN 3 THEN 0 ELSE version END;
SELECT count(*) FROM child WHERE ref > 99;
DROP TABLE child, parent;

-- a key that the bump itself changes: the version is part of it
CREATE TABLE parent (id int, version int, UNIQUE (id, version));
CREATE TABLE child (id int, parent_id int, parent_version int, FOREIGN KEY (parent_id, parent_version) REFERENCES parent (id, version) ON UPDATE CASCADE);
SELECT concurrency.attach('parent');
SELECT concurrency.attach('child', blind => 'reject');
INSERT INTO parent VALUES (1, 7);
INSERT INTO child VALUES (1, 1, 7);
UPDATE parent SET id = 1, version = 7;
UPDATE parent SET id = 1;
TABLE child;
DROP TABLE child, parent;

-- a table that refers to itself, also a row to itself: its own action bumps it once more
CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree ON UPDATE CASCADE ON DELETE CASCADE);
SELECT concurrency.attach('tree', blind => 'reject');
INSERT INTO tree VALUES (1, 1), (2, 1), (3, 2), (4, 3), (5, 3);
UPDATE tree SET id = 10, version = 1 WHERE id = 1;
UPDATE tree SET id = 30, version = 1 WHERE id = 3;
SELECT * FROM tree ORDER BY id;
DELETE FROM tree WHERE id = 2;
TABLE tree;
DROP TABLE tree;

-- a chain of cascades, each link attached, the last one in two ways
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY REFERENCES a ON UPDATE CASCADE ON DELETE CASCADE);
CREATE TABLE c (id int PRIMARY KEY REFERENCES b ON UPDATE CASCADE ON DELETE CASCADE);
CREATE TABLE d (id int PRIMARY KEY, one int REFERENCES c ON UPDATE CASCADE ON DELETE SET NULL, two int DEFAULT 2 REFERENCES c ON UPDATE CASCADE ON DELETE SET DEFAULT);
SELECT concurrency.attach(tab, protocol => 'increment', blind => 'reject') FROM unnest('{a,b,c,d}'::regclass[]) AS tab;
INSERT INTO a VALUES (1), (2);
INSERT INTO b VALUES (1), (2);
INSERT INTO c VALUES (1), (2);
INSERT INTO d VALUES (1, 1, 1), (2, 1, 2), (3, NULL, 2);
UPDATE a SET id = 10, version = version + 1 WHERE id = 1;
SELECT * FROM a JOIN b USING (id) JOIN c USING (id) ORDER BY id;
SELECT * FROM d ORDER BY id;
DELETE FROM a WHERE id = 10;
TABLE c;
SELECT * FROM d ORDER BY id;
DROP TABLE a, b, c, d;

-- partitioned parent and child; the action moves the child's row, or finds it in a partition of another owner
CREATE TABLE parent (id int PRIMARY KEY, version int) PARTITION BY RANGE (id);
CREATE TABLE parent_low PARTITION OF parent FOR VALUES FROM (0) TO (10);
CREATE TABLE parent_high (version int, id int NOT NULL);
ALTER TABLE parent ATTACH PARTITION parent_high FOR VALUES FROM (10) TO (20);
CREATE TABLE child (id int, ref int REFERENCES parent ON UPDATE CASCADE ON DELETE SET NULL, version int) PARTITION BY RANGE (ref);
CREATE TABLE child_low PARTITION OF child FOR VALUES FROM (0) TO (10);
CREATE TABLE child_high (gone int, version int, ref int, id int);
ALTER TABLE child_high DROP COLUMN gone;
ALTER TABLE child ATTACH PARTITION child_high FOR VALUES FROM (10) TO (20);
CREATE TABLE child_default PARTITION OF child DEFAULT;
SELECT concurrency.attach(tab, blind => 'reject') FROM unnest('{parent,child}'::regclass[]) AS tab;
ALTER TABLE child OWNER TO regress_fk_child;
ALTER TABLE child_high OWNER TO regress_fk_writer;
GRANT SELECT ON parent TO regress_fk_child;
INSERT INTO parent VALUES (1, 7), (2, 7);
INSERT INTO child VALUES (1, 1, 7), (2, 2, 7);
UPDATE parent SET id = 3 WHERE id = 1;
UPDATE parent SET id = 3, version = 7 WHERE id = 1;
UPDATE parent SET id = 13, version = 8 WHERE id = 3;
UPDATE parent SET id = 14, version = 9 WHERE id = 13;
SELECT tableoid::regclass, * FROM parent ORDER BY id;
SELECT tableoid::regclass, * FROM child ORDER BY id;
DELETE FROM parent WHERE id IN (2, 14);
SELECT tableoid::regclass, * FROM child ORDER BY id;
DROP TABLE child, parent;

DROP FUNCTION wrongs;
DROP ROLE regress_fk_child, regress_fk_writer;
