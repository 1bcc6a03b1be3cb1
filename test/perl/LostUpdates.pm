# The clients of t/020_lost_updates.pl: processes that read a row, change it and
# write it back, in every way that there is, and write down what they were told.
#
# A row of "hot" counts in n how often it was written, and keeps in seen the XOR of
# the numbers of all those writes: both are computed by the client from what it has
# read, or by the statement from the row.  A write that destroys another one shows
# in both, and two mistakes that cancel each other out in n do not in seen.
#
# Where keys have lives, some clients also delete rows and insert them again, with n
# and seen at 0 and with a number in life that tells this row from the one before it.
package LostUpdates;

use strict;
use warnings;
use DBI;
use POSIX ();
use Time::HiRes qw(sleep time);

use constant PATIENCE => 60;		# seconds, for the server to answer

our @isolations = ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE');

# The time by a client's own clock, to the microsecond, as PostgreSQL reads it.  Not
# ahead of the server's: what lies ahead of a key's next life would follow its version.
sub clock_time
{
	my ($second, $microsecond) = Time::HiRes::gettimeofday();

	return POSIX::strftime('%Y-%m-%d %H:%M:%S', gmtime $second) . sprintf('.%06d+00', $microsecond);
}

# How versions follow each other: the column's type, what a client that counts by
# itself sends, and adds; and a number that grows with them, for the reader.  Clients
# cannot count uuids.
our %kinds = (
	counter => { type => 'bigint', next => sub { $_[0] + 1 }, step => '1', order => 'version' },
	clock => {
		type => 'timestamptz',
		next => \&clock_time,
		step => "interval '1 microsecond'",
		order => '(EXTRACT(epoch FROM version) * 1000000)::bigint'
	},
	uuid => { type => 'uuid', order => 'NULL::bigint' });

# The kinds of write: SQL, and which values of the attempt it takes.  TYPE and STEP
# depend on the kind of version.  Those that say which version they are based on
# come first; the rest add to whatever they find.
my @tokens = (
	'echo' => ['UPDATE hot SET n = ?, seen = ?, version = ? WHERE id = ? RETURNING version, life',
		qw(n seen version id)],
	'echo, checked' =>
	  ['UPDATE hot SET n = ?, seen = ?, version = ? WHERE id = ? AND version = ? RETURNING version, life',
		qw(n seen version id version)],
	'increment' =>
	  ['UPDATE hot SET n = ?, seen = ?, version = ? WHERE id = ? AND version = ? RETURNING version, life',
		qw(n seen next id version)],
	'increment, computed' =>
	  ['UPDATE hot SET n = ?, seen = ?, version = version + STEP WHERE id = ? AND version = ? RETURNING version, life',
		qw(n seen id version)],
	'move' => ['UPDATE hot SET part = ?, n = ?, seen = ?, version = ? WHERE id = ? RETURNING version, life',
		qw(target n seen version id)],
	'upsert' =>
	  ['INSERT INTO hot (id, part, n, seen, version, original) VALUES (?, ?, ?, ?, ?, false)'
		  . ' ON CONFLICT (id, part) DO UPDATE SET n = EXCLUDED.n, seen = EXCLUDED.seen, version = EXCLUDED.version'
		  . ' RETURNING version, life, original',
		qw(id part n seen version)],
	'upsert, increment' =>
	  ['INSERT INTO hot (id, part, n, seen, version, original) VALUES (?, ?, ?, ?, ?, false)'
		  . ' ON CONFLICT (id, part) DO UPDATE SET n = EXCLUDED.n, seen = EXCLUDED.seen, version = EXCLUDED.version + STEP'
		  . ' WHERE hot.version = EXCLUDED.version RETURNING version, life, original',
		qw(id part n seen version)],
	'merge' =>
	  ['MERGE INTO hot USING (VALUES (?::int, ?::bigint, ?::bigint, ?::TYPE, ?::bigint)) AS s (id, n, seen, version, write)'
		  . ' ON hot.id = s.id'
		  . ' WHEN MATCHED THEN UPDATE SET n = s.n, seen = s.seen, merged = s.write, version = s.version',
		qw(id n seen version write)],
	'merge, increment' =>
	  ['MERGE INTO hot USING (VALUES (?::int, ?::bigint, ?::bigint, ?::TYPE, ?::bigint)) AS s (id, n, seen, version, write)'
		  . ' ON hot.id = s.id WHEN MATCHED AND hot.version = s.version'
		  . ' THEN UPDATE SET n = s.n, seen = s.seen, merged = s.write, version = s.version + STEP',
		qw(id n seen version write)]);
