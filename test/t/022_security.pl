# Section 7: a stranger cannot set concurrency.blind_writes by any way there is, nor get rid of the policy that ALTER
# ROLE or ALTER DATABASE made.  What is set before the library is loaded only counts once that has found out by whom.
#
# pg_regress can neither log in as somebody else on every server, nor give connection options.
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
	CREATE ROLE clerk LOGIN;
	CREATE ROLE dbowner LOGIN;
	CREATE DATABASE office OWNER dbowner});
$node->safe_psql('office', q{
	CREATE EXTENSION concurrency;
	CREATE TABLE doc (id int PRIMARY KEY, n int DEFAULT 0);
	CREATE TABLE lax (LIKE doc INCLUDING ALL);
	SELECT concurrency.attach('doc', blind => 'reject'), concurrency.attach('lax');
	INSERT INTO doc VALUES (1);
	INSERT INTO lax VALUES (1);
	GRANT ALL ON doc, lax TO clerk, dbowner;
	GRANT CREATE ON SCHEMA public TO clerk});

# Run commands in a session of the role's, with connection options; returns what it said.
sub session
{
	my ($role, $commands, $options) = @_;
	local $ENV{PGOPTIONS} = $options if defined $options;
	my ($rc, $stdout, $stderr) = $node->psql('office', $commands,
		extra_params => [ '-U', $role, '-v', 'VERBOSITY=verbose' ], on_error_stop => 0);
	return $stderr;
}

my $blind = 'UPDATE doc SET n = n + 1';
my $blind_lax = 'UPDATE lax SET n = n + 1';
my $refused = qr/ERROR: +PT428/;
my $denied = qr/ERROR: +42501/;

# What is stored for later sessions is refused at once.
for my $command (
	'ALTER ROLE clerk SET concurrency.blind_writes = allow',
	'ALTER DATABASE office SET concurrency.blind_writes = allow',
	"CREATE FUNCTION allow() RETURNS void LANGUAGE sql SET concurrency.blind_writes = allow AS '$blind'",
	'ALTER ROLE ALL SET concurrency.blind_writes = allow',
	'ALTER SYSTEM SET concurrency.blind_writes = allow')
{
	for my $role ('clerk', 'dbowner')
	{
		like(session($role, $command), $denied, "$role: $command");
		like(session($role, "$blind; $command"), $denied, '... with the library loaded');
	}
}

# What is set in the session itself is dropped, whatever savepoint it was set in.
unlike(session('clerk', 'BEGIN; SET LOCAL concurrency.blind_writes = allow; SAVEPOINT a;'
		. 'SET concurrency.blind_writes = warn; SAVEPOINT b;'
		. "SELECT set_config('concurrency.blind_writes', 'allow', true); SAVEPOINT c;"
		. join('', map { "DO \$\$ BEGIN $blind; RAISE 'written'; EXCEPTION WHEN SQLSTATE 'PT428' THEN END \$\$; ROLLBACK TO $_;" } qw(c b a))),
	qr/written|ERROR/, 'no savepoint has a value that was set before the library was loaded');

# So are connection options ...
like(session('clerk', $blind, '-c concurrency.blind_writes=allow'), $refused, 'a connection option does not count');

# ... which come before a policy, and hide it: then the strictest policy holds, and not the table's word.
is(session('clerk', $blind_lax), '', 'without a policy the table has the word');
for my $policy ('ALTER ROLE clerk', 'ALTER DATABASE office', 'ALTER ROLE clerk IN DATABASE office')
{
	$node->safe_psql('postgres', "$policy SET concurrency.blind_writes = 'reject'");
	like(session('clerk', $blind_lax), $refused, "$policy: the policy holds");
	for my $value ('allow', 'table', '')
	{
		my $option = "-c concurrency.blind_writes=$value";
		like(session('clerk', $blind_lax, $option), $refused, "... whatever the client's options: $option");
		like(session('clerk', "$blind_lax; RESET ALL; DISCARD ALL; SET concurrency.blind_writes = DEFAULT; $blind_lax", $option),
			qr/$refused.*$refused/s, '... and after a reset');
	}
	$node->safe_psql('postgres', "$policy RESET concurrency.blind_writes");
}

# Those may who were granted it, by options as well.
$node->safe_psql('postgres', 'GRANT SET ON PARAMETER concurrency.blind_writes TO clerk; '
	. "ALTER ROLE clerk SET concurrency.blind_writes = 'reject'");
is(session('clerk', $blind, '-c concurrency.blind_writes=allow'), '', 'who was granted SET may use a connection option');
like(session('clerk', $blind), $refused, '... or not');

done_testing();
