# Section 1: nothing slips through, whichever client wrote.  Many clients read, change
# and write back a few hot rows, in every way and at every isolation level, while the
# server is killed again and again.  No update is lost, no version is missed, counted
# twice or taken back, and what was acknowledged is there.  The same clients on the
# same table without the trigger lose updates: otherwise the run would prove nothing.
#
# pg_regress has one client, the isolation tester no load, and neither a server that
# may be killed.
#
# LOST_UPDATES_SECONDS   how long the clients write (default 15)
# LOST_UPDATES_SEED      repeats a mix of writes (default 1)
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use LostUpdates;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $seconds = $ENV{LOST_UPDATES_SECONDS} || 15;
my $seed = $ENV{LOST_UPDATES_SEED} || 1;
my $clients = 16;
my $rows = 5;
my %running;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', q{
max_connections = 40
deadlock_timeout = 100ms
log_statement = none
log_min_error_statement = panic
log_error_verbosity = terse
});
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION concurrency');

sub query
{
	return $node->safe_psql('postgres', shift);
}

# Whatever happens to the test, the clients and the server end.
$SIG{$_} = sub { exit 1 }
  foreach qw(HUP INT TERM);
END
{
	my $status = $?;
	kill 'KILL', keys %running;
	waitpid $_, 0 foreach keys %running;
	$? = $status;
}