my @additions = (
	'blind' => ['UPDATE hot SET n = n + 1, seen = seen # ? WHERE id = ? RETURNING version, life', qw(write id)],
	'blind move' =>
	  ['UPDATE hot SET part = ?, n = n + 1, seen = seen # ? WHERE id = ? RETURNING version, life', qw(target write id)],
	'blind upsert' =>
	  ['INSERT INTO hot (id, part, n, seen, original) VALUES (?, ?, 1, ?, false)'
		  . ' ON CONFLICT (id, part) DO UPDATE SET n = hot.n + 1, seen = hot.seen # EXCLUDED.seen'
		  . ' RETURNING version, life, original',
		qw(id part write)],
	'blind merge' =>
	  ['MERGE INTO hot USING (VALUES (?::int, ?::bigint)) AS s (id, write) ON hot.id = s.id'
		  . ' WHEN MATCHED THEN UPDATE SET n = hot.n + 1, seen = hot.seen # s.write, merged = s.write',
		qw(id write)],
	# the version counts as sent in the second action, too, which leaves it as it is: an echo
	'merge of both' =>
	  ['MERGE INTO hot USING (VALUES (?::int, ?::bigint, ?::bigint, ?::TYPE, ?::bigint)) AS s (id, n, seen, version, write)'
		  . ' ON hot.id = s.id'
		  . ' WHEN MATCHED AND hot.version = s.version'
		  . ' THEN UPDATE SET n = s.n, seen = s.seen, merged = s.write, version = s.version'
		  . ' WHEN MATCHED THEN UPDATE SET n = hot.n + 1, seen = hot.seen # s.write, merged = s.write',
		qw(id n seen version write)]);

# Where keys have lives there are two more: the version is no part of the statement,
# but expected of the row.  And there is more than one way to delete.
my @expectations = (
	'expect' => ['UPDATE hot SET n = ?, seen = ? WHERE id = ? RETURNING version, life', qw(n seen id)],
	'expect, move' =>
	  ['UPDATE hot SET part = ?, n = ?, seen = ? WHERE id = ? RETURNING version, life', qw(target n seen id)]);
my %deletes = (
	'delete' => ['DELETE FROM hot WHERE id = ? RETURNING life, n, seen', qw(id)],
	'delete, checked' => ['DELETE FROM hot WHERE id = ? AND version = ? RETURNING life, n, seen', qw(id version)],
	'delete, expect' => ['DELETE FROM hot WHERE id = ? RETURNING life, n, seen', qw(id)]);
my %writes = (@tokens, @additions, @expectations, %deletes);
my %has_token = (@tokens, @expectations, %deletes);
delete $has_token{delete};

# A version is left out of an INSERT, or given as NULL: either way the server makes it.
my @births = map
{
	"INSERT INTO hot (id, part, life$_->[0]) SELECT ?, ?, ?$_->[1]"
	  . ' WHERE NOT EXISTS (SELECT FROM hot WHERE id = ?) RETURNING version'
} ['', ''], [', version', ', NULL'];

# The names of the writes that make sense for a kind of version.
sub writes_for
{
	my ($kind, $lives) = @_;
	my %names = (@tokens, @additions, $lives ? @expectations : ());

	return sort grep { $kinds{$kind}{step} || !/increment/ } keys %names;
}

sub deletes
{
	return sort keys %deletes;
}

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
			$dbh->do('SET TimeZone = ' . $dbh->quote(pick('UTC', 'Asia/Kathmandu', 'America/St_Johns')));
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

# Run the SQL of a write, in the words of this kind of version.
sub run_write
{
	my ($self, $name, $attempt) = @_;
	my ($sql, @names) = @{ $writes{$name} };
	my $kind = $kinds{ $self->{kind} };
	my $expects = $name =~ /expect/;

	$sql =~ s/\bTYPE\b/$kind->{type}/g;
	$sql =~ s/\bSTEP\b/$kind->{step}/g;
	run_statement($self->{dbh}, "SELECT concurrency.expect('hot', ?::$kind->{type})", $attempt->{version})
	  if $expects;
	my $result = run_statement($self->{dbh}, $sql, @$attempt{@names});
	$self->{dbh}->do("SELECT concurrency.expect('hot', NULL)") if $expects;
	return $result;
}

