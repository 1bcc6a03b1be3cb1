# A second implementation of the decision table, and of what stands around it, to hold
# the first one against.  It is written from the documentation, and knows nothing of
# the C code.
#
# A version is undef (null), a number or a uuid, or what is only known to be bounded:
# [lowest, highest] for a time between two looks at the clock, 'random' for a new uuid.
package Model;

use strict;
use warnings;

use constant INT64_MAX => 9223372036854775807;
use constant INT64_MIN => -INT64_MAX() - 1;
use constant LAST_TIMESTAMP => 9223371331199999999;
use constant MINUTE => 60_000_000;

# The column types, with the kind that each has here.
our %types = (
	smallint => { kind => 'counter', type => 'smallint', maximum => 32767, minimum => -32768 },
	integer => { kind => 'counter', type => 'integer', maximum => 2147483647, minimum => -2147483648 },
	bigint => { kind => 'counter', type => 'bigint', maximum => INT64_MAX, minimum => INT64_MIN },
	clock => { kind => 'clock', type => 'bigint', maximum => INT64_MAX, minimum => INT64_MIN, epoch => 0 },
	timestamptz => { kind => 'clock', type => 'timestamptz', maximum => LAST_TIMESTAMP, epoch => 946_684_800 },
	xid8 => { kind => 'xact', type => 'xid8' },
	uuid => { kind => 'uuid', type => 'uuid' });

# The policy is a hash of type (a key of %types), protocol, blind, on_conflict, watch
# and ignore (lists of columns), guard_delete, stamp_insert, partitioned, and has_other:
# another version column, "other", whose trigger comes first and has the defaults.
sub new
{
	my ($class, %policy) = @_;
	my $self = bless { %policy, %{ $types{ $policy{type} } }, rows => {}, statement => 0 }, $class;

	# section 3: the default is the kind's
	$self->{protocol} = $self->{kind} eq 'counter' ? 'auto' : 'echo' if $self->{protocol} eq 'default';
	$self->begin_transaction;
	return $self;
}

sub same
{
	my ($x, $y) = @_;

	return !defined $x && !defined $y if !defined $x || !defined $y;
	return !ref $x && !ref $y && $x eq $y;
}

# Section 5: what follows a version, or is the first one.
sub next_version
{
	my ($self, $old) = @_;

	return 'random' if $self->{kind} eq 'uuid';
	return $self->{xact} if $self->{kind} eq 'xact';
	if ($self->{kind} eq 'counter')
	{
		return 1 if !defined $old || $old == $self->{maximum};
		return $old + 1;
	}
	my ($lowest, $highest) = @{ $self->{now} };
	return [ $lowest, $highest ] if !defined $old || $old + 1 <= $lowest;
	return $old + 1 if $old + 1 >= $highest;
	return [ $old + 1, $highest ];
}

# Can no version follow this one?
sub is_last
{
	my ($self, $version) = @_;

	return $self->{kind} eq 'clock' && defined $version && !ref $version && $version >= $self->{maximum};
}

