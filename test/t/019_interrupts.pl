# Section 12: a backend that is cancelled, or terminated, in the middle of an UPDATE of many
# rows, in a conflict handler, in attach() or assert_current() that wait for a lock, leaves
# nothing behind: no version, no lock, no trigger, and in the same session no switch or
# expectation of the transaction that has failed.
#
# pg_regress and the isolation tester cannot do this: both have no session that another
# one terminates, and no statement whose middle is known.
#
# INTERRUPTS_SEED   repeats the moments at which statements time out (default 1)
use strict;
use warnings;

use DBD::Pg qw(:async);
use DBI;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

use constant ROWS => 20_000;
use constant PATIENCE => 60;

srand($ENV{INTERRUPTS_SEED} || 1);
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION concurrency;
	CREATE TABLE doc (id int PRIMARY KEY, body text, version int);
	INSERT INTO doc SELECT i, 'a', 5 FROM generate_series(1, } . ROWS . q{) AS i;
	SELECT concurrency.attach('doc', guard_delete => true);

	CREATE TABLE slow (id int PRIMARY KEY, body text, version int);
	INSERT INTO slow VALUES (1, 'a', 5);
	CREATE FUNCTION linger(current slow, attempted slow) RETURNS slow LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM pg_sleep(60);
		RETURN attempted;
	END
	$$;
	SELECT concurrency.attach('slow', on_conflict => 'call=public.linger');

	CREATE TABLE bare (id int PRIMARY KEY);
	CREATE TABLE child () INHERITS (bare)});

sub session
{
	my $dbh = DBI->connect('dbi:Pg:' . $node->connstr('postgres'), undef, undef,
		{ RaiseError => 1, PrintError => 0, PrintWarn => 0, AutoCommit => 1 });

	$dbh->do('SET client_min_messages = error');
	return $dbh;
}

my $observer = session();

sub value
{
	return ($observer->selectrow_array(shift, undef, @_))[0];
}

# The SQLSTATE of a command, if it fails.
sub sqlstate
{
	my ($dbh, $sql) = @_;

	return eval { $dbh->do($sql); 1 } ? 'success' : $dbh->state;
}

sub wait_for
{
	my ($query, @values) = @_;

	foreach (1 .. PATIENCE * 50)
	{
		return if value($query, @values);
		sleep 0.02;
	}
	die "timed out waiting for: $query\n";
}

# All that these tables hold and have, but for locks.
sub everything
{
	return value(q{
		SELECT concat_ws('; ', (SELECT concat(count(*), ' ', sum(version), ' ', md5(string_agg(body, '' ORDER BY id))) FROM doc),
			(SELECT row(s.*) FROM slow s),
			(SELECT string_agg(attrelid::regclass || '.' || attname, ' ' ORDER BY attrelid, attnum)
			   FROM pg_attribute WHERE attrelid IN ('bare'::regclass, 'child'::regclass) AND attnum > 0),
			(SELECT string_agg(tgrelid::regclass || '.' || tgname, ' ' ORDER BY oid) FROM pg_trigger))});
}

# Interrupt a statement once the session waits for that; before it, some may run.
sub interrupt
{
	my ($dbh, $how, $event, $sql, @before) = @_;
	my $pid = $dbh->{pg_pid};

	$dbh->do($_) foreach @before;
	$dbh->do($sql, { pg_async => PG_ASYNC });
	wait_for("SELECT wait_event = ? FROM pg_stat_activity WHERE pid = ?", $event, $pid);
	value("SELECT pg_${how}_backend(?)", $pid);
	my $error = eval { $dbh->pg_result; 1 } ? 'success' : $dbh->state;
	wait_for('SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = ?)', $pid) if $how eq 'terminate';
	return $error;
}

sub locks_of
{
	my $pid = shift;

	return value(q{SELECT count(*) FROM pg_locks WHERE pid = ? AND (locktype <> 'virtualxid')}, $pid);
}

my $middle = ROWS / 2;
my @told = ("SELECT concurrency.skip_check('doc')", "SELECT concurrency.skip_bump('doc')", "SELECT concurrency.expect('doc', 7)",
	"SELECT concurrency.skip_check('slow', false)");
my $holder = session();

