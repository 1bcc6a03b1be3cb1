# doc/two-way.md: two servers that both write, with the page's arbiter, end with the same
# rows, whoever wrote what at the same time; on 15, where each write comes back, and with
# origin = none, where the major has it.
#
# Controls: without the arbiter two crossed edits leave the servers different, or, where
# writes come back, go round for ever.  What the page says that it does not do, is shown.
#
# pg_regress has one server, and no wal_level = logical.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use DocExamples;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Sessions;
use Test::More;
use Time::HiRes qw(sleep time);

my $page = "$FindBin::RealBin/../../doc/two-way.md";
my $table = fence($page, 'CREATE TABLE doc');
my $arbiter = fence($page, 'CREATE FUNCTION newer_wins');
my $publication = fence($page, 'CREATE PUBLICATION');
my $subscription = fence($page, 'CREATE SUBSCRIPTION');
my $sum = fence($page, 'md5');

my %node;
foreach my $name (qw(north south))
{
	my $node = $node{$name} = PostgreSQL::Test::Cluster->new($name);
	$node->init(allows_streaming => 'logical');
	$node->append_conf('postgresql.conf', q{
		wal_retrieve_retry_interval = 50ms
		wal_writer_delay = 10ms
		max_logical_replication_workers = 8
		deadlock_timeout = 100ms
		autovacuum = off
	});
	$node->append_conf('postgresql.conf', "shop.node = $name");
	$node->start;
}
my ($north, $south) = @node{qw(north south)};
my @both = ($north, $south);
my $has_origin = $north->pg_version >= 16;
my @origins = ('any', $has_origin ? 'none' : ());
note 'not tested: origin = none, as PostgreSQL 15 has no such option' if !$has_origin;