# Make the hot rows, in partitions that do not all look like their parent, and the
# empty journal.
sub create_tables
{
	my $kind = shift;
	my $columns = "id int NOT NULL, part int NOT NULL, n bigint NOT NULL DEFAULT 0,"
	  . " seen bigint NOT NULL DEFAULT 0, original boolean NOT NULL DEFAULT true, merged bigint";
	my $type = $LostUpdates::kinds{$kind}{type};

	query(qq{
		DROP TABLE IF EXISTS hot, journal, log;
		CREATE TABLE hot ($columns, version $type, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
		CREATE TABLE hot_0 PARTITION OF hot FOR VALUES IN (0);
		CREATE TABLE hot_1 (version $type, dropped text, $columns);
		ALTER TABLE hot_1 DROP dropped;
		ALTER TABLE hot ATTACH PARTITION hot_1 FOR VALUES IN (1);
		CREATE TABLE hot_rest PARTITION OF hot DEFAULT;
		SELECT concurrency.attach('hot', kind => '$kind');
		INSERT INTO hot (id, part) SELECT id, id % 3 FROM generate_series(1, $rows) AS id;
		CREATE TABLE journal (write bigint PRIMARY KEY, id int NOT NULL, name text NOT NULL,
			isolation text NOT NULL, before $type, after $type NOT NULL);
		CREATE TABLE log (outcome text, write bigint)});
}

# Start a process that does one of LostUpdates' jobs.
sub start
{
	my ($job, $run, $number) = @_;
	my $pid = fork;

	die "cannot fork: $!" if !defined $pid;
	if ($pid)
	{
		$running{$pid} = $number;
		return;
	}

	# no end but this one: the test's END blocks belong to the test
	$SIG{$_} = 'DEFAULT' foreach qw(ALRM HUP INT TERM);
	alarm($run->{deadline} - time() + 2 * LostUpdates::PATIENCE);
	my $done = eval { $job->($run, $number); 1 };
	append_to_file("$run->{directory}/$number.complaints", $@) if !$done;
	POSIX::_exit($done ? 0 : 1);
}

# Kill the server and start it again, at even intervals; returns how long it was away.
sub kill_server
{
	my ($run, $times) = @_;
	my ($began, $away) = (time(), 0);

	foreach my $time (1 .. $times)
	{
		my $wait = $began + $time * ($run->{deadline} - $began) / ($times + 1) - time();
		sleep($wait) if $wait > 0;

		$away -= time();
		$node->stop('immediate');
		$node->start;
		$away += time();
	}
	return $away;
}

# Wait until all processes have ended; returns those that did not end well.
sub wait_for_clients
{
	my $run = shift;
	my @bad;

	while (%running)
	{
		my $pid = waitpid(-1, POSIX::WNOHANG());
		if ($pid > 0 && exists $running{$pid})
		{
			push @bad, "$running{$pid} ($?)" if $? != 0;
			delete $running{$pid};
		}
		elsif (time() > $run->{deadline} + 3 * LostUpdates::PATIENCE)
		{
			return join ', ', @bad, sort values %running;
		}
		else
		{
			sleep(0.02);
		}
	}
	return join ', ', @bad;
}

# The first of the complaints in some files, and how many there are.
sub complaints
{
	my @lines = map { split /^/, slurp_file($_) } @_;

	return @lines > 10 ? join('', @lines[ 0 .. 9 ], '... ', scalar @lines, " lines\n") : join '', @lines;
}

# Collect what the processes have left: how often they met each outcome, with and
# without regard to the kind of write and the isolation level, and complaints.
sub read_reports
{
	my $directory = shift;
	my %report;

	foreach my $file (glob("$directory/*.outcomes"))
	{
		foreach my $line (split /\n/, slurp_file($file))
		{
			my ($outcome, $name, $isolation, $count) = split /\t/, $line;
			$report{$_} += $count foreach $outcome, "$outcome $name", "$outcome $isolation";
		}
	}
	$report{reader_complaints} = complaints("$directory/0.complaints");
	$report{client_complaints} = complaints(map { "$directory/$_.complaints" } 1 .. $clients);
	query(join ';', map { "COPY log FROM '$directory/$_.log'" } 1 .. $clients);
	return \%report;
}

# Let the clients loose on the rows, with the trigger or without.
sub run_clients
{
	my (%run) = (@_, seed => $seed, rows => $rows, parent => $$);
	my $name = "$run{kind}, " . ($run{protected} ? 'protected' : 'control');
	my $kills = $run{seconds} < 15 ? 3 : int($run{seconds} / 5);

	create_tables($run{kind});
	query("SELECT concurrency.detach('hot')") if !$run{protected};
	$run{dsn} = 'dbi:Pg:dbname=postgres;host=' . $node->host . ';port=' . $node->port;
	$run{directory} = PostgreSQL::Test::Utils::tempdir();
	$run{deadline} = time() + $run{seconds};

	my $log_start = -s $node->logfile;
	start(\&LostUpdates::write_rows, \%run, $_) foreach 1 .. $clients;
	start(\&LostUpdates::watch_rows, \%run, 0);
	my $away = kill_server(\%run, $kills);
	is(wait_for_clients(\%run), '', "$name: all processes ended by themselves");

	my $report = read_reports($run{directory});
	print_report($name, $report, $run{seconds} - $away, $kills);
	check_report($name, $report, $kills);
	check_server_log($name, substr(slurp_file($node->logfile), $log_start), $kills);
	check_acknowledged($name);
	return $report;
}

sub print_report
{
	my ($name, $report, $seconds, $kills) = @_;
	my @refused = ('PT409', '0 rows', '40001', '40P01');

	diag(sprintf '%s: %d updates lost; %d writes accepted, %d/s; refused: %s; server killed %d times, %d connections lost',
		$name, lost_updates(), $report->{accepted}, $report->{accepted} / $seconds,
		join(', ', map { ($report->{$_} || 0) . " x $_" } @refused), $kills, $report->{'connection lost'} || 0);
	note(sprintf "%-20s" . ' %9s' x 5, '', 'accepted', @refused);
	note(sprintf "%-20s" . ' %9d' x 5, $_, do { my $of = $_; map { $report->{"$_ $of"} || 0 } 'accepted', @refused })
	  foreach @LostUpdates::writes, @LostUpdates::isolations;
}

# How many of the updates in the journal are not in the rows?
sub lost_updates
{
	return query('SELECT (SELECT count(*) FROM journal) - (SELECT sum(n) FROM hot)');
}

# With the trigger or without, the clients did what they should, and met nothing that
# they should not.
sub check_report
{
	my ($name, $report, $kills) = @_;
	my @never = grep { !$report->{"accepted $_"} } @LostUpdates::writes, @LostUpdates::isolations;

	is($report->{client_complaints}, '', "$name: no SQLSTATE but those of conflicts");
	is(join('; ', @never), '', "$name: writes of every kind, and at every isolation level, were accepted");
	cmp_ok($report->{'connection lost'} || 0, '>=', $kills, "$name: clients were cut off");
	cmp_ok($report->{'connection lost'} || 0, '<=', $kills * $clients, "$name: ... only when the server was killed");
	cmp_ok($report->{looked} || 0, '>', 100, "$name: the reader looked often");
}

sub check_server_log
{
	my ($name, $log, $kills) = @_;

	is(() = $log =~ /automatic recovery in progress/g, $kills, "$name: the server recovered each time");
	unlike($log, qr/PANIC|TRAP:|detected write past chunk|was terminated by signal/, "$name: ... and had no crash of its own");
}

# Who was told so can rely on it; who was cut off cannot know.
sub check_acknowledged
{
	my $name = shift;

	is(query("SELECT write FROM log WHERE outcome = 'acknowledged' EXCEPT SELECT write FROM journal LIMIT 10"),
		'', "$name: what was acknowledged is in the journal");
	is(query('SELECT write FROM journal EXCEPT SELECT write FROM log LIMIT 10'),
		'', "$name: what is in the journal was acknowledged, or cut off at COMMIT");
}

# The promise.
sub check_protected
{
	my $report = shift;

	is(lost_updates(), 0, 'no update is lost');
	is(query(q{
		SELECT * FROM (SELECT id, count(*) AS n, bit_xor(write) AS seen FROM journal GROUP BY id) AS journal
		  FULL JOIN hot USING (id, n, seen) WHERE journal IS NULL OR hot IS NULL}),
		'', 'every row holds exactly the writes that are in the journal');
	is($report->{reader_complaints}, '', 'the reader saw every row exactly once, and none go back');
	cmp_ok($report->{PT409} || 0, '>', 100, 'stale writes were refused');
}

# Counters promise one more: each write is exactly one step.
sub check_counters
{
	is(query(q{
		SELECT id, version, count(*), count(DISTINCT after), min(after), max(after)
		  FROM hot LEFT JOIN journal USING (id) GROUP BY id, version
		HAVING (version, 2, version) IS DISTINCT FROM (1 + count(DISTINCT after), min(after), max(after))
			OR count(DISTINCT after) <> count(*)}),
		'', 'every write in the journal took its row to a version of its own, and none was left out');
	is(query('SELECT * FROM journal WHERE after <> before + 1 LIMIT 10'),
		'', 'a write with a token took its row from there to the next version');
}

# What the promise would be worth without the trigger.
sub check_control
{
	my $report = shift;

	cmp_ok(lost_updates(), '>', 100, 'without the trigger, more than 100 updates are lost');
	is($report->{PT409} || 0, 0, 'without the trigger, nothing is refused as stale');
}

diag("seed $seed");
check_protected(run_clients(kind => 'counter', protected => 1, seconds => $seconds));
check_counters();
check_control(run_clients(kind => 'counter', protected => 0, seconds => $seconds < 10 ? $seconds : 10));

done_testing();
