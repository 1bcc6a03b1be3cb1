# Where the library is missing, or does not load into the server that is there, writes
# to attached tables are refused, and the rest goes on; and nothing has to be restarted
# when it is there.
#
# The functions are told another place for it, so that the installed one can stay.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;

my $directory = PostgreSQL::Test::Utils::tempdir();
my $library = "$directory/concurrency.so";
my $installed = `$ENV{PG_CONFIG} --pkglibdir`;
chomp $installed;

$node->safe_psql('postgres', qq{
	CREATE EXTENSION concurrency;
	CREATE TABLE guarded (id int PRIMARY KEY, n int);
	CREATE TABLE other (id int PRIMARY KEY, n int);
	INSERT INTO guarded VALUES (1, 1);
	INSERT INTO other VALUES (1, 1), (2, 2);
	SELECT concurrency.attach('guarded', guard_delete => true);
	SELECT concurrency.attach('other');
	UPDATE pg_proc SET probin = '$library' WHERE probin = '\$libdir/concurrency'});

my %refused = (
	'an INSERT' => 'INSERT INTO other VALUES (3, 3)',
	'an UPDATE' => 'UPDATE other SET n = 0',
	'a guarded DELETE' => 'DELETE FROM guarded',
	'attachments' => 'SELECT * FROM concurrency.attachments',
	'audit()' => 'SELECT * FROM concurrency.audit()');

# That all of these fail, with that SQLSTATE and message.
sub is_refused
{
	my ($state, $message, $why) = @_;

	foreach my $what (sort keys %refused)
	{
		my ($rc, $stdout, $stderr) = $node->psql('postgres', $refused{$what}, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
		like($stderr, qr/ERROR: +$state: .*$message/, "$why: $what is refused");
	}
}

is_refused('58P01', 'could not access file', 'missing');
is($node->safe_psql('postgres', 'DELETE FROM other WHERE id = 2; SELECT * FROM other'), '1|1|1', '... another DELETE and reading go on');
$node->command_ok([ 'pg_dump', '-f', "$directory/dump", $node->connstr('postgres') ], '... and so does dumping');
my $disable = q{
	SELECT format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', tgrelid::regclass, tgname)
	  FROM pg_trigger WHERE tgfoid = 'concurrency.version_trigger'::regproc \gexec
	UPDATE other SET n = 5 RETURNING *;};
is($node->safe_psql('postgres', "BEGIN; $disable ROLLBACK"), '1|5|1', '... and all triggers can be disabled');

# A library that was built for a later minor release calls what this one does not have.
append_to_file("$directory/later.c", "extern void heap_of_a_later_release(void);\nvoid _PG_init(void);\nvoid _PG_init(void) { heap_of_a_later_release(); }\n");
system("gcc -shared -fPIC -o '$library' '$directory/later.c'") == 0 or die 'cannot build a library';
is_refused('XX000', 'undefined symbol: heap_of_a_later_release', 'built for a later release');

my ($rc, $stdout, $stderr) = $node->psql('postgres', qq{
	UPDATE other SET n = 6 RETURNING *;
	\\! cp '$installed/concurrency.so' '$library.new' && mv '$library.new' '$library'
	UPDATE other SET n = 7 RETURNING *;
	UPDATE other SET n = 8, version = 77}, on_error_stop => 0, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
is($stdout, '1|7|2', 'once it is there, a session that was refused goes on');
like($stderr, qr/XX000.*PT409/s, '... and stale writes are refused');

$node->stop;
done_testing();
