# Section 12, foreign tables (postgres_fdw): the trigger may be on the local side,
# on the remote side, or on both under "auto"; rows move into a partition that is a
# foreign table, and ON CONFLICT DO NOTHING leaves them alone.
#
# With both, the client talks to the local trigger alone; that one sends its next
# version to the remote one, which must accept increments: "echo" there refuses
# every write.
#
# pg_regress cannot count on postgres_fdw, nor on a second database to connect to.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
plan skip_all => 'postgres_fdw is not installed'
	if $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'") == 0;

$node->safe_psql('postgres', 'CREATE DATABASE far; CREATE DATABASE near');
$node->safe_psql('far', 'CREATE EXTENSION concurrency');
my ($host, $port) = ($node->host, $node->port);
$node->safe_psql('near', qq{
	CREATE EXTENSION concurrency;
	CREATE EXTENSION postgres_fdw;
	CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname 'far');
	CREATE USER MAPPING FOR CURRENT_USER SERVER far});

# Make a table far away and a foreign table for it here, each with a row at version
# 5; attach the sides that are given a protocol.
sub make_tables
{
	my ($local, $remote) = @_;

	$node->safe_psql('far', q{
		SET client_min_messages = warning;
		DROP TABLE IF EXISTS doc;
		CREATE TABLE doc (id int PRIMARY KEY, body text, version int)});
	$node->safe_psql('far', "SELECT concurrency.attach('doc', protocol => '$remote')") if $remote;
	$node->safe_psql('far', "INSERT INTO doc VALUES (1, 'a', 5)");
	$node->safe_psql('near', q{
		SET client_min_messages = warning;
		DROP FOREIGN TABLE IF EXISTS doc;
		CREATE FOREIGN TABLE doc (id int, body text, version int) SERVER far});
	$node->safe_psql('near', "SELECT concurrency.attach('doc', protocol => '$local')") if $local;
	return;
}

# Run a statement here; returns its rows, or its SQLSTATE.
sub answer
{
	my $statement = shift;
	my ($rc, $stdout, $stderr) = $node->psql('near', $statement, extra_params => [ '-v', 'VERBOSITY=verbose' ]);

	return $stderr =~ /ERROR: +(\w+)/ ? $1 : $stdout;
}

sub far
{
	return $node->safe_psql('far', 'SELECT * FROM doc ORDER BY id');
}

# A statement that postgres_fdw ships as a whole, and one that it must execute here,
# row by row.
my $shipped = 'WHERE id = 1';
my $by_row = 'WHERE id = 1 AND random() < 2';

#
# On one side, or under "auto" on both: everything as on a local table.
#
for ([ 'auto', undef ], [ undef, 'auto' ], [ 'auto', 'auto' ])
{
	my ($local, $remote) = @$_;
	my $sides = $local ? $remote ? 'both sides' : 'local side' : 'remote side';

	for my $where ($shipped, $by_row)
	{
		my $what = $sides . ($where eq $by_row ? ', row by row' : '');

		make_tables($local, $remote);
		is(answer("UPDATE doc SET body = 'echo', version = 5 $where RETURNING *"), '1|echo|6', "$what: echo");
		is(answer("UPDATE doc SET body = 'stale', version = 5 $where"), 'PT409', "$what: stale echo");
		is(answer("UPDATE doc SET body = 'increment', version = 7 $where AND version = 6 RETURNING *"), '1|increment|7', "$what: increment");
		is(answer("UPDATE doc SET body = 'stale', version = 7 $where AND version = 6 RETURNING *"), '', "$what: stale increment");
		is(answer("UPDATE doc SET body = 'computed', version = version + 1 $where RETURNING *"), '1|computed|8', "$what: computed");
		is(answer("UPDATE doc SET body = 'blind' $where RETURNING *"), '1|blind|9', "$what: blind");
		is(far(), '1|blind|9', "$what: that is what is stored");
	}

	is(answer('INSERT INTO doc (id) VALUES (2) RETURNING version'), 1, "$sides: a new row is at version 1");
	is(answer("INSERT INTO doc VALUES (3, 'c', 0) RETURNING version"), 0, "$sides: a version that is given is kept");
	is(answer("INSERT INTO doc VALUES (1, 'twice', 9), (4, 'd', 4) ON CONFLICT DO NOTHING RETURNING *"), '4|d|4',
		"$sides: ON CONFLICT DO NOTHING");
	is(answer("COPY doc FROM STDIN (FORMAT csv);\n5,e,50\n6,f,\n\\.\n"), '', "$sides: COPY");
	is(far(), "1|blind|9\n2||1\n3|c|0\n4|d|4\n5|e|50\n6|f|1", "$sides: all of it is stored");
}

