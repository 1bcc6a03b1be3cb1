# doc/sharding.md: a table whose partitions are foreign ones, on two other servers, with
# the trigger on the hub and on the shards.  Stale writes are refused on either way to a
# row; and what the page says of rows that change their region, of commits on two shards
# and of options is so, beside controls.
#
# What one foreign table does, is in 011_foreign_tables.pl.
#
# pg_regress cannot count on postgres_fdw, nor on servers to connect to.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use DocExamples;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Sessions;
use Test::More;

my $page = "$FindBin::RealBin/../../doc/sharding.md";

my %node;
foreach my $name (qw(hub north south))
{
	$node{$name} = PostgreSQL::Test::Cluster->new($name);
	$node{$name}->init;
	$node{$name}->start;
	$node{$name}->safe_psql('postgres', 'CREATE DATABASE shop');
}
my ($hub, $north, $south) = @node{qw(hub north south)};
plan skip_all => 'postgres_fdw is not installed'
  if $hub->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'") == 0;

my $shard = fence($page, 'CREATE TABLE doc_north');
$north->safe_psql('shop', $shard);
$south->safe_psql('shop', $shard =~ s/north/south/gr);
my $address = join '', map { "\\set ${_}_host '" . $node{$_}->host . "'\n\\set ${_}_port " . $node{$_}->port . "\n" } qw(north south);
$hub->safe_psql('shop', $address . fence($page, 'CREATE SERVER north'));

fence_prints($hub, 'shop', $page, 'INSERT INTO doc');
is($north->safe_psql('shop', 'SELECT * FROM doc_north'), '1|north|by Ann|2', '... and that is what is stored');

# Run a statement; returns its rows, or its SQLSTATE.
sub answer
{
	my ($node, $statement) = @_;
	my ($rc, $stdout, $stderr) = $node->psql('shop', $statement, extra_params => [ '-v', 'VERBOSITY=verbose' ]);

	return $stderr =~ /ERROR: +(\w+)/ ? $1 : $stdout;
}

# Both rows as they were in the beginning.
sub start_again
{
	my ($version) = @_;

	$node{$_}->safe_psql('shop', "TRUNCATE doc_$_") foreach qw(north south);
	$hub->safe_psql('shop', "INSERT INTO doc VALUES (1, 'north', 'read', 1), (2, 'south', 'read', 1)");
	return;
}

#
# Past the hub.
#
start_again();
is(answer($north, "UPDATE doc_north SET body = 'blind'"), 'PT428', 'a blind write past the hub is refused');
is(answer($north, "UPDATE doc_north SET body = 'direct', version = 1 RETURNING version"), 2, '... and one that sends a version is none');
is(answer($hub, "UPDATE doc SET body = 'late', version = 1 WHERE id = 1"), 'PT409', '... after which the hub refuses what was read before');
is(answer($hub, "UPDATE doc SET body = 'through', version = 2 WHERE id = 1 RETURNING version"), 3, 'what was read since passes');
is(answer($north, "UPDATE doc_north SET body = 'late', version = 2"), 'PT409', '... and makes the shard refuse the other way round');
is(answer($hub, "UPDATE doc SET body = 'blind' RETURNING id, version"), "1|4\n2|2", 'the hub lets blind writes pass, of both shards, and counts them');

#
# At the same moment.
#
sub meet
{
	my ($ann, $bob) = map { Sessions->new($hub, 'shop') } 1 .. 2;
	my $save = "UPDATE doc SET body = '%s', version = 1 WHERE region = 'north' AND id = 1";

	start_again();
	$ann->run('BEGIN');
	$ann->run(sprintf $save, 'Ann');
	# who waits, waits in the shard
	$bob->begin(sprintf $save, 'Bob');
	$north->poll_query_until('shop', 'SELECT count(*) > 0 FROM pg_locks WHERE NOT granted') or die "nobody waits\n";
	$ann->run('COMMIT');
	return join ' ', $bob->result, $bob->run(sprintf $save, 'Bob'), $hub->safe_psql('shop', 'SELECT body FROM doc WHERE id = 1');
}
is(meet(), '40001 PT409 Ann', 'the second of two gets PostgreSQL\'s own error, and repeats it in vain');

#
# Without triggers: what all this is for.
#
my @triggers = map { [ $node{$_}, $_ eq 'hub' ? 'doc' : "doc_$_" ] } qw(hub north south);
$_->[0]->safe_psql('shop', "ALTER TABLE $_->[1] DISABLE TRIGGER USER") foreach @triggers;
start_again();
is(answer($hub, "UPDATE doc SET body = '$_', version = 1 WHERE id = 1 RETURNING body"), $_, "control: without triggers $_ overwrites the row")
  foreach qw(Ann Bob);
$_->[0]->safe_psql('shop', "ALTER TABLE $_->[1] ENABLE TRIGGER USER") foreach @triggers;

