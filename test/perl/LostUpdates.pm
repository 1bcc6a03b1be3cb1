# The clients of t/020_lost_updates.pl: processes that read a row, change it and
# write it back, in every way that there is, and write down what they were told.
#
# A row of "hot" counts in n how often it was written, and keeps in seen the XOR of
# the numbers of all those writes: both are computed by the client from what it has
# read, or by the statement from the row.  A write that destroys another one shows
# in both, and two mistakes that cancel each other out in n do not in seen.
package LostUpdates;

use strict;
use warnings;
use DBI;
use Time::HiRes qw(sleep time);

use constant PATIENCE => 60;		# seconds, for the server to answer

our @isolations = ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE');

# How versions follow each other: the column's type, and what a client that counts
# by itself sends.
our %kinds = (counter => { type => 'bigint', next => sub { $_[0] + 1 } });

# The kinds of write: SQL, and which values of the attempt it takes.  Those that say
# which version they are based on come first; the rest add to whatever they find.
my @tokens = (
	'echo' => ['UPDATE hot SET n = ?, seen = ?, version = ? WHERE id = ? RETURNING version',
		qw(n seen version id)],
	'echo, checked' =>
	  ['UPDATE hot SET n = ?, seen = ?, version = ? WHERE id = ? AND version = ? RETURNING version',
		qw(n seen version id version)],
	'increment' =>
	  ['UPDATE hot SET n = ?, seen = ?, version = ? WHERE id = ? AND version = ? RETURNING version',
		qw(n seen next id version)],
	'increment, computed' =>
	  ['UPDATE hot SET n = ?, seen = ?, version = version + 1 WHERE id = ? AND version = ? RETURNING version',
		qw(n seen id version)],
	'move' => ['UPDATE hot SET part = ?, n = ?, seen = ?, version = ? WHERE id = ? RETURNING version',
		qw(target n seen version id)],
	'upsert' =>
	  ['INSERT INTO hot (id, part, n, seen, version, original) VALUES (?, ?, ?, ?, ?, false)'
		  . ' ON CONFLICT (id, part) DO UPDATE SET n = EXCLUDED.n, seen = EXCLUDED.seen, version = EXCLUDED.version'
		  . ' RETURNING version, original',
		qw(id part n seen version)],
	'upsert, increment' =>
	  ['INSERT INTO hot (id, part, n, seen, version, original) VALUES (?, ?, ?, ?, ?, false)'
		  . ' ON CONFLICT (id, part) DO UPDATE SET n = EXCLUDED.n, seen = EXCLUDED.seen, version = EXCLUDED.version + 1'
		  . ' WHERE hot.version = EXCLUDED.version RETURNING version, original',
		qw(id part n seen version)],
	'merge' =>
	  ['MERGE INTO hot USING (VALUES (?::int, ?::bigint, ?::bigint, ?::bigint, ?::bigint)) AS s (id, n, seen, version, write)'
		  . ' ON hot.id = s.id'
		  . ' WHEN MATCHED THEN UPDATE SET n = s.n, seen = s.seen, merged = s.write, version = s.version',
		qw(id n seen version write)],
	'merge, increment' =>
	  ['MERGE INTO hot USING (VALUES (?::int, ?::bigint, ?::bigint, ?::bigint, ?::bigint)) AS s (id, n, seen, version, write)'
		  . ' ON hot.id = s.id WHEN MATCHED AND hot.version = s.version'
		  . ' THEN UPDATE SET n = s.n, seen = s.seen, merged = s.write, version = s.version + 1',
		qw(id n seen version write)]);
my @additions = (
	'blind' => ['UPDATE hot SET n = n + 1, seen = seen # ? WHERE id = ? RETURNING version', qw(write id)],
	'blind move' =>
	  ['UPDATE hot SET part = ?, n = n + 1, seen = seen # ? WHERE id = ? RETURNING version', qw(target write id)],
	'blind upsert' =>
	  ['INSERT INTO hot (id, part, n, seen, original) VALUES (?, ?, 1, ?, false)'
		  . ' ON CONFLICT (id, part) DO UPDATE SET n = hot.n + 1, seen = hot.seen # EXCLUDED.seen'
		  . ' RETURNING version, original',
		qw(id part write)],
	'blind merge' =>
	  ['MERGE INTO hot USING (VALUES (?::int, ?::bigint)) AS s (id, write) ON hot.id = s.id'
		  . ' WHEN MATCHED THEN UPDATE SET n = hot.n + 1, seen = hot.seen # s.write, merged = s.write',
		qw(id write)],
	# the version counts as sent in the second action, too, which leaves it as it is: an echo
	'merge of both' =>
	  ['MERGE INTO hot USING (VALUES (?::int, ?::bigint, ?::bigint, ?::bigint, ?::bigint)) AS s (id, n, seen, version, write)'
		  . ' ON hot.id = s.id'
		  . ' WHEN MATCHED AND hot.version = s.version'
		  . ' THEN UPDATE SET n = s.n, seen = s.seen, merged = s.write, version = s.version'
		  . ' WHEN MATCHED THEN UPDATE SET n = hot.n + 1, seen = hot.seen # s.write, merged = s.write',
		qw(id n seen version write)]);
