# Section 16: what is counted of writes that are refused, or let through on purpose: it
# survives the transaction that was refused, is read by who may, and is lost at restart.
#
# pg_regress has a server that keeps none, before PostgreSQL 17.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "max_connections = 40\nmax_parallel_workers = 4");
$node->start;
my $from_17_on = $node->safe_psql('postgres', 'SHOW server_version_num') >= 170000;

# Without preloading: nothing and a notice, or, from 17 on, all of it.
$node->safe_psql('postgres', 'CREATE EXTENSION concurrency');
my ($rc, $out, $err) = $node->psql('postgres', 'SELECT count(*) FROM concurrency.statistics');
is($out, 0, 'nothing is counted yet');
like($err, $from_17_on ? qr/^$/ : qr/NOTICE:  statistics are not kept by this server\n.*shared_preload_libraries/s,
	'... and whoever asks is told why');
($rc, $out, $err) = $node->psql('postgres', 'SELECT concurrency.reset_statistics()');
is($rc, 0, 'a reset of nothing is none');
like($err, $from_17_on ? qr/^$/ : qr/NOTICE:  statistics are not kept by this server\n/, '... and is told why');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'concurrency'");
$node->restart;

my $columns = 'conflicts, skipped, warned, handled, blind_warned, blind_refused, edit_refused, bypassed';

# Make a write, whatever becomes of it.
sub attempt
{
	$node->psql('postgres', "SET client_min_messages = error; $_[0]");
}

sub counts
{
	my ($table) = @_;

	return $node->safe_psql('postgres', "SELECT $columns FROM concurrency.statistics WHERE table_name = '$table'::regclass");
}

$node->safe_psql('postgres', q{
	SET client_min_messages = warning;
	CREATE TABLE doc (id int PRIMARY KEY, body text);
	INSERT INTO doc SELECT i FROM generate_series(1, 10) i;
	SELECT concurrency.attach('doc', edits => 'refuse');
	CREATE FUNCTION keep(current doc, attempted doc) RETURNS doc LANGUAGE sql AS 'SELECT attempted';
	CREATE FUNCTION leave(current doc, attempted doc) RETURNS doc LANGUAGE sql AS 'SELECT NULL::doc'});
attempt(q{UPDATE doc SET version = 7 WHERE id = 1});
is(counts('doc'), '1|0|0|0|0|0|0|0', 'a conflict that was rolled back is counted');
attempt(q{UPDATE doc SET body = 'accepted'});
is(counts('doc'), '1|0|0|0|0|0|0|0', 'an accepted write is not');
attempt(q{SELECT concurrency.assert_current('doc', '1', 7)});
is(counts('doc'), '2|0|0|0|0|0|0|0', 'an assertion that fails is a conflict');
attempt(q{SELECT concurrency.attach('doc', on_conflict => 'skip')});
attempt(q{UPDATE doc SET version = 7 WHERE id <= 3});
is(counts('doc'), '5|3|0|0|0|0|0|0', 'skip: a conflict and skipped, each row');
attempt(q{SELECT concurrency.attach('doc', on_conflict => 'warn')});
attempt(q{UPDATE doc SET version = 7 WHERE id = 1});
is(counts('doc'), '6|3|1|0|0|0|0|0', 'warn: a conflict and warned');
attempt(q{SELECT concurrency.attach('doc', on_conflict => 'call=public.keep')});
attempt(q{UPDATE doc SET version = 7 WHERE id = 2});
is(counts('doc'), '7|3|1|1|0|0|0|0', 'a handler: a conflict and handled');
attempt(q{SELECT concurrency.attach('doc', on_conflict => 'call=public.leave')});
attempt(q{UPDATE doc SET version = 7 WHERE id = 3});
is(counts('doc'), '8|4|1|2|0|0|0|0', '... skipped, too, where it returns null');
attempt(q{SELECT concurrency.attach('doc', on_conflict => '', blind => 'warn')});
attempt(q{UPDATE doc SET body = 'b' WHERE id <= 2});
attempt(q{SELECT concurrency.attach('doc', blind => 'reject')});
attempt(q{UPDATE doc SET body = 'b' WHERE id = 1});
is(counts('doc'), '8|4|1|2|2|1|0|0', 'blind writes, warned of and refused');
attempt(q{BEGIN; SELECT concurrency.skip_check('doc'); UPDATE doc SET version = 9 WHERE id = 1; UPDATE doc SET body = 'c' WHERE id = 2; COMMIT});
is(counts('doc'), '8|4|1|2|2|1|0|1', 'a conflict under skip_check is bypassed, and nothing else');
attempt(q{SET concurrency.editor = 'ann'; SELECT concurrency.begin_edit('doc', '4', true)});
attempt(q{SET concurrency.editor = 'bob'; UPDATE doc SET version = version WHERE id = 4});
is(counts('doc'), '8|4|1|2|2|1|1|1', 'a write of a row that somebody else edits');