# Read a row, and remember what was read of the lives that its key had before.
sub read_row
{
	my ($self, $id) = @_;
	my $rows = run_statement($self->{dbh}, 'SELECT id, part, life, n, seen, version FROM hot WHERE id = ?', $id);

	die "no row\n" if !@$rows && $self->{deleters};
	die "row $id is there " . @$rows . " times\n" if @$rows != 1;
	sleep(rand(0.004)) if rand() < 0.5;

	my $row = $rows->[0];
	my $known = $self->{known}{$id} ||= { life => $row->{life}, alive => {}, dead => {} };
	if ($known->{life} != $row->{life})
	{
		$known->{dead}{$_} = { %{ $known->{alive}{$_} }, is_dead => 1 } foreach keys %{ $known->{alive} };
		@$known{qw(life alive)} = ($row->{life}, {});
	}
	$known->{alive}{ $row->{version} } = $row;
	return $row;
}

sub random_number
{
	return (int(rand(1 << 31)) << 31) | int(rand(1 << 31));
}

# What this client wants to do to the row that it has read.
sub plan_attempt
{
	my ($self, $row) = @_;
	my $write = random_number();
	my $next = $kinds{ $self->{kind} }{next};

	return {
		%$row,
		write => $write,
		n => $row->{n} + 1,
		seen => (0 + $row->{seen}) ^ $write,
		next => $next && $next->($row->{version}),
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
	$self->{row} = $row;
	my $result = run_write($self, $name, $attempt);

	# before 17, MERGE returns nothing; so it leaves its number in the row
	$result ||= run_statement($self->{dbh}, 'SELECT version, life FROM hot WHERE id = ? AND merged = ?',
		$row->{id}, $attempt->{write});
	die "no row\n" if @$result != 1 || !($result->[0]{original} // 1);

	run_statement($self->{dbh},
		'INSERT INTO journal (write, id, name, isolation, life_read, before, life, after) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
		$attempt->{write}, $row->{id}, $name, $self->{isolation},
		$has_token{$name} ? @$row{qw(life version)} : (undef, undef),
		@{ $result->[0] }{qw(life version)});
	return $attempt->{write};
}

# Delete a row, and write down how it ended: as the client read it, if it said what
# that was, and otherwise as the client found it.
sub delete_row
{
	my ($self, $name, $row) = @_;
	my $attempt = plan_attempt($self, $row);

	$self->{row} = $row;
	my $result = run_write($self, $name, $attempt);
	die "no row\n" if @$result != 1;

	my $known = $has_token{$name} ? $row : $result->[0];
	run_statement($self->{dbh},
		'INSERT INTO deaths (write, id, life_read, before, life, n, seen) VALUES (?, ?, ?, ?, ?, ?, ?)',
		$attempt->{write}, $row->{id},
		$has_token{$name} ? @$row{qw(life version)} : (undef, undef),
		$result->[0]{life}, @$known{qw(n seen)});
	return $attempt->{write};
}

# Give a key a new life, unless it has one; returns nothing then.
sub insert_row
{
	my ($self, $id) = @_;
	my $life = random_number();
	my $result = run_statement($self->{dbh}, pick(@births), $id, int(rand(3)), $life, $id);

	return if !@$result;
	run_statement($self->{dbh}, 'INSERT INTO births (write, id, life, version) VALUES (?, ?, ?, ?)',
		$life, $id, $life, $result->[0]{version});
	return $life;
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

	count_refusal($self, 'PT409');
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
		$self->{name} = pick(writes_for($self->{kind}, $self->{deleters}));
		my $row = $row{$id} || read_row($self, $id);
		$row = remember_row($self, $row) if $has_token{ $self->{name} };
		push @writes, rand() < 0.1
		  ? write_row_at_second_attempt($self, $self->{name}, $row)
		  : write_row($self, $self->{name}, $row);
		push @names, $self->{name};
	}

	commit($self, @writes);
	count($self, 'accepted', $_) foreach @names;
}

# Now and then, write what was read in one of the lives before: if possible, at a
# version that looks like this one.
sub remember_row
{
	my ($self, $row) = @_;
	my $dead = $self->{known}{ $row->{id} }{dead};

	return $row if rand() < 0.8 || !%$dead;
	return $dead->{ $row->{version} } || pick(values %$dead);
}

# Two transactions, or one: delete a row, and insert one with the same key.  Between
# the two it is this client that has to insert, whatever happens to its connection.
sub replace_row
{
	my $self = shift;
	my $dbh = $self->{dbh};
	my $id = 1 + int(rand($self->{rows}));
	my $at_once = rand() < 0.5;

	$self->{name} = pick(sort keys %deletes);
	$self->{isolation} = pick(@isolations);
	my $row = remember_row($self, read_row($self, $id));

	$dbh->do("BEGIN ISOLATION LEVEL $self->{isolation}");
	my @writes = delete_row($self, $self->{name}, $row);
	push @writes, insert_row($self, $id) if $at_once;
	$self->{owes} = $id if !$at_once;
	commit($self, @writes);
	count($self, 'accepted', $self->{name});
	repay($self) if !$at_once;
}

# Insert the row that this client has deleted, or may have deleted: the server may
# have been killed.  Then two clients may be at it; who had to wait for the lock looks
# only then whether the row is there, so that no version is older than the last life.
sub repay
{
	my $self = shift;

	@$self{qw(name isolation row)} = ('insert', 'READ COMMITTED', undef);
	sleep(rand(0.004)) if rand() < 0.5;
	$self->{dbh}->do("BEGIN ISOLATION LEVEL $self->{isolation}");
	run_statement($self->{dbh}, 'SELECT pg_advisory_xact_lock(?)', $self->{owes});
	commit($self, insert_row($self, $self->{owes}));
	delete $self->{owes};
}

# Commit, and write down what the server says.
sub commit
{
	my ($self, @writes) = @_;

	# from here on the server may commit, and not be able to tell us
	$self->{committing} = \@writes;
	$self->{dbh}->do('COMMIT');
	note_down($self, 'acknowledged', @writes);
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

# Count a write that was refused, and again if its row had died before it was sent.
sub count_refusal
{
	my ($self, $outcome) = @_;

	count($self, $outcome, $self->{name});
	count($self, "dead: $outcome", $self->{name}) if $self->{row} && $self->{row}{is_dead};
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
		count_refusal($self, $outcome);
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

# Has nobody said that it is enough, and is there somebody who could?
sub goes_on
{
	my $run = shift;

	return !-e "$run->{directory}/enough" && getppid() == $run->{parent};
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
		delete $self->{row};
		my $job = $number <= $run->{deleters} && rand() < 0.5 ? \&replace_row : \&transact;
		eval { $job->($self); 1 } or recover($self, $@);
		while ($self->{owes})
		{
			eval { repay($self); 1 } or recover($self, $@);
		}
	}

	my $counts = open_unbuffered("$prefix.outcomes");
	print $counts "$_\t$self->{outcomes}{$_}\n" foreach sort keys %{ $self->{outcomes} };
}

# What is wrong with a row, if the reader saw that one before.
sub compare_rows
{
	my ($before, $row) = @_;
	my $went = "row $row->{id} went from version $before->{version}, n = $before->{n}"
	  . " to version $row->{version}, n = $row->{n}";
	my $lives_on = $row->{life} == $before->{life};

	return "$went\n" if defined $row->{place} && $row->{place} < $before->{place};
	return "$went in the same life\n" if $lives_on && $row->{n} < $before->{n};
	return "$went, which is another row\n"
	  if $row->{version} eq $before->{version} && !($lives_on && $row->{n} == $before->{n});
	return '';
}

# A reader, which looks at all rows again and again, and complains if a committed
# version has gone back or stands for two rows, or if a row is not there exactly once.
sub watch_rows
{
	my ($run, $number) = @_;
	my $prefix = "$run->{directory}/$number";
	my $complaints = open_unbuffered("$prefix.complaints");
	my $dbh = connect_to($run->{dsn});
	my $sql = "SELECT id, life, n, version, $kinds{ $run->{kind} }{order} AS place FROM hot ORDER BY id";
	my $all = join ' ', 1 .. $run->{rows};
	my $expected = $run->{deleters} ? qr/^(?!.*\b(\d+) \1\b)/ : qr/^$all$/;
	my ($looks, %last) = (0);

	while (goes_on($run))
	{
		my $rows = eval { run_statement($dbh, $sql) };
		if (!$rows)
		{
			my $error = $@;
			die $error if $dbh->ping > 0;
			$dbh->{InactiveDestroy} = 1;
			$dbh = connect_to($run->{dsn});
			next;
		}

		$looks++;
		my $there = join ' ', map { $_->{id} } @$rows;
		print $complaints "there are rows $there\n" if $there !~ $expected;
		foreach my $row (@$rows)
		{
			print $complaints compare_rows($last{ $row->{id} } || $row, $row);
			$last{ $row->{id} } = $row;
		}
		sleep(0.001);
	}

	my $counts = open_unbuffered("$prefix.outcomes");
	print $counts "looked\t-\t-\t$looks\n";
}

1;
