# The judge of histories, test/prove/judge.pl, sees each of the eight ways in which an
# extension like this one could be broken: in a small history that is right until it is
# doctored, and in what clients log of tables whose triggers are broken.  A trigger of ten
# lines of PL/pgSQL that is right, it finds right: it knows nothing of the extension.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Histories;
use List::Util qw(sum);
use LostUpdates;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant ENOUGH => 200_000;		# bytes of log

# A history of one key, each record by a name.  "at" says when it was sent; the answer
# comes half a second later, unless it says otherwise.
my %right = (
	birth => { what => 'insert', op => 1, life => 1, at => 1, version => 10, list => '' },
	early => { what => 'read', life => 1, at => 2, version => 10, list => '' },
	first => { what => 'write', op => 11, token => 10, at => 3, version => 11, list => '11' },
	stale => { what => 'write', op => 12, life => undef, token => 10, at => 4, outcome => 'stale' },
	blind => { what => 'write', op => 13, at => 5, version => 12, list => '11,13' },
	look => { what => 'read', at => 6, version => 12, list => '11,13' },
	cut => { what => 'write', op => 14, token => 12, at => 7, outcome => 'unknown' },
	failed => { what => 'write', op => 15, token => 12, at => 7, outcome => 'failed' },
	crash => { what => 'crash', at => 8 },
	late => { what => 'read', at => 9, version => 13, list => '11,13,14' },
	death => { what => 'delete', op => 16, token => 13, at => 10, version => 13, list => '11,13,14' },
	rebirth => { what => 'insert', op => 17, life => 17, at => 10, version => 20, list => '' },
	last => { what => 'write', op => 18, life => 17, token => 20, token_life => 17, at => 11, version => 21, list => '18' },
	end => { what => 'read', life => 17, at => 12, version => 21, list => '18' });