# Section 3: the row of the table that the token belongs to.
sub fit
{
	my ($self, $old, $new) = @_;

	return 'echo' if same($old, $new);
	return 'strange' if !defined $new;
	if ($self->{kind} eq 'counter')
	{
		return $new == $self->next_version($old) ? 'increment' : 'strange';
	}
	if ($self->{kind} eq 'clock')
	{
		my $sent = ref $new ? $new->[0] : $new;
		# what comes before every other time is not after null either
		return 'strange' if $sent <= ($old // INT64_MIN);
		return 'increment' if defined $old && $sent == $old + 1;
		return $sent > $self->{now}[1] + MINUTE ? 'future' : 'increment';
	}
	return 'strange';
}

# Section 3: the table.
my %verdicts = (
	'auto echo' => 'bump',
	'auto increment' => 'keep',
	'auto future' => 'future',
	'echo echo' => 'bump',
	'increment increment' => 'keep',
	'increment future' => 'future');

# Sections 3, 8 and 10: bump, keep, blind, conflict or future.
sub verdict
{
	my ($self, $old, $new, $was_sent) = @_;
	my $session = $self->{session};
	my $verdict = 'blind';

	$verdict = $verdicts{"$self->{protocol} " . $self->fit($old->{version}, $new->{version})} || 'conflict'
	  if $was_sent && $self->{protocol} ne 'ignore';
	my $expectation = $session->{skip_check} ? undef : $self->expectation;
	if ($expectation)
	{
		$verdict = 'bump' if $verdict eq 'blind';
		if (($old->{written} || 0) <= $expectation->{told})
		{
			$verdict = 'conflict' if !same($old->{version}, $expectation->{version});
			push @{ $self->{met} }, $expectation;
		}
	}
	$verdict = 'bump' if $verdict eq 'blind' && $old->{asserted};
	$verdict = 'bump' if $session->{skip_check} && $verdict ne 'keep';
	return $verdict;
}

# Section 7: what is said to a blind write: nothing, warn or reject.
sub blind_policy
{
	my $self = shift;
	my $setting = $self->{session}{blind_writes} || 'table';

	return $setting eq 'table' ? $self->{blind} : $setting;
}

# Section 6: did a column change that counts?
sub is_condition_met
{
	my ($self, $old, $new) = @_;
	my @columns = qw(id part a b c);

	return 1 if !$self->{watch} && !$self->{ignore};
	if ($self->{ignore})
	{
		my %ignored = map { $_ => 1 } @{ $self->{ignore} };
		@columns = grep { !$ignored{$_} } @columns;
	}
	elsif ($self->{watch}[0] ne '*')
	{
		@columns = @{ $self->{watch} };
	}
	return scalar grep { !same($old->{$_}, $new->{$_}) } @columns;
}

# The handler of these tables: null, or the row to store.
sub handle
{
	my ($self, $old, $new) = @_;

	return defined $old->{a} && $old->{a} % 2 == 0 ? $old : undef if !$new;
	return undef if defined $new->{a} && $new->{a} % 3 == 0;
	# what is returned for another trigger's column does not count
	return { %$old, c => 'kept', $self->{has_other} ? (other => $new->{other}) : () } if defined $new->{a} && $new->{a} % 5 == 0;
	return { %$new, c => 'merged' };
}

# Section 9: what happens to a conflicting row.  Returns the row that is written, or
# nothing; dies with an SQLSTATE.
sub resolve
{
	my ($self, $old, $new) = @_;

	die { state => 'PT409' } if $self->{on_conflict} eq 'error';
	if ($self->{on_conflict} eq 'call')
	{
		my $row = $self->handle($old, $new);
		die { state => '27000' } if $row && $new && $row->{part} != $old->{part};
		return $row;
	}
	$self->warning('PT409', $old);
	return $self->{on_conflict} eq 'skip' ? undef : $new || $old;
}

sub warning
{
	my ($self, $state, $row) = @_;

	push @{ $self->{outcome}{warnings} }, "$state $row->{id} $row->{part}";
}

# What the trigger makes of an UPDATE or (NEW is undef) DELETE of one row: the row to
# write, or nothing.
sub judge
{
	my ($self, $old, $new, $was_named) = @_;
	my $was_sent = $new && ($was_named || !same($new->{version}, $old->{version}));
	my $verdict = $self->verdict($old, $new, $was_sent);

	die { state => '22023' } if $verdict eq 'future';
	if ($verdict eq 'blind')
	{
		my $policy = $self->blind_policy;
		die { state => 'PT428' } if $policy eq 'reject';
		$self->warning('PT428', $old) if $policy eq 'warn';
	}
	my $row = $verdict eq 'conflict' ? $self->resolve($old, $new) : $new || $old;
	return $row if !$row || !$new;

	return { %$row, version => $old->{version} } if $self->{session}{skip_bump};
	return $row if $verdict eq 'keep';
	return { %$row, version => $old->{version} }
	  if $verdict ne 'conflict' && !$self->is_condition_met($old, $new);
	die { state => '22023' } if $self->is_last($old->{version});
	return { %$row, version => $self->next_version($old->{version}) };
}

# The other trigger, which comes first: of kind "counter", protocol "auto", and with the
# defaults for everything else.  No expectation and no assertion is of its column.
sub judge_other
{
	my ($self, $old, $new) = @_;
	my $session = $self->{session};
	my ($was, $is) = ($old->{other}, $new->{other});
	my $is_named = delete $new->{names_other};

	if (!$is_named && !$session->{skip_check})
	{
		my $policy = $session->{blind_writes} || 'table';
		die { state => 'PT428' } if $policy eq 'reject';
		$self->warning('PT428', $old) if $policy eq 'warn';
	}
	die { state => 'PT409' } if $is != $was && $is != $was + 1 && !$session->{skip_check};
	$new->{other} = $session->{skip_bump} ? $was : $was + 1;
}

# Section 4: what the trigger makes of a new row.
sub stamp
{
	my ($self, $row) = @_;

	$self->check_settings if $self->{stamp_insert} || $self->{has_other};
	return $row if !$self->{stamp_insert};
	die { state => '22023' } if $self->is_last($row->{version});
	return defined $row->{version} ? $row : { %$row, version => $self->next_version(undef) };
}

# A misspelt setting refuses whatever the trigger sees.
sub check_settings
{
	my $self = shift;

	die { state => '22023' } if ($self->{session}{blind_writes} || '') eq 'rejct';
}

sub key
{
	my $row = shift;

	return "$row->{id},$row->{part}";
}

sub store
{
	my ($self, $row) = @_;

	die { state => '23505' } if $self->{rows}{ key($row) };
	$self->{rows}{ key($row) } = { %$row, written => $self->{statement}, asserted => 0 };
	$self->{outcome}{count}++;
}

# The parts of a statement.  A row that is updated has to be there.
sub update
{
	my ($self, $old, $change, $was_named) = @_;
	my $new = $change->($old);

	if ($self->{is_meddled})
	{
		$new->{version} = $old->{version} if ($new->{b} || '') eq 'reset';
		$new->{version} = undef if ($new->{b} || '') eq 'wipe';
	}
	$self->check_settings;
	$self->judge_other($old, $new) if $self->{has_other};
	my $row = $self->judge($old, $new, $was_named);
	return if !$row;
	# a move is a DELETE, which was judged already, and an INSERT
	$row = $self->stamp($row) if $self->{partitioned} && $row->{part} != $old->{part};
	delete $self->{rows}{ key($old) };
	$self->store($row);
}

sub delete
{
	my ($self, $old) = @_;

	if ($self->{guard_delete})
	{
		$self->check_settings;
		return if !$self->judge($old, undef, 0);
	}
	delete $self->{rows}{ key($old) };
	$self->{outcome}{count}++;
}

# An INSERT; what to do with a row that is there already is a function of that row and
# of the one that was to be inserted.
sub insert
{
	my ($self, $row, $on_conflict) = @_;

	# a column that is left out has its default, which the kind gives
	$row = { %$row, version => $self->next_version(undef) } if !exists $row->{version};
	$row = { %$row, other => 1 } if $self->{has_other};
	$row = $self->stamp($row);
	my $old = $self->{rows}{ key($row) };
	return $on_conflict->($old, $row) if $old && $on_conflict;
	$self->store($row);
}

# Run the parts of a statement, each a function.  Returns what is expected: either of
# the errors, or the number of rows and the warnings.  The statement ran between two
# looks at the clock.
sub run
{
	my ($self, $now, @parts) = @_;
	my %before = %{ $self->{rows} };
	my $outcome = $self->{outcome} = { count => 0, warnings => [], errors => {} };

	$self->{now} = $now;
	$self->{statement}++;
	$self->{met} = [];
	foreach my $part (@parts)
	{
		next if eval { $part->($self); 1 };
		die $@ if !ref $@;
		$outcome->{errors}{ $@->{state} } = 1;
	}
	$self->{rows} = \%before if %{ $outcome->{errors} };
	# of several rows, an error leaves some unjudged, and nobody knows which
	my $how = %{ $outcome->{errors} } && @parts > 1 ? 'may_be_met' : 'is_met';
	$_->{$how} = 1 foreach @{ $self->{met} };
	return $outcome;
}

# From now on, rows are to be at this version, unless this transaction writes them.
# Each savepoint has its own expectation, and whether it has replaced one that was not met.
sub expect
{
	my ($self, $version) = @_;
	my @levels = @{ $self->{session}{levels} };
	my $level = pop @levels;
	my $expectation = { is_on => defined $version, version => $version, told => $self->{statement} };

	$self->{session}{levels} = [ @levels, replace($level, { expectation => $expectation, unmet => [] }) ];
}

# Section 8: what a newer expectation does to an older one, of the same savepoint.
sub replace
{
	my ($older, $newer) = @_;
	my ($was, $is) = map { $_->{expectation} } $older, $newer;
	my @unmet = (@{ $older->{unmet} }, @{ $newer->{unmet} });

	push @unmet, $was if $is && $is->{is_on} && $was && $was->{is_on} && !same($was->{version}, $is->{version});
	return { expectation => $is || $was, unmet => \@unmet };
}

# The newest expectation, unless that was to end it.
sub expectation
{
	my $self = shift;
	my ($newest) = grep { $_ } map { $_->{expectation} } reverse @{ $self->{session}{levels} };

	return $newest && $newest->{is_on} ? $newest : undef;
}

# Is there something to tell before the commit?  1, 0, or undef: perhaps.
sub has_unmet
{
	my $self = shift;
	my @levels = @{ $self->{session}{levels} };

	while (@levels > 1)
	{
		my $newer = pop @levels;
		push @levels, replace(pop @levels, $newer);
	}
	my @unmet = grep { !$_->{is_met} } @{ $levels[0]{unmet} };
	my $last = $levels[0]{expectation};
	push @unmet, $last if $last && $last->{is_on} && !$last->{is_met};
	return 0 if !@unmet;
	return (grep { !$_->{may_be_met} } @unmet) ? 1 : undef;
}

# Section 8: what was asserted counts as said.  Returns the SQLSTATE.
sub assert
{
	my ($self, $key, $version) = @_;
	my $row = $self->{rows}{ key($key) };

	return 'P0002' if !$row;
	return 'PT409' if !same($row->{version}, $version);
	$self->{rows}{ key($key) } = { %$row, asserted => 1 };
	return '00000';
}

# Transactions and savepoints.
sub push_savepoint
{
	my $self = shift;

	$self->{session}{levels} = [ @{ $self->{session}{levels} }, { unmet => [] } ];
}

sub release_savepoint
{
	my $self = shift;
	my @levels = @{ $self->{session}{levels} };
	my $newer = pop @levels;

	$self->{session}{levels} = [ @levels[ 0 .. $#levels - 1 ], replace($levels[-1], $newer) ];
}

sub snapshot
{
	my $self = shift;

	return { rows => { %{ $self->{rows} } }, session => { %{ $self->{session} } } };
}

sub restore
{
	my ($self, $snapshot) = @_;

	@$self{qw(rows session)} = ({ %{ $snapshot->{rows} } }, { %{ $snapshot->{session} } });
}

sub begin_transaction
{
	my $self = shift;

	$self->{session} = { levels => [ { unmet => [] } ] };
	$_ = { %$_, written => 0, asserted => 0 } foreach values %{ $self->{rows} };
}

1;