# On the local side, the error is about the local table; from the remote side it
# comes with the fields and the detail that the remote side gave it.
for ([ 'auto', undef ], [ undef, 'auto' ])
{
	make_tables(@$_);
	my ($rc, $stdout, $stderr) = $node->psql('near', "UPDATE doc SET version = 3 $shipped");
	like($stderr, qr/stale write to table "doc".*\n.*is at version 5, but the write is based on version 3\.\n.*Read the row again/,
		($_->[0] ? 'local' : 'remote') . ' side: the error tells what is what');
}

# PostgreSQL's own 40001: postgres_fdw writes in REPEATABLE READ.  Somebody writes
# the row in the far database between our read and our write.
for ([ 'auto', undef ], [ undef, 'auto' ], [ 'auto', 'auto' ])
{
	make_tables(@$_);
	my $meanwhile = "UPDATE doc SET body = 'winner', version = 6 WHERE id = 1";
	is(answer(qq{BEGIN;
			SELECT FROM doc;
			\\! psql -Xqd "@{[ $node->connstr('far') ]}" -c "$meanwhile"
			UPDATE doc SET body = 'stale', version = 5 WHERE id = 1}),
		'40001', 'a concurrent write: PostgreSQL\'s own error');
	is(far(), '1|winner|6', '... and nothing is lost');
}

#
# Other protocols on both sides.  The local one judges what the client sends; the
# remote one sees next(OLD), whatever that was.
#
my %sends = (echo => 'version = 5', increment => 'version = 6', blind => "body = 'blind'");
my %stores = (
	# local, remote => what a client that echoes, increments, or writes blindly is told
	'auto auto' => '6 6 6',
	'auto increment' => '6 6 6',
	'auto echo' => 'PT409 PT409 PT409',
	'echo auto' => '6 PT409 6',
	'echo increment' => '6 PT409 6',
	'echo echo' => 'PT409 PT409 PT409',
	'increment auto' => 'PT409 6 6',
	'increment increment' => 'PT409 6 6',
	'increment echo' => 'PT409 PT409 PT409');
for (sort keys %stores)
{
	my @told;

	make_tables(split);
	for my $how (qw(echo increment blind))
	{
		push @told, answer("BEGIN; UPDATE doc SET $sends{$how} $shipped RETURNING version; ROLLBACK");
	}
	is("@told", $stores{$_}, "protocols of both sides: $_");
}

#
# A partition that is a foreign table.
#
$node->safe_psql('far', q{
	CREATE TABLE part_far (version int, body text, place text, id int);
	SELECT concurrency.attach('part_far')});
$node->safe_psql('near', q{
	CREATE TABLE part (id int, place text, body text, version int) PARTITION BY LIST (place);
	CREATE TABLE part_near PARTITION OF part FOR VALUES IN ('near');
	CREATE FOREIGN TABLE part_far PARTITION OF part FOR VALUES IN ('far') SERVER far;
	SELECT concurrency.attach('part');
	INSERT INTO part VALUES (1, 'near', 'a', 5), (2, 'far', 'b', 5), (3, 'near', 'c', 5), (4, 'near', 'd', 5)});
my $parts = 'SELECT tableoid::regclass, id, body, version FROM part ORDER BY id';

my $near = "WHERE place = 'near' AND id =";
is(answer("UPDATE part SET place = 'far', body = 'stale', version = 4 $near 1"), 'PT409', 'a stale write does not move the row');
$node->safe_psql('near', qq{
	UPDATE part SET place = 'far', body = 'echo', version = 5 $near 1;
	UPDATE part SET place = 'far', body = 'increment', version = 6 $near 3;
	UPDATE part SET place = 'far', body = 'blind' $near 4});
is($node->safe_psql('near', $parts), "part_far|1|echo|6\npart_far|2|b|5\npart_far|3|increment|6\npart_far|4|blind|6",
	'rows move to the foreign partition, and their versions go on');
is(answer("UPDATE part SET body = 'stale', version = 5 WHERE id = 1"), 'PT409', 'a stale write of a foreign partition\'s row');
is(answer("UPDATE part SET body = 'e', version = 6 WHERE id = 1 RETURNING version"), 7, '... and one that is not');
is($node->safe_psql('far', 'SELECT id, version FROM part_far ORDER BY id'), "1|7\n2|5\n3|6\n4|6", 'the far side has the same');
is(answer("INSERT INTO part VALUES (5, 'far', 'f') ON CONFLICT DO NOTHING RETURNING version"), 1, 'ON CONFLICT DO NOTHING into a foreign partition');

$node->stop;
done_testing();