# What the judge says of that history with some changes: of records, or to leave one out.
sub verdict_on
{
	my ($kind, %changes) = @_;
	my $log = PostgreSQL::Test::Utils::tempdir() . '/log';

	foreach my $name (sort keys %right)
	{
		next if exists $changes{$name} && !$changes{$name};
		my %record = (key => 1, life => 1, isolation => 'READ COMMITTED', outcome => 'ok', %{ $right{$name} }, %{ $changes{$name} || {} });
		$record{token_life} //= 1 if $record{token};
		$record{began} //= $record{at};
		$record{invoked} //= $record{at};
		$record{returned} //= $record{at} + 0.5;
		append_to_file($log, join("\t", map { $_ // '-' } @record{@Histories::words}) . "\n");
	}
	return Histories::judge($kind, $log);
}

sub is_broken
{
	my ($rule, $what, $verdict) = @_;

	like($verdict, qr/broken:.*\brule $rule\b/, "rule $rule: $what");
	note($verdict);
}

like(verdict_on('counter'), qr/nothing is wrong/, 'the history is right, for a counter');
like(verdict_on($_), qr/nothing is wrong/, "... and for a $_") foreach qw(clock xact uuid);

is_broken(1, 'a counter leaves out a version',
	verdict_on('counter', rebirth => { version => 19 }, last => { token => 19 }));
is_broken(1, 'two operations make the same version', verdict_on('uuid', blind => { version => 11 }, look => { version => 11 }));
is_broken(1, 'an operation that nobody has sent', verdict_on('counter', map { $_ => { list => '11,13,99' } } 'late', 'death'));
is_broken(2, 'an update is lost',
	verdict_on('counter', blind => { list => '13' }, look => { list => '13' }, late => { list => '13,14' }, death => { list => '13,14' }));
is_broken(2, 'a refused operation is in the list',
	verdict_on('counter', map { $_ => { list => '11,13,12' } } 'late', 'death'));
is_broken(2, 'one that was cut off is there twice',
	verdict_on('counter', map { $_ => { list => '11,13,14,14' } } 'late', 'death'));
is_broken(3, 'an old token is accepted', verdict_on('counter', blind => { token => 10 }));
is_broken(4, 'what was rolled back is read', verdict_on('counter', look => { version => 13, list => '11,13,15' }));
is_broken(4, 'a version is read with what another one left', verdict_on('counter', look => { version => 11 }));
is_broken(5, 'a statement does not see what had returned', verdict_on('counter', look => { version => 11, list => '11' }));
like(verdict_on('counter', look => { version => 11, list => '11', isolation => 'REPEATABLE READ', began => 4 }),
	qr/nothing is wrong/, '... which is right where the transaction began before');
is_broken(5, 'a row is read that was deleted', verdict_on('counter', late => { at => 11 }));
is_broken(6, 'a token is refused that fits', verdict_on('counter', stale => { token => 11 }));
like(verdict_on('counter', stale => { token => 11, returned => 5.2 }), qr/nothing is wrong/,
	'... which is right where the row was written meanwhile');
is_broken(7, 'a token of an earlier life is accepted', verdict_on($_, last => { token_life => 1 })) foreach qw(clock xact uuid);
like(verdict_on('counter', last => { token_life => 1 }), qr/ 1 tokens of earlier lives accepted; nothing is wrong/,
	'... and counted, where versions are counters');
is_broken(8, 'what was ok before a crash is gone after it',
	verdict_on('counter', cut => 0, map { $_ => { version => 11, list => '11' } } 'late', 'death'));
is_broken(8, '... a row as well', verdict_on('counter', death => 0, rebirth => { at => 7.5, returned => 7.9 }, last => 0, end => 0));

# Real ones.  The extension is attached, or a trigger of our own.
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;

# What is acknowledged stays in memory, until the WAL writer comes.
$node->append_conf('postgresql.conf', q{
max_connections = 20
synchronous_commit = off
wal_buffers = 64MB
bgwriter_lru_maxpages = 0
autovacuum = off
});
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION concurrency');

# What the judge says of clients that have written enough for something to happen.
sub verdict_on_clients
{
	my (%run) = (kind => 'counter', protected => 0, judged => 'counter', @_, rows => 3, long => 6, seed => 1, parent => $$);
	my (@pids, @crashes);

	$run{dsn} = 'dbi:Pg:dbname=postgres;host=' . $node->host . ';port=' . $node->port;
	$run{directory} = PostgreSQL::Test::Utils::tempdir();
	Histories::begin_history(\%run);
	if ($run{kill})
	{
		# What the clients begin with is not what a server may lose; all that they write is.
		# (The postmaster ends the WAL writer, five seconds after the others.)
		$node->safe_psql('postgres', 'CHECKPOINT');
		kill('STOP', $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'})) == 1
		  or die "cannot stop the WAL writer: $!";
	}
	foreach my $number (1 .. 6)
	{
		push @pids, my $pid = fork // die "cannot fork: $!";
		next if $pid;
		alarm(60);
		my $done = eval { Histories::write_history(\%run, $number); 1 };
		append_to_file("$run{directory}/complaints", $@) if !$done;
		POSIX::_exit(0);
	}
	my $give_up = time() + 20;
	sleep(0.1) while time() < $give_up && ENOUGH > sum(map { -s } glob("$run{directory}/*.history"));
	if ($run{kill})
	{
		my $killed = Histories::now();
		$node->stop('immediate');
		$node->start;
		@crashes = [ $killed, Histories::now() ];
	}
	append_to_file("$run{directory}/enough", '');
	waitpid $_, 0 foreach @pids;
	is(-e "$run{directory}/complaints" ? slurp_file("$run{directory}/complaints") : '', '', 'the clients met no SQLSTATE but those of conflicts');
	my ($verdict) = Histories::end_history({ %run, kind => $run{judged} }, @crashes);
	return $verdict;
}

# A trigger that is right, but for a piece that is put in its place.
sub control
{
	my (%pieces) = (check => 'NEW.version NOT IN (OLD.version, OLD.version + 1)', next => 'OLD.version + 1', @_);

	return qq{
		ALTER TABLE history ALTER version SET DEFAULT 1;
		CREATE OR REPLACE FUNCTION control() RETURNS trigger LANGUAGE plpgsql AS \$\$
		BEGIN
			IF $pieces{check} THEN
				RAISE SQLSTATE 'PT409';
			END IF;
			NEW.version := $pieces{next};
			RETURN NEW;
		END
		\$\$;
		CREATE TRIGGER control BEFORE UPDATE ON history FOR EACH ROW EXECUTE FUNCTION control()};
}

like(verdict_on_clients(trigger => control()), qr/nothing is wrong/, 'a trigger of ten lines is right');
is_broken(1, 'a trigger that leaves out a version', verdict_on_clients(trigger => control(next => 'OLD.version + 1 + (random() < 0.05)::int')));
is_broken(1, 'a trigger that makes a version twice', verdict_on_clients(trigger => control(next => 'OLD.version + (random() > 0.05)::int')));
my $verdict = verdict_on_clients(trigger => control(check => 'false'));
is_broken(2, 'a trigger that only counts', $verdict);
is_broken(3, 'a trigger that only counts', $verdict);
is_broken(6, 'a trigger that refuses at random', verdict_on_clients(trigger => control(check => 'random() < 0.05 OR NEW.version NOT IN (OLD.version, OLD.version + 1)')));
my $attach = "SELECT concurrency.attach('history', protocol => 'auto', guard_delete => true)";
is_broken(7, 'counters, where something else was promised', verdict_on_clients(trigger => $attach, protected => 1, judged => 'clock'));
is_broken(8, 'a server that acknowledges too early, and is killed', verdict_on_clients(trigger => $attach, protected => 1, kill => 1));

$node->stop;
done_testing();
