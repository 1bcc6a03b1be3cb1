# Section 5, the kind "xact", and two-phase commit: what a prepared transaction
# wrote has that transaction's id, whoever commits it, also after a crash.
#
# pg_regress cannot do this: max_prepared_transactions is 0 by default, and the
# server has to crash.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 2');
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION concurrency;
	CREATE TABLE doc (id int PRIMARY KEY, body text);
	SELECT concurrency.attach('doc', kind => 'xact');
	INSERT INTO doc VALUES (1, 'first'), (2, 'first')});
my $read = $node->safe_psql('postgres', 'SELECT version FROM doc WHERE id = 1');

# Two writes, one of them in a savepoint; returns the transaction's id.
my $xid = $node->safe_psql('postgres', qq{
	BEGIN;
	UPDATE doc SET body = 'prepared', version = '$read' WHERE id = 1;
	SAVEPOINT s;
	UPDATE doc SET body = 'prepared' WHERE id = 2;
	SELECT pg_current_xact_id();
	PREPARE TRANSACTION 'two'});
is($node->safe_psql('postgres', 'SELECT version FROM doc WHERE id = 1'), $read,
	'what is prepared is not seen yet');

$node->stop('immediate');
$node->start;
$node->safe_psql('postgres', "COMMIT PREPARED 'two'");
is($node->safe_psql('postgres', "SELECT count(*) FROM doc WHERE version = '$xid' AND body = 'prepared'"),
	'2', 'what was prepared has the id of the transaction that wrote it');

# The tokens of before and of then, in a new session.
my ($rc, $stdout, $stderr) = $node->psql('postgres',
	"UPDATE doc SET body = 'stale', version = '$read' WHERE id = 1");
like($stderr, qr/stale write to table "doc"/, 'the version of before is stale');
is( $node->safe_psql('postgres', "UPDATE doc SET body = 'next', version = '$xid' WHERE id = 1 RETURNING body"),
	'next', 'the version that was prepared fits');

# What is rolled back leaves the version that was there.
$node->safe_psql('postgres', q{
	BEGIN;
	UPDATE doc SET body = 'rolled back' WHERE id = 2;
	PREPARE TRANSACTION 'two'});
$node->safe_psql('postgres', "ROLLBACK PREPARED 'two'");
is($node->safe_psql('postgres', 'SELECT version FROM doc WHERE id = 2'), $xid,
	'after ROLLBACK PREPARED the old version stands');

$node->stop;
done_testing();
