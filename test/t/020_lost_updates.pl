# Section 1: nothing slips through, whichever client wrote.  Many clients read, change
# and write back a few hot rows, in every way and at every isolation level, while the
# server is killed again and again.  No update is lost, no version is missed, counted
# twice or taken back, and what was acknowledged is there.  The same clients on the
# same table without the trigger lose updates: otherwise the run would prove nothing.
#
# Section 5: an old token does not fit a key's second life.  The same clients, some of
# which also delete rows and insert the same keys again, find no token accepted by a
# row that is not the one that it was read from, if versions are clocks or uuids.
# Counters begin again at 1, and do accept some: otherwise, again, that proves nothing.
#
# A delete destroys all that the row holds, so it is a lost update where its client
# did not know of all that.  One that says which version it has read, by WHERE or by
# concurrency.expect(), is held to it; one that does not say destroys what it finds.
# Hence each life has to end with n and seen as its client had read them, or, if it
# did not say, as the DELETE returned them; and both with all writes of that life.
#
# Last, clients that log each operation write for every kind of version, and a judge who
# knows nothing of the extension, prove/judge.pl, finds their histories right.
#
# pg_regress has one client, the isolation tester no load, and neither a server that
# may be killed.
#
# LOST_UPDATES_SECONDS   how long the clients write (default 15); where keys have
#                        lives, a third of that for each kind, and as much for the
#                        histories together
# LOST_UPDATES_KILLS     how often the server is killed in that time (default 1 in 5 s)
# LOST_UPDATES_SEED      repeats a mix of writes (default 1)
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Histories;
use LostUpdates;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $seconds = $ENV{LOST_UPDATES_SECONDS} || 15;
my $kills = $ENV{LOST_UPDATES_KILLS} // ($seconds < 15 ? 3 : int($seconds / 5));
my $seed = $ENV{LOST_UPDATES_SEED} || 1;
my $clients = 16;
my $deleters = 4;
my $rows = 5;
my $progress = 15;		# seconds between two lines that say how far it is
my %running;
my %total;

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
	my $columns = "id int NOT NULL, part int NOT NULL, life bigint NOT NULL DEFAULT 0, n bigint NOT NULL DEFAULT 0,"
	  . " seen bigint NOT NULL DEFAULT 0, original boolean NOT NULL DEFAULT true, merged bigint";
	my $type = $LostUpdates::kinds{$kind}{type};

	query(qq{
		DROP TABLE IF EXISTS hot, journal, births, deaths, log;
		CREATE TABLE hot ($columns, version $type, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
		CREATE TABLE hot_0 PARTITION OF hot FOR VALUES IN (0);
		CREATE TABLE hot_1 (version $type, dropped text, $columns);
		ALTER TABLE hot_1 DROP dropped;
		ALTER TABLE hot ATTACH PARTITION hot_1 FOR VALUES IN (1);
		CREATE TABLE hot_rest PARTITION OF hot DEFAULT;
		SELECT concurrency.attach('hot', kind => '$kind', protocol => 'auto', guard_delete => true);
		INSERT INTO hot (id, part) SELECT id, id % 3 FROM generate_series(1, $rows) AS id;
		CREATE TABLE journal (write bigint PRIMARY KEY, id int NOT NULL, name text NOT NULL,
			isolation text NOT NULL, life_read bigint, before $type, life bigint NOT NULL, after $type NOT NULL);
		CREATE TABLE births (write bigint, id int, life bigint, version $type NOT NULL, PRIMARY KEY (id, life));
		CREATE TABLE deaths (write bigint NOT NULL, id int, life_read bigint, before $type, life bigint,
			n bigint NOT NULL, seen bigint NOT NULL, PRIMARY KEY (id, life));
		INSERT INTO births (id, life, version) SELECT id, life, version FROM hot;
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
	alarm($run->{deadline} - time() + 3 * LostUpdates::PATIENCE);
	my $done = eval { $job->($run, $number); 1 };
	append_to_file("$run->{directory}/$number.complaints", $@) if !$done;
	POSIX::_exit($done ? 0 : 1);
}

# Wait until a time, and say now and then how far a run is.
sub wait_until
{
	my ($run, $time) = @_;

	while ((my $now = time()) < $time)
	{
		my $next = ($run->{told} ||= $now) + $progress;
		sleep($next < $time ? $next - $now : $time - $now) if $next > $now;
		next if time() < $next;
		$run->{told} = time();
		diag(sprintf '%s, %d s left: %s, %d kills so far', $run->{name}, $run->{deadline} - time(),
			$run->{so_far}->(), scalar @{ $run->{crashes} || [] });
	}
}

# Kill the server and start it again, at even intervals; returns how long it was away.
sub kill_server
{
	my ($run, $times) = @_;
	my ($began, $away) = (time(), 0);

	foreach my $time (1 .. $times)
	{
		wait_until($run, $began + $time * ($run->{deadline} - $began) / ($times + 1));
		my $killed = Histories::now();
		$node->stop('immediate');
		$node->start;
		push @{ $run->{crashes} }, [ $killed, Histories::now() ];
		$away += Histories::now() - $killed;
	}
	return $away;
}

# Let the clients write until their time is over, and if the machine is slow until
# they have done what the run is for; then tell them to end.
sub stop_clients
{
	my $run = shift;	# "enough" is an SQL condition
	my $give_up = $run->{deadline} + LostUpdates::PATIENCE;

	wait_until($run, $run->{deadline});
	sleep(0.2) while time() < $give_up && query("SELECT $run->{enough}") ne 't';
	append_to_file("$run->{directory}/enough", '');
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
		elsif (time() > $run->{deadline} + 4 * LostUpdates::PATIENCE)
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

# How many of the updates in the journal are not in the rows, nor were when these died?
my $lost_updates = '(SELECT count(*) FROM journal) - (SELECT sum(n) FROM hot)'
  . ' - (SELECT coalesce(sum(n), 0) FROM deaths)';

# Let the clients loose on the rows, with the trigger or without.
sub run_clients
{
	my (%run) = (deleters => 0, enough => 'true', @_, seed => $seed, rows => $rows, parent => $$);
	my $name = $run{name} = "$run{kind}, " . ($run{deleters} ? 'lives' : $run{protected} ? 'protected' : 'control');
	$run{so_far} = sub { query("SELECT count(*) || ' writes, ' || $lost_updates || ' lost' FROM journal") };
	my $kills = $run{kills};
	my @names = LostUpdates::writes_for($run{kind}, $run{deleters});
	push @names, LostUpdates::deletes() if $run{deleters};

	create_tables($run{kind});
	query("SELECT concurrency.detach('hot')") if !$run{protected};
	$run{dsn} = 'dbi:Pg:dbname=postgres;host=' . $node->host . ';port=' . $node->port;
	$run{directory} = PostgreSQL::Test::Utils::tempdir();
	my $began = time();
	$run{deadline} = $began + $run{seconds};

	my $log_start = -s $node->logfile;
	start(\&LostUpdates::write_rows, \%run, $_) foreach 1 .. $clients;
	start(\&LostUpdates::watch_rows, \%run, 0);
	my $away = kill_server(\%run, $kills);
	stop_clients(\%run);
	my $wrote = time() - $began - $away;
	is(wait_for_clients(\%run), '', "$name: all processes ended by themselves");

	my $report = read_reports($run{directory});
	print_report($name, $report, $wrote, $kills, @names);
	check_report($name, $report, $kills, @names);
	check_server_log($name, substr(slurp_file($node->logfile), $log_start), $kills);
	check_acknowledged($name);
	add_to_total($run{protected} ? $run{kind} eq 'counter' && $run{deleters} ? 'repeated' : 'protected' : 'control',
		query('SELECT count(*) FROM journal'), lost_updates(), $kills);
	return $report;
}

sub print_report
{
	my ($name, $report, $seconds, $kills, @names) = @_;
	my @refused = ('PT409', '0 rows', '40001', '40P01');

	diag(sprintf '%s: %s; %d writes accepted, %d/s; refused: %s; server killed %d times, %d connections lost',
		$name, $name =~ /lives/ ? losses_of_lives($report) : lost_updates() . ' updates lost',
		$report->{accepted}, $report->{accepted} / $seconds,
		join(', ', map { ($report->{$_} || 0) . " x $_" } @refused), $kills, $report->{'connection lost'} || 0);
	note(sprintf "%-20s" . ' %9s' x 5, '', 'accepted', @refused);
	note(sprintf "%-20s" . ' %9d' x 5, $_, do { my $of = $_; map { $report->{"$_ $of"} || 0 } 'accepted', @refused })
	  foreach @names, @LostUpdates::isolations;
}

sub lost_updates
{
	return query("SELECT $lost_updates");
}

# Sum up what was written, what of it was lost and how often the server was killed.
sub add_to_total
{
	my ($of, $writes, $lost, $kills) = @_;

	$total{$of}{writes} += $writes;
	$total{$of}{lost} += $lost;
	$total{$of}{kills} += $kills;
}

# How many writes met a life of their key that is not the one that they had read?
my $foreign_tokens = '(SELECT count(*) FROM (SELECT life_read, life FROM journal'
  . ' UNION ALL SELECT life_read, life FROM deaths) AS writes WHERE life_read <> life)';

sub foreign_tokens
{
	return query("SELECT $foreign_tokens");
}

# How many lives do not hold exactly their writes: now, or when they ended?
sub wrong_lives
{
	return query(q{
		SELECT count(*) FROM births
		  FULL JOIN (SELECT id, life, count(*) AS n, bit_xor(write) AS seen FROM journal GROUP BY id, life) AS journal USING (id, life)
		  FULL JOIN (SELECT id, life, n, seen FROM hot UNION ALL SELECT id, life, n, seen FROM deaths) AS rows USING (id, life)
		 WHERE births IS NULL OR rows.n IS NULL
		    OR (coalesce(journal.n, 0), coalesce(journal.seen, 0)) <> (rows.n, rows.seen)});
}

# What the run of print_report() lost, where keys have lives.
sub losses_of_lives
{
	my $report = shift;

	return sprintf '%d of %d lives have updates lost; tokens of earlier lives: %d accepted, %d x PT409, %d x 0 rows',
	  wrong_lives(), query('SELECT count(*) FROM births'), foreign_tokens(),
	  map { $report->{"dead: $_"} || 0 } 'PT409', '0 rows';
}

# With the trigger or without, the clients did what they should, and met nothing that
# they should not.
sub check_report
{
	my ($name, $report, $kills, @names) = @_;
	my @never = grep { !$report->{"accepted $_"} } @names, @LostUpdates::isolations;

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
	my $journal = '(SELECT write FROM journal UNION ALL SELECT write FROM deaths'
	  . ' UNION ALL SELECT write FROM births WHERE write IS NOT NULL)';

	is(query("SELECT write FROM log WHERE outcome = 'acknowledged' EXCEPT $journal LIMIT 10"),
		'', "$name: what was acknowledged is in the journal");
	is(query("$journal EXCEPT SELECT write FROM log LIMIT 10"),
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

# The promise, where keys have lives.
sub check_lives
{
	my ($kind, $report) = @_;
	my $versions = 'SELECT id, life, version FROM births UNION ALL SELECT id, life, after FROM journal';
	my $tokens = 'SELECT id, life_read AS life, before AS version FROM %s WHERE before IS NOT NULL';
	$tokens = join ' UNION ALL ', map { sprintf $tokens, $_ } 'journal', 'deaths';

	is(lost_updates(), 0, "$kind, lives: no update is lost");
	is(wrong_lives(), 0, "$kind, lives: every life held exactly the writes that are in the journal, to its end");
	is(foreign_tokens(), 0, "$kind, lives: no token was accepted by a life that it was not read from");
	is(query("SELECT id, version, count(*) FROM ($versions) AS v GROUP BY id, version HAVING count(*) > 1 LIMIT 10"),
		'', "$kind, lives: no key had a version twice");
	is(query("SELECT id, version, count(*) FROM ($tokens) AS t GROUP BY id, version HAVING count(*) > 1 LIMIT 10"),
		'', "$kind, lives: ... and no version was written over twice");
	is(query("SELECT * FROM ($tokens) AS t EXCEPT SELECT * FROM ($versions) AS v LIMIT 10"),
		'', "$kind, lives: every token was a version of that life");
	is(query('SELECT count(*), count(DISTINCT id) FROM hot'), "$rows|$rows", "$kind, lives: in the end, every key is alive");
	is($report->{reader_complaints}, '', "$kind, lives: the reader saw no row twice, none go back, no version of two rows");
	cmp_ok($report->{'dead: PT409'} || 0, '>', 10, "$kind, lives: tokens of earlier lives were refused");
}

# What counters cannot see: so these clients did try.
sub check_counter_lives
{
	my $report = shift;

	cmp_ok(foreign_tokens(), '>', 10, 'counters accept tokens of earlier lives');
	cmp_ok(wrong_lives(), '>', 0, '... which destroys what the later ones hold');
}

# Let clients write whose every operation is logged, and the logs be judged.
sub run_history
{
	my (%run) = (@_, enough => 'true', rows => $rows, long => 30, protected => 1, parent => $$);
	my $name = $run{name} = "$run{kind}, history";

	$run{so_far} = sub { int(`cat $run{directory}/*.history | wc -l`) . ' operations and reads' };
	$run{trigger} = "SELECT concurrency.attach('history', kind => '$run{kind}', protocol => 'auto', guard_delete => true)";
	$run{dsn} = 'dbi:Pg:dbname=postgres;host=' . $node->host . ';port=' . $node->port;
	$run{directory} = PostgreSQL::Test::Utils::tempdir();
	Histories::begin_history(\%run);
	$run{deadline} = time() + $run{seconds};
	start(\&Histories::write_history, \%run, $_) foreach 1 .. $clients;
	kill_server(\%run, $run{kills});
	stop_clients(\%run);
	is(wait_for_clients(\%run), '', "$name: all processes ended by themselves");
	is(complaints(glob("$run{directory}/*.complaints")), '', "$name: ... and met no SQLSTATE but those of conflicts");

	my ($verdict, $is_well) = Histories::end_history(\%run, @{ $run{crashes} });
	ok($is_well, "$name: the judge finds nothing wrong");
	cmp_ok(($verdict =~ /(\d+) $_\b/)[0], '>', 10, "$name: ... of which some were $_") foreach 'operations ok', 'stale', 'reads', 'lives';
	diag("history of $verdict");
	add_to_total('history', $verdict =~ /(\d+) operations ok/, $is_well ? 0 : 1, $run{kills});
}

my $short = $seconds < 10 ? $seconds : 10;
my $third = $seconds / 3;
my %lives = (protected => 1, deleters => $deleters, kills => 1 + int($kills * $third / $seconds / 2),
	enough => '(SELECT count(*) FROM births) > 100');

diag("seed $seed");
check_protected(run_clients(kind => 'counter', protected => 1, seconds => $seconds,
	kills => $kills, enough => '(SELECT count(*) FROM journal) > 1000'));
check_counters();
check_control(run_clients(kind => 'counter', protected => 0, seconds => $short, kills => 3,
	enough => "$lost_updates > 100"));

check_lives($_, run_clients(%lives, kind => $_, seconds => $third)) foreach 'clock', 'uuid';
check_counter_lives(run_clients(%lives, kind => 'counter', seconds => $short / 3, kills => 0,
	enough => "$foreign_tokens > 20"));

# no history is so long that its logs are a burden
my $rounds = 1 + int($third / 4 / 30);
my $round = $third / 4 / $rounds > 2.5 ? $third / 4 / $rounds : 2.5;
foreach my $number (1 .. $rounds)
{
	run_history(kind => $_, seconds => $round, kills => 1 + int($round / 10), seed => $seed + 100 * $number)
	  foreach sort keys %Histories::kinds;
}

diag(sprintf 'in all: %d writes, %d kills, %d lost; the control lost %d of %d; %d operations were judged, in %d histories and with %d kills, %d of them wrong',
	@{ $total{protected} }{qw(writes kills lost)}, @{ $total{control} }{qw(lost writes)},
	$total{history}{writes}, 4 * $rounds, @{ $total{history} }{qw(kills lost)});

done_testing();
