# Section 7: concurrency.blind_writes as a policy for whoever logs in as a role.
# It holds from the first write on, and what a session sets before the library is
# loaded does not count.
#
# pg_regress cannot log in as somebody else on every server.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "session_preload_libraries = ''");
$node->start;

$node->safe_psql('postgres', q{
	CREATE EXTENSION concurrency;
	CREATE ROLE clerk LOGIN;
	CREATE ROLE migration LOGIN;
	CREATE TABLE doc (id int PRIMARY KEY, n int DEFAULT 0);
	SELECT concurrency.attach('doc', blind => 'warn');
	INSERT INTO doc VALUES (1);
	GRANT ALL ON doc TO clerk, migration;
	ALTER ROLE clerk SET concurrency.blind_writes = 'reject';
	ALTER ROLE migration SET concurrency.blind_writes = 'allow'});

# Run commands in a session of the role's; returns what it said.
sub session
{
	my ($role, $commands) = @_;
	my ($rc, $stdout, $stderr) = $node->psql('postgres', $commands,
		extra_params => [ '-U', $role, '-v', 'VERBOSITY=verbose' ], on_error_stop => 0);
	return $stderr;
}

my $blind = 'UPDATE doc SET n = n + 1';
like(session('clerk', $blind), qr/ERROR: +PT428/, 'the role that may not write blindly is refused');
is(session('migration', $blind), '', 'the role that may is not even warned');

my $said = session('clerk', "SET concurrency.blind_writes = 'allow'; $blind");
like($said, qr/WARNING: +42501: permission denied to set parameter/, 'a setting from before the library was loaded is dropped');
like($said, qr/ERROR: +PT428/, '... and the policy stands');
like(session('clerk', "LOAD 'concurrency'; SET concurrency.blind_writes = 'allow'"), qr/ERROR: +42501/,
	'a setting from after it was loaded is refused');
like(session('clerk', "ALTER ROLE clerk SET concurrency.blind_writes = 'allow'"), qr/ERROR: +42501/,
	'a role cannot change its own policy');

# Who has no policy keeps to the table's word, whatever was set before the library was loaded.
$node->safe_psql('postgres', q{
	CREATE ROLE visitor LOGIN;
	GRANT ALL ON doc TO visitor;
	CREATE FUNCTION strict() RETURNS void LANGUAGE plpgsql SET concurrency.blind_writes = 'reject' AS 'BEGIN END'});
$said = session('visitor', "SET concurrency.blind_writes = 'allow'; $blind");
like($said, qr/WARNING: +42501: permission denied to set parameter/, 'a setting of a role without a policy is dropped');
like($said, qr/WARNING: +PT428/, '... and the table decides');
foreach my $before ("BEGIN; SET LOCAL concurrency.blind_writes = 'reject'; COMMIT", "SET concurrency.blind_writes = 'reject'; RESET concurrency.blind_writes", 'SELECT strict()')
{
	is($node->safe_psql('postgres', "$before; LOAD 'concurrency'; SHOW concurrency.blind_writes") =~ s/^\n//r, 'table', "nothing is left of: $before");
}
foreach my $given ('reject', 'nonsense', '')
{
	local $ENV{PGOPTIONS} = "-c concurrency.blind_writes=$given";
	like(session('visitor', $blind), qr/ERROR: +(PT428|22023)/, "a connection option that hides what policy there is (\"$given\") refuses writes");
}

# How long an edit lasts is such a policy, too.
$node->safe_psql('postgres', q{
	CREATE TABLE edited (id int PRIMARY KEY, n int);
	SELECT concurrency.attach('edited', edits => 'refuse');
	INSERT INTO edited VALUES (1, 0);
	GRANT ALL ON edited TO clerk, visitor;
	ALTER ROLE clerk SET concurrency.max_lease = 60});

# For how many seconds does an edit of the role's last?
sub lasts
{
	my ($role, $before) = @_;
	my ($rc, $stdout, $stderr) = $node->psql('postgres', qq{
		SET client_min_messages = error;
		$before
		SELECT 'lasts ' || extract(epoch FROM expires - since)::int FROM concurrency.begin_edit('edited', '1', true, '10 hours');
		SELECT concurrency.end_edit('edited', '1')}, extra_params => [ '-U', $role ]);

	return $stdout =~ /^lasts (\d+)$/m ? $1 : $stderr;
}
is(lasts('clerk', ''), 60, 'an edit lasts as long as the role may have it');
is(lasts('visitor', ''), 3600, '... by default an hour');
is(lasts('clerk', 'SET concurrency.max_lease = 7200;'), 60, '... whatever the session sets before the library is loaded');
is(lasts('visitor', 'SET concurrency.max_lease = 7200;'), 3600, '... also where there is no policy');
{
	local $ENV{PGOPTIONS} = '-c concurrency.max_lease=7200';
	is(lasts('clerk', ''), 1, 'a connection option that hides the policy leaves it a second');
}

# A misspelt policy, stored before anybody could judge it, refuses instead of falling back.
$node->safe_psql('postgres', "ALTER ROLE clerk SET concurrency.blind_writes = 'rejected'");
like(session('clerk', $blind), qr/ERROR: +22023: .*"rejected"/, 'a misspelt policy refuses writes');

is($node->safe_psql('postgres', 'SELECT n FROM doc'), '2', 'what was refused was not written');

# What the server's configuration says to everybody, audit() tells to anybody.
my $audit = 'SELECT severity, problem, mend FROM concurrency.audit() WHERE table_name IS NULL AND problem !~ \'role\'';
is($node->safe_psql('postgres', $audit), '', 'nothing to tell of a server that is configured as it comes');
foreach my $case (
	[ 'blind_writes', 'reject', undef ],
	[ 'blind_writes', 'allow', 'warning|with concurrency.blind_writes=allow, which the configuration file says, no blind write is refused to anybody' ],
	[ 'blind_writes', 'warn', 'notice|with concurrency.blind_writes=warn, which the configuration file says, no blind write is refused to anybody' ],
	[ 'blind_writes', 'rejected', 'error|with concurrency.blind_writes=rejected, which the configuration file says, which is no valid value, every write is refused to everybody' ])
{
	my ($setting, $value, $said) = @$case;

	$node->append_conf('postgresql.conf', "concurrency.$setting = '$value'");
	$node->reload;
	is($node->safe_psql('postgres', $audit),
		defined $said ? "$said|ALTER SYSTEM SET concurrency.$setting = 'table'; -- then pg_reload_conf()" : '',
		"audit() tells of concurrency.$setting = $value in postgresql.conf what there is to tell");
}
$node->safe_psql('postgres', $node->safe_psql('postgres', "SELECT mend FROM ($audit) AS a"));
$node->reload;
is($node->safe_psql('postgres', $audit), '', '... and the mend mends it');

done_testing();
