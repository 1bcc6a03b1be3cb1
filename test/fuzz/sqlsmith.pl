# sqlsmith, which makes up SQL of any kind, writes for FUZZ_SQLSMITH_SECONDS to tables that
# are attached with every option: no process of the server crashes, and no internal error
# (SQLSTATE XX000) comes from this extension.  PostgreSQL's own are shown, and are no
# failure.
#
# It runs as a role that owns the tables and is no superuser: functions such as
# pg_terminate_backend() would be called, too.  It rolls back what it has written.
#
# FUZZ_SQLSMITH_SECONDS   how long (default 600)
# FUZZ_SEED               repeats a run (default 1)
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Fuzz;
use Test::More;
use Time::HiRes qw(sleep time);

my $seconds = $ENV{FUZZ_SQLSMITH_SECONDS} || 600;
my $seed = $ENV{FUZZ_SEED} || 1;
my $dbh = fresh_database('fuzz_sqlsmith');
my $major = int($dbh->{pg_server_version} / 10000);
my $log = "$ENV{WORK}/server.log";

# A table for every option, of all kinds and shapes; the handlers do what handlers may do.
sub create_tables
{
	my $number = 0;

	$dbh->do(q{
		CREATE ROLE smith LOGIN;
		CREATE SCHEMA smithy AUTHORIZATION smith;
		SET ROLE smith;
		SET search_path = smithy});
	foreach my $type ('smallint', 'int', 'bigint', 'timestamptz', 'xid8', 'uuid', 'concurrency.version', 'concurrency.clock_version')
	{
		foreach my $options (
			"protocol => 'auto', blind => 'warn', guard_delete => true",
			"protocol => 'echo', on_conflict => 'skip', watch => '*'",
			"protocol => 'increment', on_conflict => 'warn', watch => 'a, b', stamp_insert => false",
			"protocol => 'ignore', blind => 'reject', ignore => 'b'",
			"on_conflict => 'call=smithy.handle_%s', guard_delete => true")
		{
			my $name = 't' . ++$number;
			my $is_partitioned = $number % 3 == 0;
			$dbh->do("CREATE TABLE $name (id int, part int, a int, b text, gone int, version $type, c jsonb,"
				  . ' g int GENERATED ALWAYS AS (a * 2) STORED, PRIMARY KEY (id, part))'
				  . ($is_partitioned ? ' PARTITION BY LIST (part)' : ''));
			if ($is_partitioned)
			{
				$dbh->do("CREATE TABLE ${name}_1 PARTITION OF $name FOR VALUES IN (1)");
				$dbh->do("CREATE TABLE ${name}_d (c jsonb, version $type, g int GENERATED ALWAYS AS (a * 2) STORED,"
					  . ' part int NOT NULL, b text, a int, gone int, id int NOT NULL)');
				$dbh->do("ALTER TABLE $name ATTACH PARTITION ${name}_d DEFAULT");
			}
			$dbh->do("ALTER TABLE $name DROP COLUMN gone");
			$dbh->do("CREATE FUNCTION handle_$name(current $name, attempted $name) RETURNS $name LANGUAGE plpgsql AS \$\$
				BEGIN
					RETURN CASE WHEN attempted.a % 2 = 0 THEN attempted ELSE current END;
				END
				\$\$");
			$dbh->do("SELECT concurrency.attach('$name', " . $options =~ s/%s/$name/r . ')');
			$dbh->do("INSERT INTO $name (id, part, a, b) SELECT i, i % 3, i, repeat('b', i) FROM generate_series(1, 20) AS i");
		}
	}
	$dbh->do('CREATE VIEW v AS SELECT * FROM t1 WHERE a > 5 WITH CHECK OPTION');
	$dbh->do('RESET ROLE');
	return $number;
}

# Run sqlsmith as long as it is to run; returns how many statements it made.
sub run_sqlsmith
{
	my $output = "$ENV{WORK}/sqlsmith.log";
	my $until = time + $seconds;
	my $run = 0;

	while (time < $until)
	{
		my $pid = fork;
		die "cannot fork: $!\n" if !defined $pid;
		if (!$pid)
		{
			open STDOUT, '>>', $output;
			open STDERR, '>>', $output;
			exec 'sqlsmith', '--verbose', '--exclude-catalog', '--seed=' . ($seed + $run++),
			  "--target=host=$ENV{PGHOST} port=$ENV{PGPORT} dbname=fuzz_sqlsmith user=smith";
			exit 127;
		}
		$run++;
		sleep 0.5 while waitpid($pid, 1) == 0 && time < $until;
		kill 'TERM', $pid;
		waitpid $pid, 0;
		sleep 0.5;
	}
	return $output;
}

# Internal errors, with where in the source they come from.  Ours are raised by our
# functions, or beneath our PL/pgSQL.
sub internal_errors
{
	my $text = shift;
	my %ours = map { $_ => 1 } map { read_file($_) =~ /^(\w+)\(/mg } glob 'src/*.c';
	my (@ours, %theirs);

	foreach my $error (grep { /^XX/ } split /^(?=\w{5} \d+ (?:LOG|WARNING|ERROR|FATAL|PANIC):)/m, $text)
	{
		my ($function) = $error =~ /LOCATION:  (\w+)/;
		if ($error =~ /function concurrency\./ || $ours{ $function || '' })
		{
			push @ours, $error;
		}
		else
		{
			$theirs{ join ' ', $error =~ /(?:ERROR|FATAL|PANIC):\s+(.*)/, 'in', $function || '?' }++;
		}
	}
	return (\@ours, \%theirs);
}

$dbh->do("ALTER SYSTEM SET log_line_prefix = '%e %p '");
$dbh->do('ALTER SYSTEM SET log_error_verbosity = verbose');
# the errors are many, and each of their statements is long
$dbh->do('ALTER SYSTEM SET log_min_messages = error');
$dbh->do('ALTER SYSTEM SET log_min_error_statement = panic');
$dbh->do('SELECT pg_reload_conf()');
my $tables = create_tables();
sleep 1;
my $start = -s $log;
my ($postmaster) = $dbh->selectrow_array('SELECT pg_postmaster_start_time()');
my $output = run_sqlsmith();

open my $handle, '<', $log or die "cannot open $log: $!\n";
seek $handle, $start, 0;
my $text = do { local $/; <$handle> } // '';
my %states;
$states{$1}++ while $text =~ /^(\w{5}) \d+ (?:ERROR|FATAL|PANIC):/mg;
my ($ours, $theirs) = internal_errors($text);

$dbh = connect_to('fuzz_sqlsmith');
$dbh->do('ALTER SYSTEM RESET ALL');
$dbh->do('SELECT pg_reload_conf()');
my @wrote = $dbh->selectrow_array(q{
	SELECT sum(n_tup_ins), sum(n_tup_upd), sum(n_tup_del) FROM pg_stat_user_tables WHERE schemaname = 'smithy'});
my ($queries) = (read_file($output) =~ /queries: (\d+)/g)[-1];

note("seed $seed, PostgreSQL $major: $seconds s, $tables tables attached");
note('statements: ' . ($queries // 'unknown') . "; rows inserted, updated, deleted, before they were rolled back: @wrote");
note("$_: $states{$_}") foreach sort { $states{$b} <=> $states{$a} || $a cmp $b } keys %states;
note("PostgreSQL's own internal error, $theirs->{$_} times: $_") foreach sort keys %$theirs;
ok(!@$ours, 'no internal error comes from the extension') or diag(@$ours);
ok($wrote[1] > 0, 'sqlsmith has updated rows');
ok($states{PT409} || $states{PT428}, '... and has been refused for it');
server_survived();
done_testing();