# What is interrupted, what the session waits for meanwhile, and what somebody else holds.
my @cases = (
	[ 'an UPDATE', 'PgSleep',
		"UPDATE doc SET body = CASE WHEN id = $middle THEN pg_sleep(60)::text ELSE 'b' END, version = version" ],
	[ 'a stale UPDATE that goes through', 'PgSleep',
		"UPDATE doc SET body = CASE WHEN id = $middle THEN pg_sleep(60)::text ELSE 'b' END, version = 3", $told[0] ],
	[ 'a DELETE', 'PgSleep', "DELETE FROM doc WHERE id < $middle OR pg_sleep(60) IS NULL", @told[ 0, 2 ] ],
	[ 'a conflict handler', 'PgSleep', "UPDATE slow SET body = 'b', version = 3" ],
	[ 'an UPDATE that waits for a row', 'transactionid', "UPDATE doc SET body = 'b', version = 5 WHERE id > $middle",
		"UPDATE doc SET body = 'c' WHERE id = " . ROWS ],
	[ 'assert_current', 'transactionid', "SELECT concurrency.assert_current('doc', '1', 5)",
		"UPDATE doc SET body = 'c' WHERE id = 1" ],
	[ 'attach', 'relation', "SELECT concurrency.attach('bare')", 'LOCK TABLE bare IN ACCESS EXCLUSIVE MODE' ],
	[ 'attach, of a table whose child is locked', 'relation', "SELECT concurrency.attach('bare')", 'LOCK TABLE child IN ROW EXCLUSIVE MODE' ],
	[ 'detach', 'relation', "SELECT concurrency.detach('doc')", 'LOCK TABLE doc IN ROW EXCLUSIVE MODE' ]);
my $before = everything();

foreach my $case (@cases)
{
	my ($name, $event, $sql, @more) = @$case;
	my @held = $event eq 'PgSleep' ? () : splice @more, 0, 1;

	foreach my $how ('cancel', 'terminate')
	{
		my $dbh = session();
		my $pid = $dbh->{pg_pid};

		$holder->do($_) foreach 'BEGIN', @held;
		my $state = interrupt($dbh, $how, $event, $sql, 'BEGIN', @more);
		# of a connection that has gone, DBD::Pg does not always know why
		like($state, $how eq 'cancel' ? qr/^57014$/ : qr/^(57P01|08\w{3})$/, "$name: $how");
		$holder->do('ROLLBACK');
		$dbh->do('ROLLBACK') if $how eq 'cancel';
		is(everything(), $before, '... leaves rows, columns and triggers as they were');
		is(locks_of($pid), 0, '... and no lock');
		next if $how eq 'terminate';

		is(sqlstate($dbh, "UPDATE doc SET body = 'b', version = 3 WHERE id = 1"), 'PT409', '... and no switch');
		$dbh->do('BEGIN');
		is(sqlstate($dbh, "UPDATE doc SET body = 'b' WHERE id = 1"), 'success', '... and no expectation');
		is($dbh->selectrow_array('SELECT version FROM doc WHERE id = 1'), 6, '... in the same session, which bumps');
		$dbh->do('ROLLBACK');
	}
}

# A savepoint that is rolled back takes what was told in it, and nothing else.
{
	my $dbh = session();
	my $state = interrupt($dbh, 'cancel', 'PgSleep', "UPDATE doc SET body = pg_sleep(60)::text, version = 3 WHERE id = $middle",
		'BEGIN', "SELECT concurrency.skip_bump('doc')", 'SAVEPOINT s', @told[ 0, 2 ]);
	is($state, '57014', 'an UPDATE in a savepoint: cancel');
	$dbh->do('ROLLBACK TO s');
	is(sqlstate($dbh, "UPDATE doc SET body = 'b' WHERE id = 1"), 'success', '... leaves no expectation of the savepoint');
	is($dbh->selectrow_array('SELECT version FROM doc WHERE id = 1'), 5, '... and the switch that was there before it');
	is(sqlstate($dbh, "UPDATE doc SET body = 'b', version = 3 WHERE id = 2"), 'PT409', '... but not the one of the savepoint');
	$dbh->do('ROLLBACK');
	is(everything(), $before, '... and rows as they were');
}

# At any moment: what times out has written nothing, and what does not has written all.
{
	my $dbh = session();
	my %ended = (success => 0, 57014 => 0);
	my $wrong = 0;
	my $longest = 2;

	foreach (1 .. 60)
	{
		my ($rows, $sum) = $observer->selectrow_array('SELECT count(*), sum(version) FROM doc');
		my $state = sqlstate($dbh, 'SET LOCAL statement_timeout = ' . (1 + int rand $longest)
			. '; UPDATE doc SET body = md5(body), version = version');
		$ended{$state}++;
		$longest *= $state eq 'success' ? 0.9 : 1.3;
		my $expected = $state eq 'success' ? $sum + $rows : $sum;
		$wrong++ if value('SELECT sum(version) FROM doc') != $expected;
	}
	note("$ended{success} statements were done, $ended{57014} timed out");
	is($wrong, 0, 'statements that time out write nothing');
	is($ended{success} + $ended{57014}, 60, '... and fail for no other reason');
	cmp_ok($ended{57014}, '>', 5, '... which some of them do');
}

# It was none of this that kept attach from working.
is(value("SELECT concurrency.attach('bare')"), 'zz_concurrency_version', 'attach works when nobody holds a lock');

$node->stop;
done_testing();
