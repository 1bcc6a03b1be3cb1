# Section 12: versions survive what a server may go through.  A standby has them,
# and refuses stale writes once it is promoted; after a crash under load, rows,
# versions and journal agree; a prepared transaction keeps its bump and its lock over
# a restart, and whoever waits for it is judged by how it ends.
#
# pg_regress cannot stop its server, nor start a second one.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "max_prepared_transactions = 10\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION concurrency;
	CREATE TABLE doc (id int PRIMARY KEY, body text, version int);
	SELECT concurrency.attach('doc');
	INSERT INTO doc VALUES (1, 'a', 1), (2, 'b', 41)});

sub refuses
{
	my ($on, $statement, $what) = @_;
	my ($rc, $stdout, $stderr) = $on->psql('postgres', $statement, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	like($stderr, qr/ERROR: +PT409/, $what);
	return;
}

#
# A physical standby.
#
$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', q{
	UPDATE doc SET body = 'echo', version = 41 WHERE id = 2;
	UPDATE doc SET body = 'blind' WHERE id = 2;
	CREATE TABLE later (id int);
	SELECT concurrency.attach('later', blind => 'reject');
	INSERT INTO later VALUES (1)});
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
my $rows = 'SELECT * FROM doc ORDER BY id';
is($standby->safe_psql('postgres', $rows), "1|a|1\n2|blind|43", 'the standby has the versions');
$standby->promote;
refuses($standby, "UPDATE doc SET body = 'stale', version = 42 WHERE id = 2", 'the promoted standby refuses a stale write');
is($standby->safe_psql('postgres', "UPDATE doc SET body = 'promoted', version = 43 WHERE id = 2 RETURNING version"), 44,
	'... and bumps one that is not');
refuses($standby, 'UPDATE later SET id = 2, version = 7', '... also of a table that was attached after the standby began');
is($standby->safe_psql('postgres', 'SELECT table_name, blind FROM concurrency.attachments ORDER BY 1'), "doc|allow\nlater|reject",
	'... with the same options');
$standby->stop;

#
# A crash under load: half of the clients write blindly, half send the version that
# they read.
#
$node->safe_psql('postgres', q{
	CREATE TABLE hot (id int PRIMARY KEY, n int NOT NULL DEFAULT 0);
	SELECT concurrency.attach('hot');
	INSERT INTO hot SELECT generate_series(1, 4);
	CREATE TABLE journal (id int)});
my $tmp = $PostgreSQL::Test::Utils::tmp_check;
append_to_file("$tmp/blind.sql", q{
\set id random(1, 4)
BEGIN;
UPDATE hot SET n = n + 1 WHERE id = :id;
INSERT INTO journal VALUES (:id);
COMMIT;
});
append_to_file("$tmp/echo.sql", q{
\set id random(1, 4)
BEGIN;
SELECT n AS n, version AS version FROM hot WHERE id = :id FOR NO KEY UPDATE \gset
UPDATE hot SET n = :n + 1, version = :version WHERE id = :id;
INSERT INTO journal VALUES (:id);
COMMIT;
});

my $before = 0;
for my $round (1 .. 2)
{
	my $pgbench = IPC::Run::start([ 'pgbench', '-n', '-c4', '-T60', '-f', "$tmp/blind.sql", '-f', "$tmp/echo.sql", $node->connstr('postgres') ],
		'>', \my $stdout, '2>', \my $stderr);
	my $writing = $node->poll_query_until('postgres', "SELECT count(*) > $before + 500 FROM journal");
	$node->stop('immediate');
	$pgbench->finish;
	$node->start;
	ok($writing, "crash $round: the clients were writing");
	unlike($stderr, qr/stale write/, "crash $round: nobody was refused, as nobody was late");
	is($node->safe_psql('postgres', q{
			SELECT id, n, version FROM hot
			EXCEPT SELECT id, count(*), count(*) + 1 FROM journal GROUP BY id}), '',
		"crash $round: rows, versions and journal agree");
	refuses($node, 'UPDATE hot SET version = 0', "crash $round: stale writes are refused");
	$before = $node->safe_psql('postgres', 'SELECT count(*) FROM journal');
	note "crash $round: $before writes in all";
}

#
# Prepared transactions.
#
# A writer that waits for the prepared transaction; returns what it was told in the
# end.
sub waiter_told
{
	my ($statement, $end) = @_;
	my $psql = IPC::Run::start([ 'psql', '-XqAt', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('postgres'), '-c', $statement ],
		'>', \my $stdout, '2>', \my $stderr);

	ok($node->poll_query_until('postgres',
			"SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE%'"),
		'a writer waits for the prepared transaction');
	$node->safe_psql('postgres', $end);
	$psql->finish;
	return $stderr =~ /ERROR: +(\w+)/ ? $1 : $stdout;
}

my $echo = "UPDATE doc SET body = 'second', version = 1 WHERE id = 1 RETURNING version";
for my $stop ('fast', 'immediate')
{
	for my $end ([ 'COMMIT', 'PT409', "1|prepared|2" ], [ 'ROLLBACK', "2\n", "1|second|2" ])
	{
		my ($command, $told, $row) = @$end;

		$node->safe_psql('postgres', q{
			DELETE FROM doc WHERE id = 1;
			INSERT INTO doc VALUES (1, 'a', 1);
			BEGIN;
			UPDATE doc SET body = 'prepared', version = 1 WHERE id = 1;
			PREPARE TRANSACTION 'bump'});
		$node->stop($stop);
		$node->start;
		is(waiter_told($echo, "$command PREPARED 'bump'"), $told, "stop $stop, $command PREPARED: what the waiter is told");
		is($node->safe_psql('postgres', 'SELECT * FROM doc WHERE id = 1'), $row, "stop $stop, $command PREPARED: the row");
	}
}

# A refused write leaves nothing to prepare: PREPARE TRANSACTION rolls back.
$node->psql('postgres', "BEGIN; UPDATE doc SET body = 'b' WHERE id = 2; UPDATE doc SET version = 7 WHERE id = 1; PREPARE TRANSACTION 'stale'",
	on_error_stop => 0);
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_prepared_xacts'), 0, 'a transaction with a conflict is not prepared');
is($node->safe_psql('postgres', 'SELECT * FROM doc WHERE id = 2'), '2|blind|43', '... and leaves nothing');

$node->stop;
done_testing();
