# Clients that write the logs that prove/judge.pl judges: processes that read rows and
# write them back, in the ways of LostUpdates.pm that matter, and log what they saw, when
# they sent each statement and what they were told.
#
# A row of "history" keeps in list the numbers of all operations that have written it: it
# is computed by the client from what it has read, or by the statement from the row.  A row
# whose list is long, as the run says, is replaced by a new one with the same key.
package Histories;

use strict;
use warnings;
use LostUpdates;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC sleep time);

our @words = qw(what op key life token token_life isolation began invoked returned outcome version list);

# The kinds of versions: the column's type, and which number a client sends that counts.
our %kinds = (
	counter => { type => 'bigint', next => sub { $_[0] + 1 } },
	clock => { type => 'bigint', next => sub { int(time() * 1_000_000) } },
	xact => { type => 'xid8' },
	uuid => { type => 'uuid' });

# The ways to write: SQL, and which values it takes.  Those with a token come first.
my $returning = q{RETURNING life, version, array_to_string(list, ',') AS list};
my %tokens = (
	'echo' => [ 'UPDATE history SET list = ?, version = ? WHERE id = ?', qw(new version id) ],
	'echo, appended' => [ 'UPDATE history SET list = list || ?::bigint, version = ? WHERE id = ?', qw(op version id) ],
	'echo, checked' => [ 'UPDATE history SET list = ?, version = ? WHERE id = ? AND version = ?', qw(new version id version) ],
	'increment' => [ 'UPDATE history SET list = ?, version = ? WHERE id = ? AND version = ?', qw(new next id version) ],
	'increment, computed' =>
	  [ 'UPDATE history SET list = ?, version = version + 1 WHERE id = ? AND version = ?', qw(new id version) ],
	'upsert' =>
	  [ 'INSERT INTO history (id, life, list, version) VALUES (?, ?, ?, ?)'
		  . ' ON CONFLICT (id) DO UPDATE SET list = EXCLUDED.list, version = EXCLUDED.version', qw(id op new version) ],
	'expect' => [ 'UPDATE history SET list = ? WHERE id = ?', qw(new id) ]);
my %blind = ('blind' => [ 'UPDATE history SET list = list || ?::bigint WHERE id = ?', qw(op id) ]);
my %deletes = (
	'delete, checked' => [ 'DELETE FROM history WHERE id = ? AND version = ?', qw(id version) ],
	'delete, expect' => [ 'DELETE FROM history WHERE id = ?', qw(id) ],
	'delete, blind' => [ 'DELETE FROM history WHERE id = ?', qw(id) ]);
$_->[0] .= " $returning" foreach values %tokens, values %blind, values %deletes;

# The names of the ways that a run has.
sub ways
{
	my ($run, $ways) = @_;

	return sort grep { ($run->{protected} || !/expect/) && ($kinds{ $run->{kind} }{next} || !/increment/) } keys %$ways;
}

sub now
{
	return clock_gettime(CLOCK_MONOTONIC);
}

# The SQL that makes the rows; trigger is SQL that attaches one.
sub setup
{
	my $run = shift;

	return qq{
		DROP TABLE IF EXISTS history;
		CREATE TABLE history (id int PRIMARY KEY, life bigint NOT NULL, list bigint[] NOT NULL DEFAULT '{}',
			version $kinds{ $run->{kind} }{type});
		$run->{trigger}};
}

