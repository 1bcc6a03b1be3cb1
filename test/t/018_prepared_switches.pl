# Sections 8 and 10: switches and expectations end with PREPARE TRANSACTION.  What they have let through is prepared with
# the rest; the session's next transaction, and COMMIT PREPARED, know nothing of them.
#
# pg_regress cannot do this: max_prepared_transactions is 0 by default.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 5');
$node->start;

$node->safe_psql('postgres', q{
	CREATE EXTENSION concurrency;
	CREATE TABLE doc (id int PRIMARY KEY, body text, version int);
	INSERT INTO doc VALUES (1, 'a', 5), (2, 'b', 50);
	SELECT concurrency.attach('doc')});

# Run commands in one session, each with its own fate; returns its errors' SQLSTATEs, and
# warnings' with a W.
sub sqlstates
{
	my ($commands) = @_;
	my ($rc, $stdout, $stderr) = $node->psql('postgres', $commands,
		extra_params => [ '-v', 'VERBOSITY=sqlstate' ], on_error_stop => 0);

	$stderr =~ s/WARNING:\s+/ERROR: W/g;
	return join ' ', $stderr =~ /ERROR:\s+(\w+)/g;
}

sub row
{
	my ($id) = @_;

	return $node->safe_psql('postgres', "SELECT body, version FROM doc WHERE id = $id");
}

# Each runs in one session: prepare, and write something else.
my $stale = 'UPDATE doc SET body = $$stale$$, version = 3 WHERE id';
is(sqlstates(qq{
	BEGIN;
	SELECT concurrency.skip_check('doc');
	$stale = 1;
	PREPARE TRANSACTION 'checked';
	$stale = 2}),
	'PT409', 'skip_check ends with PREPARE TRANSACTION');
is(row(2), 'b|50', '... and what came after was not written');
is(sqlstates("COMMIT PREPARED 'checked'"), '', 'what was forced was prepared');
is(row(1), 'stale|6', '... and bumped');

is(sqlstates(qq{
	BEGIN;
	SELECT concurrency.skip_bump('doc');
	UPDATE doc SET body = 'shadow' WHERE id = 1;
	PREPARE TRANSACTION 'bumped';
	UPDATE doc SET body = 'counted' WHERE id = 2}),
	'', 'a transaction with skip_bump is prepared');
is(row(2), 'counted|51', '... with which it ends');
is(sqlstates("COMMIT PREPARED 'bumped'"), '', '... and committed');
is(row(1), 'shadow|6', '... as it was prepared');

is(sqlstates(qq{
	BEGIN;
	SELECT concurrency.expect('doc', 6);
	UPDATE doc SET body = 'expected' WHERE id = 1;
	PREPARE TRANSACTION 'expected';
	UPDATE doc SET body = 'blind' WHERE id = 2}),
	'', 'an expectation ends with PREPARE TRANSACTION, as with every transaction');
is(row(2), 'blind|52', '... and what came after was written');
is(sqlstates("ROLLBACK PREPARED 'expected'"), '', 'a prepared transaction is rolled back');
is(row(1), 'shadow|6', '... and leaves the row as it was');

# What no write has met is told before PREPARE TRANSACTION, and only once.
is(sqlstates(qq{
	BEGIN;
	SELECT concurrency.expect('doc', 6);
	UPDATE doc SET body = 'nobody' WHERE id = 99;
	PREPARE TRANSACTION 'unmet'}),
	'W02000', 'an expectation that no write met is told before PREPARE TRANSACTION');
is(sqlstates("COMMIT PREPARED 'unmet'"), '', '... not again at COMMIT PREPARED');

# So does what was asserted, though the row stays locked.
is(sqlstates(qq{
	SET concurrency.blind_writes = 'reject';
	BEGIN;
	SELECT concurrency.assert_current('doc', '1', 6), concurrency.assert_current('doc', '2', 52);
	UPDATE doc SET body = 'asserted' WHERE id = 1;
	PREPARE TRANSACTION 'asserted';
	ROLLBACK PREPARED 'asserted';
	UPDATE doc SET body = 'blind' WHERE id = 2}),
	'PT428', 'an assertion ends with PREPARE TRANSACTION');

# What could not be prepared is over as well.
is(sqlstates(qq{
	BEGIN;
	SELECT concurrency.skip_check('doc');
	CREATE TEMPORARY TABLE t (id int);
	PREPARE TRANSACTION 'failed';
	$stale = 1}),
	'0A000 PT409', 'skip_check ends with a PREPARE TRANSACTION that fails');

done_testing();
