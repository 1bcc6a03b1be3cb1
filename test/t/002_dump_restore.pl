# Sections 11 and 12: a dump carries the trigger, its options and the versions,
# and what is restored refuses stale writes; also where a database's owner, not a
# superuser, installed the extension and restores the dump.
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

# Dump a database and restore it into a new one; returns what psql said.
sub dump_and_restore
{
	my ($from, $to, $owner, @options) = @_;
	my $file = "$PostgreSQL::Test::Utils::tmp_check/$from.sql";

	$node->command_ok([ 'pg_dump', '-f', $file, @options, $node->connstr($from) ],
		"$from is dumped");
	$node->safe_psql('postgres', "CREATE DATABASE $to OWNER $owner");
	my ($stdout, $stderr);
	run_log([ 'psql', '-XqAt', '-U', $owner, '-f', $file, $node->connstr($to) ],
		'>', \$stdout, '2>', \$stderr);
	return $stderr;
}

# What must be the same in both: everything that protects, and the versions.
sub state_of
{
	my $db = shift;
	return $node->safe_psql($db, q{
		SELECT * FROM concurrency.attachments ORDER BY table_name::text, column_name;
		SELECT tgenabled, pg_get_triggerdef(oid) FROM pg_trigger ORDER BY 2;
		SELECT 'doc', * FROM doc ORDER BY id;
		SELECT 'part', tableoid::regclass, * FROM part ORDER BY id;
		SELECT nspowner = 10, nspacl::text FROM pg_namespace WHERE nspname = 'concurrency';
		SELECT count(*) FROM pg_depend WHERE refobjid = (SELECT oid FROM pg_extension WHERE extname = 'concurrency')});
}

sub refuses_stale_writes
{
	my ($db, $user) = @_;
	my ($rc, $stdout, $stderr) = $node->psql($db, "UPDATE doc SET body = 'x', version = 2 WHERE id = 77",
		extra_params => [ '-U', $user ]);
	like($stderr, qr/stale write to table "doc".*\n.*at version 77, but the write is based on version 2/,
		"$db refuses a stale write");
}

my $tables = q{
	CREATE TABLE doc (id int PRIMARY KEY, body text, version int);
	SELECT concurrency.attach('doc', protocol => 'echo', blind => 'warn');
	SELECT concurrency.attach('doc', 'Sec''ond column_name');
	ALTER TABLE doc ENABLE ALWAYS TRIGGER zz_concurrency_version;
	INSERT INTO doc VALUES (1, 'a', 0), (2, 'b', NULL), (77, 'c', 77), (-1, 'd', -1);
	CREATE TABLE part (id int, body text) PARTITION BY RANGE (id);
	CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (100);
	CREATE TABLE part_high PARTITION OF part DEFAULT;
	SELECT concurrency.attach('part', blind => 'reject');
	INSERT INTO part VALUES (1, 'low', 42), (101, 'high', 43);
};

# by a superuser
$node->safe_psql('postgres', 'CREATE DATABASE original');
$node->safe_psql('original', "CREATE EXTENSION concurrency; $tables");
my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
is(dump_and_restore('original', 'restored', $superuser), '', 'the restore says nothing');
is(state_of('restored'), state_of('original'), 'triggers, versions and extension are the same');
refuses_stale_writes('restored', $superuser);

# ... data only, into tables that are attached already: versions are kept
$node->safe_psql('restored', 'TRUNCATE doc, part');
my $data = "$PostgreSQL::Test::Utils::tmp_check/data.sql";
$node->command_ok([ 'pg_dump', '--data-only', '-f', $data, $node->connstr('original') ], 'the data are dumped');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $data, $node->connstr('restored') ], 'and restored');
is(state_of('restored'), state_of('original'), 'versions are the same after a data-only restore');

# by the owner of the database, who is no superuser
$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN; CREATE DATABASE trusted OWNER owner');
$node->safe_psql('trusted', "CREATE EXTENSION concurrency; $tables", extra_params => [ '-U', 'owner' ]);
is(dump_and_restore('trusted', 'trusted_restored', 'owner', '--no-owner'), '',
	'the owner\'s restore says nothing, with --no-owner');
is(state_of('trusted_restored'), state_of('trusted'), 'triggers, versions and extension are the same');
refuses_stale_writes('trusted_restored', 'owner');

# ... nor without it: the schema is a member of the extension, of which pg_dump says nothing
is(dump_and_restore('trusted', 'trusted_again', 'owner'), '', 'the owner\'s restore says nothing, without --no-owner');
is(state_of('trusted_again'), state_of('trusted'), 'triggers, versions and extension are the same');
refuses_stale_writes('trusted_again', 'owner');
unlike(slurp_file("$PostgreSQL::Test::Utils::tmp_check/trusted.sql"), qr/(?:CREATE|ALTER|COMMENT ON|ON) SCHEMA concurrency/,
	'the dump does not mention the schema');

# ... restored over what is there, in the custom format, too
my $archive = "$PostgreSQL::Test::Utils::tmp_check/trusted.dump";
$node->command_ok([ 'pg_dump', '-Fc', '-U', 'owner', '-f', $archive, $node->connstr('trusted') ], 'the owner dumps it');
$node->safe_psql('postgres', 'CREATE DATABASE trusted_custom OWNER owner');
foreach my $time (qw(first second))
{
	$node->command_ok([ 'pg_restore', '-U', 'owner', '--clean', '--if-exists', '--no-owner', '--no-acl', '--exit-on-error',
			'-d', $node->connstr('trusted_custom'), $archive ], "the owner restores it, with --clean, for the $time time");
	is(state_of('trusted_custom'), state_of('trusted'), 'triggers, versions and extension are the same');
	refuses_stale_writes('trusted_custom', 'owner');
}

# ... restored by a superuser
is(dump_and_restore('trusted', 'trusted_by_superuser', $superuser), '', 'a superuser\'s restore says nothing');
is(state_of('trusted_by_superuser'), state_of('trusted'), 'triggers, versions and extension are the same');

done_testing();
