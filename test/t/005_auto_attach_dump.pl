# Section 11, auto_attach: a database that has it on is dumped and restored without
# an error, with one trigger a column and the options that it had, and has it on
# afterwards.  A single table is restored while it is off; while it is on, the table
# is attached before its own trigger comes.
#
# pg_regress has one database and no pg_dump.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
my $dir = $PostgreSQL::Test::Utils::tmp_check;

# Run a program; returns what it complained of.
sub complaints_of
{
	my ($stdout, $stderr);
	run_log([@_], '>', \$stdout, '2>', \$stderr);
	return $stderr;
}

# Restore a dump, by psql or pg_restore; returns what that complained of.
sub restore
{
	my ($file, $db, @options) = @_;
	return $file =~ /sql$/
	  ? complaints_of('psql', '-Xq', '-f', $file, $node->connstr($db))
	  : complaints_of('pg_restore', @options, '-d', $node->connstr($db), $file);
}

# What must be the same in both: triggers with their options, versions, and the event trigger.
sub state_of
{
	my $db = shift;
	return $node->safe_psql($db, q{
		SELECT tgenabled, tgparentid <> 0, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 3;
		SELECT 'doc', * FROM doc ORDER BY id;
		SELECT tableoid::regclass, * FROM part ORDER BY id;
		SELECT evtname, evtenabled, obj_description(oid), EXISTS (
			SELECT FROM pg_depend WHERE classid = 'pg_event_trigger'::regclass AND objid = e.oid AND deptype = 'e')
		  FROM pg_event_trigger e});
}

$node->safe_psql('postgres', 'CREATE DATABASE original');
$node->safe_psql('original', q{
	CREATE EXTENSION concurrency;
	SELECT concurrency.auto_attach(true);
	CREATE TABLE doc (id int PRIMARY KEY, version concurrency.version, clock concurrency.clock_version);
	SELECT concurrency.attach('doc', protocol => 'echo', blind => 'reject', guard_delete => true);
	ALTER TABLE doc ENABLE ALWAYS TRIGGER zz_concurrency_clock;
	INSERT INTO doc VALUES (1, 77, 4711), (2, 1, DEFAULT);
	CREATE TABLE part (id int, version concurrency.version) PARTITION BY RANGE (id);
	CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (100);
	CREATE TABLE part_high PARTITION OF part DEFAULT;
	INSERT INTO part VALUES (1, 42), (101, 43);
	CREATE TABLE mother (id int, version concurrency.version);
	CREATE TABLE daughter () INHERITS (mother);
	CREATE TABLE detached (id int, version concurrency.version);
	SELECT concurrency.detach('detached');
	CREATE TABLE by_hand (id int, version concurrency.version);
	SELECT concurrency.detach('by_hand');
	CREATE TRIGGER by_hand BEFORE UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
});
my $state = state_of('original');
like($state, qr/^concurrency_auto_attach\|O\|.*\|f$/m, 'auto_attach is on, by an event trigger that is no member of the extension');
is(() = $state =~ /EXECUTE FUNCTION concurrency/g, 8, 'there are triggers to be restored');

my %dumps = (plain => [ 'sql', '-Fp' ], custom => [ 'dump', '-Fc' ], parallel => [ 'dump', '-Fc' ]);
foreach my $name (sort keys %dumps)
{
	my ($suffix, $format) = @{ $dumps{$name} };
	my $file = "$dir/$name.$suffix";

	is(complaints_of('pg_dump', $format, '-f', $file, $node->connstr('original')), '', "$name: dumped");
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	is(restore($file, $name, $name eq 'parallel' ? '-j2' : '--exit-on-error'), '', "$name: the restore says nothing");
	is(state_of($name), $state, "$name: triggers, options, versions and the event trigger are the same");

	$node->safe_psql($name, 'CREATE TABLE new (id int, version concurrency.version)');
	is($node->safe_psql($name, q{SELECT trigger_name FROM concurrency.attachments WHERE table_name = 'new'::regclass}),
		'zz_concurrency_version', "$name: a new column is attached");
}

# One table, dumped with its triggers, into a database that has the extension.
my $file = "$dir/table.sql";
is(complaints_of('pg_dump', '-t', 'doc', '-f', $file, $node->connstr('original')), '', 'one table is dumped');
my $attached = q{SELECT column_name, protocol, blind, enabled FROM concurrency.attachments ORDER BY 1};
my $expected = "clock|echo|allow|always\nversion|echo|reject|origin";

$node->safe_psql('postgres', 'CREATE DATABASE single');
$node->safe_psql('single', 'CREATE EXTENSION concurrency');
is(restore($file, 'single'), '', 'off: the restore of one table says nothing');
is($node->safe_psql('single', $attached), $expected, 'off: its options are as they were');

$node->safe_psql('single', 'DROP TABLE doc; SELECT concurrency.auto_attach(true)');
my $said = restore($file, 'single');
is(() = $said =~ /ERROR/g, 2, 'on: an error for each column');
like($said, qr/trigger "zz_concurrency_version" for relation "doc" already exists/, 'on: the trigger is there already');
is($node->safe_psql('single', $attached), "clock|echo|allow|always\nversion|auto|allow|origin",
	'on: one trigger a column, and the options are lost');
is($node->safe_psql('single', 'SELECT id, version FROM doc ORDER BY id'), "1|77\n2|1", 'on: the versions are kept');

# pg_restore -t restores a table without its triggers.
$node->safe_psql('single', 'DROP TABLE doc; SELECT concurrency.auto_attach(false)');
is(restore("$dir/custom.dump", 'single', '-t', 'doc'), '', 'pg_restore -t says nothing');
is($node->safe_psql('single', $attached), '', '... and restores no trigger');
is($node->safe_psql('single', 'SELECT column_name, problem FROM concurrency.audit() WHERE severity = $$warning$$ ORDER BY 1'),
	"clock|the column is of type concurrency.clock_version, but not attached: no write is checked\n"
	  . 'version|the column is of type concurrency.version, but not attached: no write is checked',
	'... of which audit tells');

$node->stop;
done_testing();
