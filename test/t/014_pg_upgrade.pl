# Section 12: pg_upgrade from an older major keeps versions and triggers, and what
# is upgraded refuses stale writes.
#
# OLD_PG_CONFIG names the pg_config of the older PostgreSQL, in which the extension
# must be installed, too; without it, the newest older one below /usr/lib/postgresql
# that has it is taken.  pg_regress has one major only.
use strict;
use warnings;
use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

sub ask
{
	my ($pg_config, $what) = @_;
	my ($stdout, $stderr) = ('', '');

	return '' unless IPC::Run::run([ $pg_config, $what ], '>', \$stdout, '2>', \$stderr);
	chomp $stdout;
	return $stdout;
}

sub major
{
	return ask(shift, '--version') =~ /^PostgreSQL (\d+)/ ? $1 : 0;
}

# What pg_upgrade and this test need of an installation and is not there.
sub missing_in
{
	my ($pg_config, @programs) = @_;
	my ($bin, $share, $lib) = map { ask($pg_config, $_) } qw(--bindir --sharedir --pkglibdir);

	return grep { !-e } map({ "$bin/$_" } qw(postgres initdb pg_ctl pg_controldata pg_resetwal), @programs),
		"$share/extension/concurrency.control", "$lib/concurrency.so";
}

my $new_bin = ask('pg_config', '--bindir');
my $major = major('pg_config');
my @missing = missing_in('pg_config', qw(pg_upgrade pg_dump pg_dumpall pg_restore psql vacuumdb));
plan skip_all => "pg_upgrade needs @missing" if @missing;

my $old_pg_config = $ENV{OLD_PG_CONFIG};
if (defined $old_pg_config)
{
	die "OLD_PG_CONFIG=$old_pg_config: not older than $major" unless major($old_pg_config) && major($old_pg_config) < $major;
	@missing = missing_in($old_pg_config);
	die "OLD_PG_CONFIG=$old_pg_config: @missing is missing" if @missing;
}
else
{
	($old_pg_config) = sort { major($b) <=> major($a) }
		grep { major($_) && major($_) < $major && !missing_in($_) } glob '/usr/lib/postgresql/*/bin/pg_config';
}
plan skip_all => "no PostgreSQL older than $major that has the extension; OLD_PG_CONFIG can name one"
	unless defined $old_pg_config;

# Upgrade a server on which these commands were run; returns the old and the new
# one, and whether pg_upgrade succeeded.
sub upgrade
{
	my ($name, $commands) = @_;
	# both get what they must have in common, whatever their defaults are
	my @options = (extra => [ '--data-checksums', '-E', 'UTF8', '--locale', 'C' ]);
	my $old = PostgreSQL::Test::Cluster->new("old_$name", install_path => dirname(ask($old_pg_config, '--bindir')));
	my $new = PostgreSQL::Test::Cluster->new("new_$name");

	$old->init(@options);
	$new->init(@options);
	$old->start;
	$old->safe_psql('postgres', $commands);
	$old->stop;
	# it writes into the current directory
	chdir $PostgreSQL::Test::Utils::tmp_check or die;
	my $done = run_log([ 'pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir,
			'-b', $old->config_data('--bindir'), '-B', $new_bin,
			'-s', $new->host, '-p', $old->port, '-P', $new->port ]);
	return ($old, $new, $done);
}

my ($old, $new, $done) = upgrade('versions', q{
	CREATE EXTENSION concurrency;
	CREATE TABLE doc (id int PRIMARY KEY, body text, version int);
	SELECT concurrency.attach('doc', protocol => 'echo', blind => 'warn');
	INSERT INTO doc VALUES (1, 'a', 0), (2, 'b', 41);
	UPDATE doc SET body = 'c', version = 41 WHERE id = 2;
	CREATE TABLE part (id int, place text) PARTITION BY LIST (place);
	CREATE TABLE part_north PARTITION OF part FOR VALUES IN ('north');
	CREATE TABLE part_south (gone int, place text, id int);
	ALTER TABLE part_south DROP COLUMN gone;
	ALTER TABLE part ATTACH PARTITION part_south FOR VALUES IN ('south');
	SELECT concurrency.attach('part', 'revision');
	INSERT INTO part VALUES (1, 'north', 7);
	UPDATE part SET place = 'south', revision = 7;
	ALTER TABLE part ENABLE ALWAYS TRIGGER zz_concurrency_revision});
my $from_to = ask($old_pg_config, '--version') . ' to ' . ask('pg_config', '--version');

# A minor release of the new major may be too old for the old server's; then it
# cannot upgrade anything, and proves nothing about us.
if (!$done && !(upgrade('plain', 'CREATE TABLE plain (id int)'))[2])
{
	plan skip_all => "pg_upgrade from $from_to fails also without the extension";
}
ok($done, "pg_upgrade from $from_to") or die 'pg_upgrade failed';

$new->start;
is($new->safe_psql('postgres', q{
		SELECT table_name, column_name, protocol, blind, enabled FROM concurrency.attachments ORDER BY table_name::text}),
	"doc|version|echo|warn|origin\npart|revision|auto|allow|always", 'triggers are there, and as they were');
is($new->safe_psql('postgres', 'SELECT * FROM doc ORDER BY id; SELECT tableoid::regclass, * FROM part'),
	"1|a|0\n2|c|42\npart_south|1|south|8", 'versions are kept');
for ("UPDATE doc SET version = 41 WHERE id = 2", "UPDATE part SET place = 'north', revision = 7")
{
	my ($rc, $stdout, $stderr) = $new->psql('postgres', $_, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	like($stderr, qr/ERROR: +PT409/, "refused: $_");
}
is($new->safe_psql('postgres', 'UPDATE doc SET version = 42 WHERE id = 2 RETURNING version'), 43, 'accepted and bumped');
is($new->safe_psql('postgres', "UPDATE part SET place = 'north', revision = 8 RETURNING revision"), 9, 'moved and bumped');

$new->stop;
done_testing();
