# Section 12: versions and triggers survive every format of pg_dump, and what is
# restored refuses stale writes.  Rows that are restored into tables that are
# attached already keep the versions that they bring.
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
my $tmp = $PostgreSQL::Test::Utils::tmp_check;

$node->safe_psql('postgres', 'CREATE DATABASE original');
$node->safe_psql('original', q{
	CREATE EXTENSION concurrency;
	CREATE TABLE doc (id int PRIMARY KEY, body text);
	INSERT INTO doc VALUES (1, 'there before');
	SELECT concurrency.attach('doc', protocol => 'increment', blind => 'warn');
	INSERT INTO doc VALUES (2, 'zero', 0), (3, 'minus', -1), (4, 'last', 9223372036854775807), (77, 'many', 77);
	UPDATE doc SET body = 'changed', version = 2 WHERE id = 1;
	UPDATE doc SET body = 'wrapped', version = 1 WHERE id = 4;
	CREATE TABLE off (id int PRIMARY KEY, version bigint);
	SELECT concurrency.attach('off');
	INSERT INTO off VALUES (1, 9);
	ALTER TABLE off DISABLE TRIGGER zz_concurrency_version;
	CREATE TABLE part (id int, place text, PRIMARY KEY (id, place)) PARTITION BY LIST (place);
	CREATE TABLE part_north PARTITION OF part FOR VALUES IN ('north');
	CREATE TABLE part_south (gone int, place text NOT NULL, id int NOT NULL);
	ALTER TABLE part_south DROP COLUMN gone;
	ALTER TABLE part ATTACH PARTITION part_south FOR VALUES IN ('south');
	SELECT concurrency.attach('part', 'revision');
	INSERT INTO part VALUES (1, 'north', 41), (2, 'south', 42);
	UPDATE part SET place = 'south', revision = 41 WHERE id = 1;
	CREATE TABLE child (id int PRIMARY KEY, doc int REFERENCES doc ON UPDATE CASCADE);
	SELECT concurrency.attach('child', blind => 'reject');
	INSERT INTO child VALUES (1, 1);
	UPDATE doc SET id = 10, version = 3 WHERE id = 1});

my $versions = q{
	SELECT 'doc', * FROM doc ORDER BY id;
	SELECT 'off', * FROM off ORDER BY id;
	SELECT 'part', tableoid::regclass, * FROM part ORDER BY id;
	SELECT 'child', * FROM child ORDER BY id};
my $triggers = q{
	SELECT * FROM concurrency.attachments ORDER BY table_name::text;
	SELECT tgrelid::regclass::text, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1};
my $expected = $node->safe_psql('original', $versions);
is($expected, join("\n", 'doc|2|zero|0', 'doc|3|minus|-1', 'doc|4|wrapped|1', 'doc|10|changed|3', 'doc|77|many|77',
		'off|1|9', 'part|part_south|1|south|42', 'part|part_south|2|south|42', 'child|1|10|2'),
	'the original');
my $protects = $node->safe_psql('original', $triggers);

sub refuses_stale_writes
{
	my $db = shift;

	for ("UPDATE doc SET version = 7 WHERE id = 10",
		"UPDATE part SET place = 'north', revision = 41 WHERE id = 1",
		"UPDATE child SET version = 1")
	{
		my ($rc, $stdout, $stderr) = $node->psql($db, $_, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
		like($stderr, qr/ERROR: +PT409/, "$db refuses: $_");
	}
	return;
}

# Dump the original with these options, and restore it by this command, which gets
# the file's and the database's name.
sub round_trip
{
	my ($to, $dump, $restore) = @_;
	my $file = "$tmp/$to";

	$node->command_ok([ 'pg_dump', @$dump, '-f', $file, $node->connstr('original') ], "$to: dumped");
	$node->safe_psql('postgres', "CREATE DATABASE $to");
	$node->command_ok([ $restore->($file, $node->connstr($to)) ], "$to: restored");
	is($node->safe_psql($to, $versions), $expected, "$to: versions are kept");
	is($node->safe_psql($to, $triggers), $protects, "$to: triggers are there");
	refuses_stale_writes($to);
	return;
}

sub by_psql
{
	my ($file, $db) = @_;
	return ('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-d', $db);
}

sub by_pg_restore
{
	my @options = @_;
	return sub { my ($file, $db) = @_; return ('pg_restore', '-e', @options, '-d', $db, $file) };
}

round_trip('custom', ['-Fc'], by_pg_restore());
round_trip('directory', [ '-Fd', '-j2' ], by_pg_restore('-j2'));
round_trip('tar', ['-Ft'], by_pg_restore('-1'));
round_trip('inserts', ['--inserts'], \&by_psql);
round_trip('column_inserts', [ '--column-inserts', '--on-conflict-do-nothing', '--rows-per-insert=3' ], \&by_psql);

#
# Data only, into tables that are attached.
#
sub data_only
{
	my ($what, $dump, @restore) = @_;
	my $file = "$tmp/data_$what";
	(my $title = $what) =~ tr/_/ /;

	$node->command_ok([ 'pg_dump', '--data-only', @$dump, '-f', $file, $node->connstr('original') ], "data only, $title: dumped");
	$node->command_ok([ @restore, $file ], "data only, $title: restored");
	is($node->safe_psql('custom', $versions), $expected, "data only, $title: versions are kept");
	return;
}

my $into = $node->connstr('custom');
my $empty = 'TRUNCATE doc, off, part, child';
$node->safe_psql('custom', $empty);
data_only('custom_format', ['-Fc'], 'pg_restore', '-e', '-d', $into);
$node->safe_psql('custom', $empty);
data_only('directory', [ '-Fd', '-j2' ], 'pg_restore', '-e', '-j2', '--disable-triggers', '-d', $into);
# ... which ends with ENABLE TRIGGER ALL: a trigger that was disabled is not any more
is($node->safe_psql('custom', q{SELECT enabled FROM concurrency.attachments WHERE table_name = 'off'::regclass}), 'origin',
	'--disable-triggers leaves triggers enabled');
$node->safe_psql('custom', 'ALTER TABLE off DISABLE TRIGGER zz_concurrency_version');
$node->safe_psql('custom', $empty);
data_only('inserts', ['--inserts'], 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $into, '-f');

# Rows that are there already stay as they are; what is missing comes with its version.
$node->safe_psql('custom', "DELETE FROM doc WHERE id = 77; DELETE FROM part WHERE id = 1");
data_only('on_conflict_do_nothing', [ '--column-inserts', '--on-conflict-do-nothing' ],
	'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $into, '-f');
$node->safe_psql('custom', "UPDATE doc SET body = 'newer', version = 78 WHERE id = 77");
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $into, '-f', "$tmp/data_on_conflict_do_nothing" ], 'the same again');
is($node->safe_psql('custom', 'SELECT * FROM doc WHERE id = 77'), '77|newer|78', 'a newer row is not taken back');
is($node->safe_psql('custom', $triggers), $protects, 'triggers are there');
refuses_stale_writes('custom');

$node->stop;
done_testing();