my %writes = (@tokens, @additions);
my %has_token = @tokens;
our @writes = sort keys %writes;

# Connect, as soon as the server lets us.
sub connect_to
{
	my $dsn = shift;
	my $give_up = time() + PATIENCE;

	while (1)
	{
		my $dbh = eval {
			my $dbh = DBI->connect($dsn, undef, undef,
				{ RaiseError => 1, PrintError => 0, PrintWarn => 0, AutoCommit => 1 });
			$dbh->do("SET statement_timeout = '" . PATIENCE . "s'");
			$dbh;
		};
		return $dbh if $dbh;
		die $@ if time() > $give_up;
		sleep(0.02);
	}
}

sub pick
{
	return $_[ int(rand(@_)) ];
}

# Run a statement, prepared once a connection; returns its rows, if it returns any.
sub run_statement
{
	my ($dbh, $sql, @values) = @_;
	my $statement = $dbh->prepare_cached($sql);

	$statement->execute(@values);
	return $statement->{NUM_OF_FIELDS} ? $statement->fetchall_arrayref({}) : undef;
}

sub read_row
{
	my ($self, $id) = @_;
	my $rows = run_statement($self->{dbh}, 'SELECT id, part, n, seen, version FROM hot WHERE id = ?', $id);

	die "row $id is there " . @$rows . " times\n" if @$rows != 1;
	sleep(rand(0.004)) if rand() < 0.5;
	return $rows->[0];
}

# What this client wants to do to the row that it has read.
sub plan_attempt
{
	my ($self, $row) = @_;
	my $write = (int(rand(1 << 31)) << 31) | int(rand(1 << 31));

	return {
		%$row,
		write => $write,
		n => $row->{n} + 1,
		seen => (0 + $row->{seen}) ^ $write,
		next => $kinds{ $self->{kind} }{next}->($row->{version}),
		target => ($row->{part} + pick(1, 2)) % 3,
	};
}