sub log_record
{
	my ($self, %record) = @_;

	print { $self->{log} } join("\t", map { $_ // '-' } @record{@words}), "\n" or die "cannot write to the log: $!\n";
}

# Read a row, and log it.  What was read may be remembered until another life has come.
sub read_row
{
	my ($self, $id, %transaction) = @_;
	my $invoked = now();
	my $rows = LostUpdates::run_statement($self->{dbh},
		q{SELECT id, life, version, array_to_string(list, ',') AS list FROM history WHERE id = ?}, $id);

	die "no row\n" if @$rows != 1;
	my $row = $rows->[0];
	log_record($self, %$row, what => 'read', key => $id, isolation => 'READ COMMITTED', began => $invoked,
		%transaction, invoked => $invoked, returned => now());
	$self->{known}{$id} = [ grep { defined } $row, @{ $self->{known}{$id} || [] }[ 0 .. 60 ] ];
	return $row;
}

# Run a statement that writes; returns the row, or nothing where it found none.
sub write_row
{
	my ($self, $ways, $way, $values) = @_;
	my ($sql, @names) = @{ $ways->{$way} };
	my $expects = $way =~ /expect/;

	LostUpdates::run_statement($self->{dbh}, "SELECT concurrency.expect('history', ?::$kinds{ $self->{kind} }{type})", $values->{version})
	  if $expects;
	return LostUpdates::run_statement($self->{dbh}, $sql, @$values{@names})->[0];
}

# What a client is to do with a row that it has read: how, and what that takes.  Now and
# then it takes what was read in another life of its key.
sub plan
{
	my ($self, $row, $operation) = @_;
	my $is_long = split(/,/, $row->{list}) >= $self->{long};
	my $ways = $is_long ? \%deletes : rand() < 0.8 ? \%tokens : \%blind;
	my $way = LostUpdates::pick(ways($self, $ways));
	my $next = $kinds{ $self->{kind} }{next};

	if (!$is_long && rand() < 0.1)
	{
		my @strange = grep { $_->{life} != $row->{life} } @{ $self->{known}{ $row->{id} } };
		$row = LostUpdates::pick(@strange) if @strange;
	}
	$operation->{what} = $is_long ? 'delete' : 'write';
	@$operation{qw(token token_life)} = @$row{qw(version life)} if $way !~ /blind/;
	return ($ways, $way,
		{
			%$row,
			op => $operation->{op},
			new => '{' . join(',', grep { $_ ne '' } $row->{list}, $operation->{op}) . '}',
			next => $next && $next->($row->{version}),
		});
}

# One transaction: read a row, before it or in it, and write it back, or replace it.
sub operate
{
	my $self = shift;
	my $dbh = $self->{dbh};
	my $id = 1 + int(rand($self->{rows}));
	my $isolation = LostUpdates::pick(@LostUpdates::isolations);
	my $row = rand() < 0.5 ? read_row($self, $id) : undef;
	my %operation = (op => ++$self->{last_op}, key => $id, isolation => $isolation);

	$dbh->do("BEGIN ISOLATION LEVEL $isolation");
	$operation{began} = now();
	$row ||= read_row($self, $id, map { $_ => $operation{$_} } qw(isolation began));
	sleep(rand(0.004)) if rand() < 0.5;

	my @plan = plan($self, $row, \%operation);
	$operation{invoked} = now();
	$self->{operations} = [ \%operation ];
	my $result = write_row($self, @plan);
	die "no row\n" if !$result;
	@operation{qw(life version list)} = @$result{qw(life version list)};
	replace_row($self, %operation) if $operation{what} eq 'delete';
	if (rand() < 0.05)
	{
		$dbh->do('ROLLBACK');
		log_end($self, 'failed');
		return;
	}
	$self->{is_committing} = 1;
	$dbh->do('COMMIT');
	log_end($self, 'ok');
}

# Give a key that was deleted its next life.
sub replace_row
{
	my ($self, %delete) = @_;
	my $life = ++$self->{last_op};
	my $result = LostUpdates::run_statement($self->{dbh}, "INSERT INTO history (id, life) VALUES (?, ?) $returning", $delete{key}, $life);

	push @{ $self->{operations} },
	  { %delete, what => 'insert', op => $life, token => undef, token_life => undef, %{ $result->[0] } };
}

# Log what has become of the operations of a transaction.  Those that were refused leave
# nothing, and of those that were cut off nobody knows.
sub log_end
{
	my ($self, $outcome) = @_;

	foreach my $operation (@{ $self->{operations} })
	{
		my %left = $outcome eq 'ok' ? %$operation : (%$operation, version => undef, list => undef);
		log_record($self, %left, outcome => $outcome, returned => now());
	}
	@$self{qw(operations is_committing)} = ([], 0);
}

# A transaction has failed: find out what that means, and get ready for the next.
sub recover
{
	my ($self, $error) = @_;
	my $dbh = $self->{dbh};
	my $state = $dbh->err ? $dbh->state : '';

	if ($dbh->ping > 0)
	{
		my $is_stale = $state eq 'PT409' || $error eq "no row\n" && @{ $self->{operations} } && defined $self->{operations}[0]{token};
		die $error if $error ne "no row\n" && $state !~ /^(PT409|40001|40P01)$/;
		log_end($self, $is_stale ? 'stale' : 'failed');
		return if eval { $dbh->do('ROLLBACK') };
	}
	log_end($self, $self->{is_committing} ? 'unknown' : 'failed');
	$dbh->{InactiveDestroy} = 1;
	$self->{dbh} = LostUpdates::connect_to($self->{dsn});
}

# A client, which writes until it is told that it is enough, and leaves its log.
sub write_history
{
	my ($run, $number) = @_;
	my $self = { %$run, log => LostUpdates::open_unbuffered("$run->{directory}/$number.history"),
		operations => [], last_op => $number * 1_000_000_000 };

	srand($run->{seed} * 1000 + $number);
	$self->{dbh} = LostUpdates::connect_to($run->{dsn});
	while (LostUpdates::goes_on($run))
	{
		eval { operate($self); 1 } or recover($self, $@);
	}
}

# Begin a history: the first lives, of a client of their own, which logs them.
sub begin_history
{
	my $run = shift;
	my $self = { %$run, log => LostUpdates::open_unbuffered("$run->{directory}/begin.history") };
	my $dbh = $self->{dbh} = LostUpdates::connect_to($run->{dsn});

	$dbh->do("SET client_min_messages = error");
	$dbh->do(setup($run));
	foreach my $id (1 .. $run->{rows})
	{
		my $invoked = now();
		my $result = LostUpdates::run_statement($dbh, "INSERT INTO history (id, life) VALUES (?, ?) $returning", $id, $id);

		log_record($self, what => 'insert', op => $id, key => $id, isolation => 'READ COMMITTED', began => $invoked,
			invoked => $invoked, returned => now(), outcome => 'ok', %{ $result->[0] });
	}
	$dbh->disconnect;
}

# End it: what is there when all clients are gone, and when the server was away.  Returns
# what the judge says, and whether nothing is wrong.
sub end_history
{
	my ($run, @crashes) = @_;
	my $self = { %$run, log => LostUpdates::open_unbuffered("$run->{directory}/end.history") };

	$self->{dbh} = LostUpdates::connect_to($run->{dsn});
	read_row($self, $_) foreach 1 .. $run->{rows};
	log_record($self, what => 'crash', began => $_->[0], returned => $_->[1]) foreach @crashes;
	$self->{dbh}->disconnect;
	my $verdict = judge($run->{kind}, glob("$run->{directory}/*.history"));
	return ($verdict, $? == 0);
}

# What the judge, a program of its own, says of some logs.
sub judge
{
	my ($kind, @logs) = @_;
	my $judge = __FILE__ =~ s,perl/[^/]*$,prove/judge.pl,r;

	return scalar qx($^X '$judge' $kind @logs 2>&1);
}

1;