# A database on both servers with the page's table, and subscriptions both ways; for
# controls, of all that there is to publish.
sub make_database
{
	my ($dbname, $origin, $sql, $publish_all) = @_;
	my $published = $publish_all ? $publication =~ s/ WITH .*?;/;/r : $publication;

	foreach my $node (@both)
	{
		$node->safe_psql('postgres', "CREATE DATABASE $dbname");
		$node->safe_psql($dbname, "CREATE EXTENSION concurrency; $sql; $published");
	}
	foreach my $node (@both)
	{
		my $with = $origin eq 'none' ? 'origin = none, ' : '';
		my $other = ($node == $north ? $south : $north)->connstr($dbname);
		# names of slots are the server's, not the database's
		my $create = $subscription =~ s/SUBSCRIPTION doc/SUBSCRIPTION $dbname/r =~ s/WITH \(/WITH ($with/r;
		$node->safe_psql($dbname, "\\set other '" . ($other =~ s/'/''/gr) . "'\n$create");
	}
	$_->poll_query_until($dbname, "SELECT count(*) = 1 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel")
	  or die 'the subscriptions are not ready' foreach @both;
	return;
}

sub query
{
	my ($dbname, $sql) = @_;
	return join ' / ', map { $_->safe_psql($dbname, $sql) } @both;
}

# Wait until what was written has arrived, and has come back, if it does.
sub settle
{
	my ($dbname) = @_;

	foreach (1 .. 2)
	{
		$_->wait_for_catchup($dbname) foreach @both;
	}
	return;
}

# Let two things be written, first on the north, before either server hears of the other:
# both are done before one is committed.
sub cross
{
	my ($dbname, $on_north, $on_south, $south_first) = @_;
	my @turns = ([ Sessions->new($north, $dbname), $on_north ], [ Sessions->new($south, $dbname), $on_south ]);

	@turns = reverse @turns if $south_first;
	foreach (@turns)
	{
		my ($session, $write) = @$_;
		$session->run('BEGIN');
		my $outcome = $session->run($write);
		die "$outcome: $write\n" if $outcome;
	}
	$_->[0]->run('COMMIT') foreach @turns;
	return;
}

# Does something go round and round? Then each server begins transactions that nobody asks for.
sub goes_round
{
	my ($dbname, $what) = @_;

	foreach my $node (@both)
	{
		my $xid = $node->safe_psql($dbname, 'SELECT pg_current_xact_id()');
		ok($node->poll_query_until($dbname, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint > $xid + 10"),
			"control: $what on " . $node->name);
	}
	$_->safe_psql($dbname, "ALTER SUBSCRIPTION $dbname DISABLE") foreach @both;
	return;
}

sub errors
{
	my ($dbname) = @_;
	return query($dbname, "SELECT apply_error_count FROM pg_stat_subscription_stats WHERE subname = '$dbname'");
}

my $id = '00000000-0000-0000-0000-00000000000';
my $insert = "INSERT INTO doc (id, body) VALUES ('${id}1', 'both')";
my $bodies = "SELECT string_agg(body, ' ' ORDER BY id) FROM doc";
my @crossed = ("UPDATE doc SET body = 'north' WHERE id = '${id}1'", "UPDATE doc SET body = 'south' WHERE id = '${id}1'");

#
# Control: no arbiter.
#
make_database('unarbitrated', $origins[-1], "$table; $insert");
cross('unarbitrated', @crossed);
if ($has_origin)
{
	settle('unarbitrated');
	is(query('unarbitrated', $bodies), 'south / north', 'control: without the arbiter, each server ends with the other\'s edit');
}
else
{
	goes_round('unarbitrated', 'without the arbiter, two edits go round and round');
}

#
# With it.
#
foreach my $origin (@origins)
{
	my $dbname = "origin_$origin";
	my $name = "origin = $origin";

	make_database($dbname, $origin, "$table; $arbiter");
	$north->safe_psql($dbname, $insert);
	settle($dbname);
	is(query($dbname, $bodies), 'both / both', "$name: a row arrives");
	is(query($dbname, 'SELECT node FROM doc'), 'north / north', '... as it was written');

	cross($dbname, @crossed);
	settle($dbname);
	is(query($dbname, $bodies), 'south / south', '... of two crossed edits the later one stays, on both');
	cross($dbname, @crossed, 1);
	settle($dbname);
	is(query($dbname, $bodies), 'north / north', '... on whichever server it was made');

	# A clock that is ahead: who has seen its row wins over it, all the same.
	$north->safe_psql($dbname, "INSERT INTO doc (id, body, version) VALUES ('${id}2', 'ahead', now() + interval '1 hour')");
	settle($dbname);
	$south->safe_psql($dbname, "UPDATE doc SET body = 'seen' WHERE id = '${id}2'");
	settle($dbname);
	is(query($dbname, "SELECT body FROM doc WHERE id = '${id}2'"), 'seen / seen', '... also after a version that is ahead of all clocks');

	# The same key on both; and at the same version.
	cross($dbname, map { "INSERT INTO doc (id, body) VALUES ('${id}3', '$_')" } qw(north south));
	cross($dbname, (map { "INSERT INTO doc (id, body) VALUES ('${id}4', '$_')" } qw(north south)), 1);
	cross($dbname, map { "INSERT INTO doc (id, body, version) VALUES ('${id}5', '$_', '2020-01-01')" } qw(north south));
	settle($dbname);
	is(query($dbname, "SELECT string_agg(body, ' ' ORDER BY id) FROM doc WHERE id >= '${id}3'"), 'south north south / south north south',
		'... of a key that is inserted on both, the later row stays, and at one version that of the greater name');
	# Versions are checked on both servers.
	my $read = $north->safe_psql($dbname, "SELECT version FROM doc WHERE id = '${id}3'");
	$north->safe_psql($dbname, "UPDATE doc SET body = 'again', version = '$read' WHERE id = '${id}3'");
	settle($dbname);
	my (undef, undef, $stderr) = $south->psql($dbname, "UPDATE doc SET body = 'stale', version = '$read' WHERE id = '${id}3'");
	like($stderr, qr/stale write to table "doc"/, '... who saves on the other server what is old by now, is refused');

	# A load, on both.
	my $script = "$PostgreSQL::Test::Utils::tmp_check/load.sql";
	unlink $script;
	append_to_file($script, q{
\set key random(1, 300)
\set row random(1, 20)
\set way random(1, 10)
\if :way = 1
INSERT INTO doc (id, body) VALUES (md5(:key::text)::uuid, current_setting('shop.node')) ON CONFLICT DO NOTHING;
\elif :way = 2
UPDATE doc SET deleted = NOT deleted WHERE id = md5(:row::text)::uuid;
\elif :way = 3
UPDATE doc SET body = repeat(md5(random()::text), 200) WHERE id = md5(:row::text)::uuid;
\else
UPDATE doc SET body = current_setting('shop.node') || random() WHERE id = md5(:row::text)::uuid;
\endif
});
	my @runs = map {
		IPC::Run::start([ 'pgbench', '-n', '-c3', '-T2', '-f', $script, $_->connstr($dbname) ], '>', \my $out, '2>', \my $err)
	} @both;
	$_->finish foreach @runs;
	settle($dbname);
	my ($give_up, $sums) = (time() + $PostgreSQL::Test::Utils::timeout_default);
	do { sleep(0.05); $sums = query($dbname, $sum) } until $sums =~ m{^(.*) / \1$} || time() > $give_up;
	like($sums, qr{^(\d\d+.*) / \1$}, '... under load the two servers end with the same rows');
	note "$name: updates " . query($dbname, "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'doc'")
	  . ', rows ' . query($dbname, 'SELECT count(*), count(DISTINCT node) FROM doc') . ', errors ' . errors($dbname);
	is(query($dbname, "SELECT count(DISTINCT node) FROM doc WHERE id > '${id}9'"), '2 / 2', '... of both');
	is(errors($dbname), '0 / 0', '... and nothing failed');
	$_->safe_psql($dbname, "ALTER SUBSCRIPTION $dbname DISABLE") foreach @both;
}

#
# What it does not do.
#
make_database('limits', $origins[-1], "$table; $arbiter");

# hard deletes
sub edit_and_delete
{
	my ($dbname, $digit, $delete, $later) = @_;
	my $row = "WHERE id = '$id$digit'";

	$north->safe_psql($dbname, "INSERT INTO doc (id, body) VALUES ('$id$digit', 'both')");
	settle($dbname);
	cross($dbname, "UPDATE doc SET body = 'an edit', deleted = false $row", "$delete $row", $later);
	settle($dbname);
	return query($dbname, "SELECT coalesce(max(body || ', ' || deleted), 'gone') FROM doc $row");
}
make_database('deletes', $origins[-1], "$table; $arbiter", 1);
is(edit_and_delete('deletes', 1, 'DELETE FROM doc', 1), 'gone / gone', 'control: a DELETE that is published destroys an edit, also a newer one');
is(edit_and_delete('limits', 1, 'DELETE FROM doc', 1), 'an edit, false / gone', '... one that is not stays at home');
$north->safe_psql('limits', 'TRUNCATE doc');
$south->safe_psql('limits', "INSERT INTO doc (id, body) VALUES ('${id}1', 'again')");
settle('limits');
is(query('limits', $bodies), 'again / again', '... and the key may come again');
is(edit_and_delete('limits', 2, 'UPDATE doc SET deleted = true', 1), 'an edit, false / an edit, false', 'a soft delete gives way to a newer edit');
is(edit_and_delete('limits', 3, 'UPDATE doc SET deleted = true', 0), 'both, true / both, true', '... and wins over an older one');
$north->safe_psql('limits', 'TRUNCATE doc');
settle('limits');
is(query('limits', 'SELECT count(*) FROM doc'), '0 / 3', 'TRUNCATE stays at home, too');
$south->safe_psql('limits', 'TRUNCATE doc');

# On 15 what goes round.
if (!$has_origin)
{
	$north->safe_psql('deletes', "INSERT INTO doc (id, body) VALUES ('${id}2', 'both')");
	settle('deletes');
	$north->safe_psql('deletes', "BEGIN; DELETE FROM doc; INSERT INTO doc (id, body) VALUES ('${id}2', 'again'); COMMIT");
	goes_round('deletes', 'where deletes are published, a key that is deleted and inserted again goes round and round');
}

# a key that is changed
$north->safe_psql('limits', "INSERT INTO doc (id, body) VALUES ('${id}1', 'both')");
settle('limits');
cross('limits', "UPDATE doc SET id = '${id}4' WHERE id = '${id}1'", "UPDATE doc SET body = 'an edit' WHERE id = '${id}1'");
settle('limits');
is(query('limits', 'SELECT right(id::text, 1), body FROM doc'), '4|both / 1|an edit', 'control: a key that is changed ends as two, one on each');
$_->safe_psql('limits', "TRUNCATE doc; SET session_replication_role = replica; INSERT INTO doc (id, body, version, node) VALUES ('${id}2', 'both', '2020-01-01', 'north')") foreach @both;
settle('limits');

# long values that an edit has not touched
my $external = 'ALTER TABLE doc ALTER COLUMN body SET STORAGE EXTERNAL';
sub cross_long_values
{
	my ($dbname) = @_;

	$north->safe_psql($dbname, "INSERT INTO doc (id, body) VALUES ('${id}9', repeat('x', 10000))");
	settle($dbname);
	cross($dbname, "UPDATE doc SET body = repeat('n', 10000) WHERE id = '${id}9'", "UPDATE doc SET deleted = true WHERE id = '${id}9'");
	settle($dbname);
	return query($dbname, "SELECT left(body, 1), deleted FROM doc WHERE id = '${id}9'");
}
make_database('long_values', $origins[-1], ($table =~ s/^ +NEW\.body :=.*\n//mr) . "; $external; $arbiter");
is(cross_long_values('long_values'), 'n|t / x|t', 'control: a long value that is not written differs in the end');
my ($here, $there) = split m{ / }, query('long_values', 'SELECT version FROM doc');
is($here, $there, '... at one version');
$_->safe_psql('limits', $external) foreach @both;
is(cross_long_values('limits'), 'x|t / x|t', '... one that is written does not');

# what does not bump
$north->safe_psql('limits', "BEGIN; SELECT concurrency.skip_bump('doc'); UPDATE doc SET body = 'silent' WHERE id = '${id}2'; COMMIT");
settle('limits');
is(query('limits', "SELECT body FROM doc WHERE id = '${id}2'"), 'silent / both', 'control: a write that does not bump stays at home');
$north->safe_psql('limits', "UPDATE doc SET body = 'told' WHERE id = '${id}2'");
settle('limits');
is(query('limits', "SELECT body FROM doc WHERE id = '${id}2'"), 'told / told', '... until the next one that does');

# other unique columns
$_->safe_psql('limits', 'CREATE UNIQUE INDEX body ON doc (body) WHERE length(body) < 100') foreach @both;
cross('limits', map { "INSERT INTO doc (id, body) VALUES ('$id$_', 'the same')" } 6, 7);
ok($_->poll_query_until('limits', "SELECT apply_error_count > 1 FROM pg_stat_subscription_stats WHERE subname = 'limits'"),
	'control: a value that is unique elsewhere stops the subscription of ' . $_->name)
  foreach @both;
$_->safe_psql('limits', "INSERT INTO doc (body) VALUES ('behind it, ' || current_setting('shop.node'))") foreach @both;
is(query('limits', "SELECT count(*) FROM doc WHERE body LIKE 'behind it%'"), '1 / 1', '... and all that comes behind it');
$north->safe_psql('limits', "UPDATE doc SET body = 'changed by hand' WHERE body = 'the same'");
$south->safe_psql('limits', "UPDATE doc SET body = 'changed by hand, too' WHERE body = 'the same'");
ok($_->poll_query_until('limits', "SELECT count(*) = 2 FROM doc WHERE body LIKE 'behind it%'"),
	'... until it is changed by hand')
  foreach @both;

# foreign keys; what has no arbiter goes one way
$_->safe_psql('limits', "CREATE TABLE note (id int PRIMARY KEY, doc uuid REFERENCES doc); INSERT INTO doc (id, body) VALUES ('${id}8', 'parent') ON CONFLICT DO NOTHING")
  foreach @both;
settle('limits');
$north->safe_psql('limits', 'ALTER PUBLICATION doc ADD TABLE note');
$south->safe_psql('limits', 'ALTER SUBSCRIPTION limits REFRESH PUBLICATION WITH (copy_data = false)');
$south->poll_query_until('limits', "SELECT count(*) = 2 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel")
  or die 'the subscription is not ready';
cross('limits', "INSERT INTO note VALUES (1, '${id}8')", "DELETE FROM doc WHERE id = '${id}8'");
settle('limits');
is($south->safe_psql('limits', 'SELECT count(*) FROM note LEFT JOIN doc ON doc.id = note.doc WHERE doc.id IS NULL'), 1,
	'a foreign key is not checked for what arrives');

$_->stop foreach @both;
done_testing();