# Write a row back, and add the write to the journal.  Dies with "no row" if there
# was none to write: also where an upsert inserts, as the row has gone to another
# partition since.
sub write_row
{
	my ($self, $name, $row) = @_;
	my $attempt = plan_attempt($self, $row);
	my ($sql, @names) = @{ $writes{$name} };
	my $result = run_statement($self->{dbh}, $sql, @$attempt{@names});

	# before 17, MERGE returns nothing; so it leaves its number in the row
	$result ||= run_statement($self->{dbh}, 'SELECT version FROM hot WHERE id = ? AND merged = ?',
		$row->{id}, $attempt->{write});
	die "no row\n" if @$result != 1 || !($result->[0]{original} // 1);

	run_statement($self->{dbh},
		'INSERT INTO journal (write, id, name, isolation, before, after) VALUES (?, ?, ?, ?, ?, ?)',
		$attempt->{write}, $row->{id}, $name, $self->{isolation},
		$has_token{$name} ? $row->{version} : undef,
		$result->[0]{version});
	return $attempt->{write};
}

# Write a row back; if it was read too long ago, read it again in the same
# transaction, and try once more.
sub write_row_at_second_attempt
{
	my ($self, $name, $row) = @_;
	my $dbh = $self->{dbh};

	$dbh->do('SAVEPOINT before');
	my $write = eval { write_row($self, $name, $row) };
	return $write if $write;
	my $error = $@;
	die $error if $dbh->state ne 'PT409';

	count($self, 'PT409', $name);
	$dbh->do('ROLLBACK TO before');
	return write_row($self, $name, read_row($self, $row->{id}));
}

# One transaction: read a row or two, before it or in it, and write them back.
sub transact
{
	my $self = shift;
	my $dbh = $self->{dbh};
	my @ids = (1 + int(rand($self->{rows})));
	my (%row, @writes, @names);

	push @ids, 1 + ($ids[0] + int(rand($self->{rows} - 1))) % $self->{rows} if rand() < 0.1;
	$self->{isolation} = pick(@isolations);
	if (rand() < 0.5)
	{
		$row{$_} = read_row($self, $_) foreach @ids;
	}

	$dbh->do("BEGIN ISOLATION LEVEL $self->{isolation}");
	foreach my $id (@ids)
	{
		$self->{name} = pick(@LostUpdates::writes);
		my $row = $row{$id} || read_row($self, $id);
		push @writes, rand() < 0.1
		  ? write_row_at_second_attempt($self, $self->{name}, $row)
		  : write_row($self, $self->{name}, $row);
		push @names, $self->{name};
	}

	# from here on the server may commit, and not be able to tell us
	$self->{committing} = \@writes;
	$dbh->do('COMMIT');
	note_down($self, 'acknowledged', @writes);
	count($self, 'accepted', $_) foreach @names;
}

sub note_down
{
	my ($self, $what, @writes) = @_;

	print { $self->{log} } map { "$what\t$_\n" } @writes or die "cannot write to the log: $!\n";
	delete $self->{committing};
}

sub count
{
	my ($self, $outcome, $name) = @_;

	$self->{outcomes}{ join("\t", $outcome, $name, $self->{isolation}) }++;
}

# A transaction has failed: find out what that means, and get ready for the next.
sub recover
{
	my ($self, $error) = @_;
	my $dbh = $self->{dbh};
	my $state = $dbh->err ? $dbh->state : '';

	if ($dbh->ping > 0)
	{
		my $outcome = $error eq "no row\n" ? '0 rows'
		  : $state =~ /^(PT409|40001|40P01)$/ ? $state
		  : 'unexpected';
		print { $self->{complaints} } "$state $self->{name}, $self->{isolation}: $error\n"
		  if $outcome eq 'unexpected';
		count($self, $outcome, $self->{name});
		delete $self->{committing};
		return if eval { $dbh->do('ROLLBACK') };
	}

	count($self, 'connection lost', $self->{name});
	note_down($self, 'unknown', @{ $self->{committing} }) if $self->{committing};
	$dbh->{InactiveDestroy} = 1;
	$self->{dbh} = connect_to($self->{dsn});
}

# Open a file that is written as it is printed to.
sub open_unbuffered
{
	my $file = shift;

	open my $handle, '>', $file or die "cannot open $file: $!\n";
	$handle->autoflush(1);
	return $handle;
}

# Is there time left, and anybody who wants to know?
sub goes_on
{
	my $run = shift;

	return time() < $run->{deadline} && getppid() == $run->{parent};
}

# A client.  Leaves three files: its log, how often it met each outcome, and what
# it met that should not be.
sub write_rows
{
	my ($run, $number) = @_;
	my $prefix = "$run->{directory}/$number";
	my $self = {
		%$run,
		name => 'none yet',
		log => open_unbuffered("$prefix.log"),
		complaints => open_unbuffered("$prefix.complaints"),
	};

	srand($run->{seed} * 1000 + $number);
	$self->{dbh} = connect_to($run->{dsn});
	while (goes_on($run))
	{
		eval { transact($self); 1 } or recover($self, $@);
	}

	my $counts = open_unbuffered("$prefix.outcomes");
	print $counts "$_\t$self->{outcomes}{$_}\n" foreach sort keys %{ $self->{outcomes} };
}

# A reader, which looks at all rows again and again, and complains if a committed
# version has gone back, or if a row is not there exactly once.
sub watch_rows
{
	my ($run, $number) = @_;
	my $prefix = "$run->{directory}/$number";
	my $complaints = open_unbuffered("$prefix.complaints");
	my $dbh = connect_to($run->{dsn});
	my ($looks, %last) = (0);

	while (goes_on($run))
	{
		my $rows = eval { run_statement($dbh, 'SELECT id, n, version FROM hot ORDER BY id') };
		if (!$rows)
		{
			my $error = $@;
			die $error if $dbh->ping > 0;
			$dbh->{InactiveDestroy} = 1;
			$dbh = connect_to($run->{dsn});
			next;
		}

		$looks++;
		print $complaints 'there are rows ' . join(', ', map { $_->{id} } @$rows) . "\n"
		  if join(' ', map { $_->{id} } @$rows) ne join(' ', 1 .. $run->{rows});
		foreach my $row (@$rows)
		{
			my $before = $last{ $row->{id} } || $row;
			print $complaints "row $row->{id} went from version $before->{version} to $row->{version}\n"
			  if $row->{version} < $before->{version};
			print $complaints "row $row->{id} went from n = $before->{n} to $row->{n}\n"
			  if $row->{n} < $before->{n};
			$last{ $row->{id} } = $row;
		}
		sleep(0.001);
	}

	my $counts = open_unbuffered("$prefix.outcomes");
	print $counts "looked\t-\t-\t$looks\n";
}

1;
