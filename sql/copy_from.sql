-- Section 12, COPY: versions are kept as they come, and only NULL becomes the first one.
CREATE TABLE doc (id int PRIMARY KEY, body text);
SELECT concurrency.attach('doc', protocol => 'increment', blind => 'reject');
\set VERBOSITY sqlstate

-- with the column, whatever its value and place; NULL in every way in which a format spells it
COPY doc FROM stdin;
1	a	77
2	b	\N
3	c	0
4	d	-5
\.
COPY doc (version, id) FROM stdin WITH (FORMAT csv, HEADER match);
version,id
12,5
,6
\.
COPY doc (id, version) FROM stdin WITH (NULL 'none');
7	none
8	8
\.
-- without it
COPY doc (id, body) FROM stdin;
9	e
\.
-- ... and without a DEFAULT
ALTER TABLE doc ALTER version DROP DEFAULT;
COPY doc (id, body) FROM stdin;
10	f
\.
ALTER TABLE doc ALTER version SET DEFAULT 5;
COPY doc (id, body) FROM stdin;
11	g
\.
SELECT * FROM doc ORDER BY id;

-- WHERE is asked before the trigger: it sees what the file says
ALTER TABLE doc ALTER version DROP NOT NULL;
COPY doc (id, version) FROM stdin WHERE version IS NULL OR version > 40;
21	\N
22	40
23	41
\.
COPY doc (id, version) FROM stdin WHERE version = 1;
24	\N
25	1
\.
SELECT * FROM doc WHERE id > 20 ORDER BY id;

-- what goes out comes in again as it was, and is the token that it was
CREATE TABLE moved (id int PRIMARY KEY, body text);
SELECT concurrency.attach('moved');
COPY (SELECT * FROM doc WHERE id < 5 ORDER BY id) TO stdout;
COPY moved FROM stdin;
1	a	77
2	b	1
3	c	0
4	d	-5
\.
SELECT count(*) AS same FROM (SELECT * FROM doc WHERE id < 5 INTERSECT TABLE moved) AS same;
UPDATE moved SET body = 'A', version = 76 WHERE id = 1;
UPDATE moved SET body = 'A', version = 77 WHERE id = 1 RETURNING *;
COPY (UPDATE moved SET body = 'A', version = 78 WHERE id = 1 RETURNING *) TO stdout;
COPY (UPDATE moved SET body = 'A', version = 78 WHERE id = 1 RETURNING *) TO stdout;

-- into a partitioned table, with the columns in another order, and into one partition
CREATE TABLE part (id int PRIMARY KEY, body text, version int) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10) PARTITION BY LIST (id);
CREATE TABLE part_1_1 (version int, dropped int, body text, id int NOT NULL);
ALTER TABLE part_1_1 DROP COLUMN dropped;
ALTER TABLE part_1 ATTACH PARTITION part_1_1 DEFAULT;
CREATE TABLE part_2 PARTITION OF part DEFAULT;
SELECT concurrency.attach('part');
COPY part FROM stdin;
1	a	77
11	b	\N
2	c	\N
12	d	42
3	e	0
\.
COPY part (id) FROM stdin;
4
14
\.
COPY part_1_1 FROM stdin;
\N	f	5
9	g	6
\.
SELECT tableoid::regclass, * FROM part ORDER BY id;
COPY part_1_1 TO stdout;

DROP TABLE doc, moved, part;