# One side is enough.
foreach my $without ('hub', 'north')
{
	my ($node, $table) = @{ (grep { $_->[0] == $node{$without} } @triggers)[0] };
	$node->safe_psql('shop', "ALTER TABLE $table DISABLE TRIGGER USER");
	start_again();
	is(answer($hub, "UPDATE doc SET body = 'Ann', version = 1 WHERE id = 1 RETURNING version"), 2, "without the trigger of the $without, a write is counted");
	is(answer($hub, "UPDATE doc SET body = 'Bob', version = 1 WHERE id = 1"), 'PT409', '... and a stale one refused');
	$node->safe_psql('shop', "ALTER TABLE $table ENABLE TRIGGER USER");
}

#
# Two shards are two commits.  A constraint that is looked at when a shard commits makes one
# fail; which commits first is not said, so let each fail once.
#
my @halves;
foreach my $fails (qw(north south))
{
	my $other = $fails eq 'north' ? 'south' : 'north';

	start_again();
	$node{$fails}->safe_psql('shop', qq{
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE SQLSTATE ''XX123''; END';
		CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON doc_$fails DEFERRABLE INITIALLY DEFERRED
			FOR EACH ROW EXECUTE FUNCTION refuse()});
	is(answer($hub, "UPDATE doc SET body = 'both'"), 'XX123', "a transaction that fails when $fails commits");
	push @halves, $hub->safe_psql('shop', "SELECT count(*) FROM doc WHERE body = 'both'");
	is($node{$fails}->safe_psql('shop', "SELECT body, version FROM doc_$fails"), 'read|1', '... changes nothing there');
	is($node{$other}->safe_psql('shop', "SELECT body, version FROM doc_$other"), $halves[-1] ? 'both|2' : 'read|1',
		'... and elsewhere leaves body and version as they belong together');
	$node{$fails}->safe_psql('shop', "DROP TRIGGER refuse ON doc_$fails");
}
is(join(' ', sort @halves), '0 1', 'control: of the two, one is left half done');

#
# A row that changes its region.
#
start_again();
is(answer($hub, "UPDATE doc SET region = 'south', version = 1 WHERE id = 1"), '23514', 'a row cannot change its region');
$north->safe_psql('shop', 'ALTER TABLE doc_north DROP CONSTRAINT doc_north_region_check');
is(answer($hub, "UPDATE doc SET region = 'south', version = 1 WHERE id = 1 RETURNING tableoid::regclass"), 'doc_north',
	'control: without the CHECK it does, and stays where it is');
is(answer($hub, "SELECT count(*) FROM doc WHERE region = 'south' AND id = 1"), 0, '... where nobody finds it by its region');
start_again();
is(answer($hub, q{
		BEGIN;
		WITH gone AS (DELETE FROM doc WHERE region = 'north' AND id = 1 RETURNING *)
		INSERT INTO doc SELECT id, 'south', body, version + 1 FROM gone;
		COMMIT;
		SELECT tableoid::regclass, version FROM doc WHERE region = 'south' AND id = 1}), 'doc_south|2',
	'it is deleted and inserted, and its version goes on');

#
# No primary key, and what the shard does not know.
#
start_again();
is(answer($hub, "SELECT concurrency.$_('doc', '1', 1)"), '22023', "$_ needs a primary key") foreach qw(is_current assert_current);
is(answer($hub, "INSERT INTO doc VALUES (1, 'north', 'x', 1) ON CONFLICT (id) DO UPDATE SET body = 'x'"), '42P10', 'so does an upsert');
is(answer($north, "SELECT concurrency.is_current('doc_north', '1', 1)"), 't', 'the shard has one');
is(answer($hub, "BEGIN; SELECT concurrency.skip_bump('doc'); UPDATE doc SET body = 'x' WHERE id = 1 RETURNING version; ROLLBACK"), "\n2",
	'control: skip_bump on the hub is in vain');
is(answer($hub, "SELECT concurrency.attach('doc', watch => 'region'); UPDATE doc SET body = 'x' WHERE id = 1 RETURNING version"),
	"zz_concurrency_version\n2", '... as is watch');
$north->safe_psql('shop', "SELECT concurrency.attach('doc_north', watch => 'region')");
is(answer($hub, 'UPDATE doc SET body = \'y\' WHERE id = 1 RETURNING version'), 2, '... unless the shard has it, too');
$hub->safe_psql('shop', "SELECT concurrency.attach('doc', watch => '')");
$north->safe_psql('shop', "SELECT concurrency.attach('doc_north', watch => '', guard_delete => true)");
is(answer($hub, "BEGIN; SELECT concurrency.expect('doc', 2); DELETE FROM doc WHERE region = 'north' AND id = 1"), 'PT428',
	'guard_delete on the shard refuses what the hub has checked');
$north->safe_psql('shop', "SELECT concurrency.attach('doc_north', protocol => 'echo', guard_delete => false)");
is(answer($hub, "UPDATE doc SET body = 'x', version = 2 WHERE id = 1"), 'PT409', 'the protocol echo on a shard refuses every write');
$north->safe_psql('shop', "SELECT concurrency.attach('doc_north', protocol => '')");
is(answer($_, 'SELECT count(*) FROM concurrency.audit()'), 0, 'audit() finds nothing on ' . $_->name) foreach $hub, $north, $south;

$_->stop foreach values %node;
done_testing();