# What was done, lately, without a value.
is( $node->safe_psql('postgres', q{
		SELECT string_agg(concat_ws(' ', table_name, column_name, sqlstate, done), ',' ORDER BY time DESC)
		  FROM (SELECT * FROM concurrency.recent_conflicts() LIMIT 3) AS r}),
	'doc version PT423 edit refused,doc version PT409 bypassed,doc version PT428 blind write refused',
	'the last ones, the newest first');
is($node->safe_psql('postgres', q{SELECT last_conflict BETWEEN now() - interval '1 min' AND now() FROM concurrency.statistics}), 't', 'when the last one was');

# Who may read what.
$node->safe_psql('postgres', q{
	CREATE ROLE reader; CREATE ROLE nobody_here; CREATE ROLE monitor IN ROLE pg_read_all_stats;
	GRANT UPDATE (body) ON doc TO reader});
is($node->safe_psql('postgres', "SET ROLE $_->[0]; SELECT count(*) FROM concurrency.statistics; SELECT count(*) > 0 FROM concurrency.recent_conflicts()"),
	$_->[1], "what $_->[0] may read")
  foreach ['nobody_here', "0\nf"], ['reader', "1\nf"], ['monitor', "1\nt"];
($rc, $out, $err) = $node->psql('postgres', "SET ROLE monitor; SELECT concurrency.reset_statistics()", extra_params => [ '-v', 'VERBOSITY=sqlstate' ]);
like($err, qr/42501/, 'only a superuser resets all');
($rc, $out, $err) = $node->psql('postgres', "SET ROLE monitor; SELECT concurrency.reset_statistics('doc')", extra_params => [ '-v', 'VERBOSITY=sqlstate' ]);
like($err, qr/42501/, '... and its owner a table\'s');

# Partitions count for the table that people know; other databases for themselves.
$node->safe_psql('postgres', q{
	SET client_min_messages = warning;
	CREATE TABLE part (id int PRIMARY KEY) PARTITION BY LIST (id);
	CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
	CREATE TABLE part_2 PARTITION OF part DEFAULT;
	SELECT concurrency.attach('part');
	INSERT INTO part VALUES (1), (2);
	CREATE DATABASE other});
attempt("UPDATE part SET version = 7 WHERE id = $_") foreach 1, 2;
is(counts('part'), '2|0|0|0|0|0|0|0', 'partitions are counted with their parent');
$node->safe_psql('other', 'CREATE EXTENSION concurrency');
is($node->safe_psql('other', 'SELECT count(*) FROM concurrency.statistics; SELECT count(*) FROM concurrency.recent_conflicts()'), "0\n0", 'each database has its own');

# A reset loses nothing that is counted meanwhile: what was seen before it and after it is all there was.
my $script = "$PostgreSQL::Test::Utils::tmp_check/conflict.sql";
append_to_file($script, "SET client_min_messages = error;\nDO \$\$ BEGIN UPDATE part SET version = 7 WHERE id = 1; EXCEPTION WHEN SQLSTATE 'PT409' THEN NULL; END \$\$;\n");
$node->safe_psql('postgres', "SELECT concurrency.reset_statistics('part')");
is(counts('part'), '0|0|0|0|0|0|0|0', 'reset');
isnt($node->safe_psql('postgres', q{SELECT stats_reset FROM concurrency.statistics WHERE table_name = 'part'::regclass}), '', '... and when');
$node->command_ok([ 'pgbench', '-n', '-c', '8', '-j', '2', '-t', '250', '-f', $script, $node->connstr('postgres') ], '8 clients, 2 000 conflicts');
is(counts('part'), '2000|0|0|0|0|0|0|0', '... are counted, each of them');

# More tables than there is room for are counted together.
$node->safe_psql('other', q{
	SET client_min_messages = error;
	CREATE PROCEDURE refuse(first int, last int) LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN first .. last LOOP
			EXECUTE format('CREATE TABLE t%1$s (id int, version int); INSERT INTO t%1$s VALUES (1, 1);'
				' CREATE TRIGGER v BEFORE UPDATE ON t%1$s FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger(''version'', ''on_conflict=skip'');'
				' UPDATE t%1$s SET version = 7', i);
			IF i % 100 = 0 THEN COMMIT; END IF;
		END LOOP;
	END $$;
	CALL refuse(1, 4200)});
is($node->safe_psql('other', 'SELECT sum(conflicts), count(*) > 4000, count(*) FILTER (WHERE table_name IS NULL) FROM concurrency.statistics'),
	'4200|t|1', 'nothing is lost where there is no room');

# A reset of all is one of all of this database, and of those that had no room.
$node->safe_psql('other', 'SELECT concurrency.reset_statistics()');
is($node->safe_psql('other', 'SELECT sum(conflicts), count(*) FILTER (WHERE table_name IS NULL), bool_and(stats_reset IS NOT NULL) FROM concurrency.statistics'),
	'0|0|t', 'all are reset');
is(counts('part'), '2000|0|0|0|0|0|0|0', '... of this database');

# A crash loses all of it, and nothing else.
$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', 'SELECT count(*) FROM concurrency.statistics'), 0, 'they begin anew with the server');
attempt(q{UPDATE part SET version = 7 WHERE id = 1});
is(counts('part'), '1|0|0|0|0|0|0|0', '... and go on');
$node->stop;

done_testing();
