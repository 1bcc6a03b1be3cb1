# Section 11: "Was this made by my own transaction?" is never computed from xids, which
# wrap around: with auto_attach on, a table of 3 000 000 000 transactions ago can be
# altered, and gets what is new attached.
#
# pg_regress cannot do this: pg_resetwal moves the next xid on in seconds.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant XIDS_PER_SEGMENT => 8192 * 4 * 32;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off");
$node->start;

# Freeze everything, so that the next xid may move on by half of what there are.
sub move_on_to
{
	my ($xid) = @_;
	my $segment = sprintf '%s/pg_xact/%04X', $node->data_dir, int($xid / XIDS_PER_SEGMENT);

	$node->safe_psql('postgres', 'ALTER DATABASE template0 ALLOW_CONNECTIONS true');
	$node->command_ok([ 'vacuumdb', '--all', '--freeze', '--quiet' ], 'everything is frozen');
	$node->stop;
	$node->command_ok([ 'pg_resetwal', '-x', $xid, $node->data_dir ], "the next xid is $xid");
	open my $file, '>', $segment or die "$segment: $!";
	binmode $file;
	print $file "\0" x (8192 * 32);
	close $file;
	$node->start;
}

$node->safe_psql('postgres', q{
	CREATE EXTENSION concurrency;
	SELECT concurrency.auto_attach(true);
	CREATE TABLE old (id int PRIMARY KEY, version concurrency.version);
	CREATE TABLE plain (id int PRIMARY KEY);
	INSERT INTO old VALUES (1);
	-- as if it had been attached and detached long ago: to alter it attaches nothing
	SELECT concurrency.detach('old')});
move_on_to(1_600_000_000);
move_on_to(3_200_000_000);

is($node->safe_psql('postgres', 'SELECT bool_and(age(xmin) < 0) FROM pg_attribute WHERE attrelid = \'old\'::regclass AND attnum > 0'), 't',
	'the table is so old that its age has wrapped around');
$node->command_ok([ 'psql', '-X', '-d', $node->connstr('postgres'), '-c', 'ALTER TABLE old ADD COLUMN body text' ], 'it can be altered');
is($node->safe_psql('postgres', 'SELECT count(*) FROM concurrency.attachments'), '0', 'what is old is not taken for new');
$node->safe_psql('postgres', q{
	ALTER TABLE plain ADD COLUMN version concurrency.version;
	BEGIN;
	SAVEPOINT s;
	ALTER TABLE old ADD COLUMN rev concurrency.version;
	RELEASE s;
	COMMIT});
is($node->safe_psql('postgres', 'SELECT table_name, column_name FROM concurrency.attachments ORDER BY column_name'), "old|rev\nplain|version",
	'what is new is attached, in a savepoint, too');
$node->safe_psql('postgres', q{
	SELECT concurrency.attach('old');
	UPDATE old SET body = 'x'});
is($node->safe_psql('postgres', 'SELECT version, rev FROM old'), '2|2', 'and rows of old are bumped');
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->command_ok([ 'psql', '-X', '-d', $node->connstr('fresh'), '-c', 'CREATE EXTENSION concurrency' ], 'the extension can be created');

$node->stop;
done_testing();
