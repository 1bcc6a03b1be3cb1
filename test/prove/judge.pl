# judge.pl KIND LOG...: judge a history of operations on rows with versions.  It knows
# nothing of the extension, but what each of its clients was told.  Prints what is wrong,
# by the rules below, and a summary; succeeds if nothing is wrong.
#
# Each row has a life, set when it is inserted to the number of the operation that inserts
# it, and a list of the numbers of all operations that have written it since.  Each line
# of a log has these words, with tabs between them and "-" for what there is not:
#
#  what        insert, write, delete, read, or crash: the server was killed
#  op          a number of this operation's own
#  key, life   of the row; life is where it is known
#  token       the version that the operation says it is based on; none if it is blind
#  token_life  the life in which that was read
#  isolation   of the transaction
#  began, invoked, returned   when the transaction's first statement was sent, and this
#              one, and when the last answer came, that to COMMIT if there is one
#  outcome     ok; stale (refused as such); failed (did not happen, for another reason);
#              unknown (cut off at COMMIT)
#  version, list   as the operation has left them, or has read them (by commas)
#
# Kinds are counter, clock, xact and uuid.  The rules:
#
#  1  the versions of a life are a chain without gaps, each made by one operation that is
#     ok or unknown
#  2  what is ok is in the list once, what was refused is not, what is unknown at most once
#  3  what is ok with a token has made the version that follows that one
#  4  what is read with a version is what that version's writer has left
#  5  what returned before a snapshot was taken is seen by it
#  6  a refusal is right only if the row was not at the token at some time meanwhile
#  7  no token of an earlier life is accepted; of counters, which begin again, these are
#     counted, and the lives that accepted them are not judged
#  8  what is ok before a crash is there after it
use strict;
use warnings;

use constant COMPLAINTS => 20;		# are printed of each rule

my @words = qw(what op key life token token_life isolation began invoked returned outcome version list);
my ($kind, @logs) = @ARGV;
my (%ops, %lives, %lives_of, @crashes, %count, %complaints);

sub complain
{
	my ($rule, $life, $what) = @_;

	$complaints{$rule}++;
	print "rule $rule: key $life->{key}, life $life->{life}: $what\n" if $complaints{$rule} <= COMPLAINTS;
}

# When was what this operation sees taken?
sub snapshot
{
	my $record = shift;

	return $record->{isolation} eq 'READ COMMITTED' ? $record->{invoked} : $record->{began};
}

# The rule that is broken where what was there at one time is not at another.
sub rule_of_loss
{
	my ($rule, $from, $to) = @_;

	# what the server still answered while it was being killed is before the crash
	return (grep { $_->{returned} >= $from && $_->{began} <= $to } @crashes) ? 8 : $rule;
}

# Versions are compared as numbers where they follow each other.
sub follows
{
	my ($version, $steps, $before) = @_;

	return $version == $before + $steps if $kind eq 'counter';
	return $version > $before if $kind eq 'clock';
	return $version ne $before;
}

sub might_have_happened
{
	return $_[0]{outcome} =~ /^(ok|unknown)$/;
}

# Sort a record into the life that it belongs to, by its own word or by its token's.
sub add_record
{
	my $record = shift;
	my $what = $record->{what};

	return push @crashes, $record if $what eq 'crash';
	$record->{list} = [ split /,/, $record->{list} // '' ] if defined $record->{version};
	$count{ $what eq 'read' ? 'read' : $record->{outcome} }++;
	if ($what =~ /insert|write/)
	{
		complain(1, $record, "two operations have the number $record->{op}") if $ops{ $record->{op} };
		$ops{ $record->{op} } = $record;
	}
	my $life = $record->{life} // $record->{token_life} // return;
	$lives{$life} ||= { key => $record->{key}, life => $life, map { $_ => [] } qw(insert write delete read) };
	push @{ $lives{$life}{$what} }, $record;
}

sub read_logs
{
	foreach my $log (@_)
	{
		open my $handle, '<', $log or die "cannot read $log: $!\n";
		while (my $line = <$handle>)
		{
			chomp $line;
			my %record;
			@record{@words} = map { $_ eq '-' ? undef : $_ } split /\t/, $line, -1;
			add_record(\%record);
		}
	}
}

# The operations of a life that are ok.
sub ok
{
	my ($life, @whats) = @_;

	return grep { $_->{outcome} eq 'ok' && defined $_->{life} } map { @{ $life->{$_} } } @whats;
}

# The list with which a life ended, or that it has now: as it was deleted, or last read
# when all was over; or else the longest that was seen.
sub last_list
{
	my $life = shift;
	my @deleted = ok($life, 'delete');
	my ($last_read) = sort { snapshot($b) <=> snapshot($a) } @{ $life->{read} };

	return $deleted[0]{list} if @deleted;
	return $last_read->{list} if $last_read && !grep { $_->{returned} > snapshot($last_read) } ok($life, 'insert', 'write');
	my ($longest) = sort { @{ $b->{list} } <=> @{ $a->{list} } } ok($life, 'insert', 'write'), @{ $life->{read} };
	return $longest ? $longest->{list} : [];
}

# What the other rules need to know of a life: the list, where each operation is in it,
# and which version each place has, as far as its writer or a reader knows.
sub prepare
{
	my $life = shift;
	my $list = $life->{list} = last_list($life);

	$life->{place} = { map { $list->[$_] => $_ + 1 } 0 .. $#$list };
	foreach my $record (ok($life, 'insert', 'write'), @{ $life->{read} })
	{
		$life->{version}[ @{ $record->{list} } ] //= $record->{version};
	}
}

sub judge_chain
{
	my $life = shift;
	my (%place, $known);

	foreach my $record (sort { @{ $a->{list} } <=> @{ $b->{list} } } ok($life, 'insert', 'write'))
	{
		my ($place, $version) = (scalar @{ $record->{list} }, $record->{version});

		complain(1, $life, "operation $record->{op} made version $version, and another one $life->{version}[$place], both the one at place $place")
		  if $life->{version}[$place] ne $version;
		complain(1, $life, "version $version was made by operation $record->{op}, and also by $place{$version}")
		  if $place{$version};
		$place{$version} = $record->{op};
	}
	foreach my $place (grep { defined $life->{version}[$_] } 0 .. $#{ $life->{version} })
	{
		complain(1, $life, "version $life->{version}[$place] at place $place is not what follows version $life->{version}[$known] at place $known")
		  if defined $known && !follows($life->{version}[$place], $place - $known, $life->{version}[$known]);
		$known = $place;
	}
}

# Was an operation lost in a crash, or without one?  In front of the first that misses it.
sub judge_missing
{
	my ($life, $record) = @_;
	my ($missing) = sort { snapshot($a) <=> snapshot($b) }
	  grep { my $seen = $_; snapshot($seen) >= $record->{returned} && !grep { $_ == $record->{op} } @{ $seen->{list} } }
	  ok($life, 'write', 'delete'), @{ $life->{read} };

	complain(rule_of_loss(2, $record->{returned}, $missing ? snapshot($missing) : $record->{returned}),
		$life, "operation $record->{op} is ok, and not in the list");
}

sub judge_list
{
	my $life = shift;
	my %times;

	$times{$_}++ foreach @{ $life->{list} };
	foreach my $op (sort keys %times)
	{
		my $outcome = $ops{$op} && $ops{$op}{outcome};

		complain(1, $life, "operation $op is in the list, and nobody's") if !$outcome;
		complain(2, $life, "operation $op is in the list, and $outcome") if $outcome && !might_have_happened($ops{$op});
		complain(2, $life, "operation $op is in the list $times{$op} times") if $times{$op} > 1;
	}
	foreach my $record (ok($life, 'write'))
	{
		judge_missing($life, $record) if !$times{ $record->{op} };
	}
}

sub judge_tokens
{
	my $life = shift;

	foreach my $record (grep { defined $_->{token} } ok($life, 'write', 'delete'))
	{
		# a DELETE leaves what it finds
		my $before = $record->{what} eq 'delete' ? $record->{version} : $life->{version}[ $#{ $record->{list} } ];

		complain(3, $life, "operation $record->{op} is ok with version $record->{token}, and found version $before")
		  if defined $before && $before ne $record->{token};
		complain(3, $life, "operation $record->{op} is ok with version $record->{token}, and made version $record->{version} of it")
		  if $record->{what} eq 'write' && !follows($record->{version}, 1, $record->{token});
	}
}

sub judge_reads
{
	my $life = shift;
	my %left = map { $_->{version} => join ',', @{ $_->{list} } } ok($life, 'insert', 'write');
	my $last = join ',', @{ $life->{list} }, '';

	foreach my $record (@{ $life->{read} })
	{
		my $version = $record->{version};
		my $read = join ',', @{ $record->{list} };
		my @refused = grep { $ops{$_} && !might_have_happened($ops{$_}) } @{ $record->{list} };
		my $is_lost = grep { $ops{$_} && $ops{$_}{outcome} eq 'ok' && !$life->{place}{$_} } @{ $record->{list} };

		complain(4, $life, "operation @refused was read, and did not happen") if @refused;
		$left{$version} //= $read;
		complain(4, $life, "version $version was read as ($read), and its writer left ($left{$version})") if $read ne $left{$version};
		complain(4, $life, "($read) was read, which is no beginning of ($last)")
		  if $read ne '' && !$is_lost && substr($last, 0, length($read) + 1) ne "$read,";
	}
}

sub judge_snapshots
{
	my $life = shift;
	my @writes = ok($life, 'write');
	my @deletes = ok($life, 'delete');

	foreach my $read (@{ $life->{read} })
	{
		my $snapshot = snapshot($read);
		my ($unseen) = grep { $_->{returned} <= $snapshot && @{ $_->{list} } > @{ $read->{list} } } @writes;
		my ($deleted) = grep { $_->{returned} <= $snapshot } @deletes;
		my $other = life_at($life->{key}, $snapshot);

		complain(rule_of_loss(5, $unseen->{returned}, $snapshot), $life, "operation $unseen->{op} had returned, and version $read->{version} was read")
		  if $unseen;
		complain(rule_of_loss(5, $deleted->{returned}, $snapshot), $life, 'the row was deleted, and read') if $deleted;
		complain(rule_of_loss(5, $other->{from}, $snapshot), $life, "the row was read, and its key had life $other->{life}{life}")
		  if !$deleted && $other && $other->{life} != $life && $other->{to} >= $read->{returned};
	}
}

# Put the lives of each key in the order of time, each from where it is sure to be there
# until where it may be deleted.
sub order_lives
{
	foreach my $life (values %lives)
	{
		my ($from) = sort { $a <=> $b } map { $_->{returned} } ok($life, 'insert', 'write');
		my ($to) = sort { $a <=> $b } map { $_->{invoked} } grep { might_have_happened($_) } @{ $life->{delete} };

		push @{ $lives_of{ $life->{key} } }, { life => $life, from => $from, to => $to // 9**9**9 } if defined $from;
	}
	@$_ = sort { $a->{from} <=> $b->{from} } @$_ foreach values %lives_of;
}

# The youngest life that a key is sure to have had at a time, unless it was deleted.
sub life_at
{
	my ($key, $time) = @_;
	my $lives = $lives_of{$key} || [];
	my ($low, $high) = (0, scalar @$lives);

	while ($low < $high)
	{
		my $middle = int(($low + $high) / 2);

		if ($lives->[$middle]{from} <= $time)
		{
			$low = $middle + 1;
		}
		else
		{
			$high = $middle;
		}
	}
	return $low ? $lives->[ $low - 1 ] : undef;
}

sub judge_refusals
{
	my $life = shift;
	my %place = map { $life->{version}[$_] => $_ } grep { defined $life->{version}[$_] } 0 .. $#{ $life->{version} };
	my @inserts = ok($life, 'insert');

	foreach my $record (grep { $_->{outcome} eq 'stale' && defined $_->{token} } @{ $life->{write} }, @{ $life->{delete} })
	{
		my $place = $place{ $record->{token} } // next;
		my ($writer, $next) = ($place ? $ops{ $life->{list}[ $place - 1 ] // '' } : $inserts[0], $ops{ $life->{list}[$place] // '' });

		# whatever may have ended this version before the refusal was over, and who is not in the list
		next if grep { $_->{invoked} < $record->{returned} && ($_->{what} eq 'delete' ? might_have_happened($_) : $_->{outcome} eq 'unknown' && !$life->{place}{ $_->{op} }) }
		  @{ $life->{write} }, @{ $life->{delete} };
		complain(6, $life, "operation $record->{op} was refused with version $record->{token}, which the row had")
		  if $writer && $writer->{outcome} eq 'ok' && $writer->{returned} <= snapshot($record)
		  && (!$next || $next->{invoked} >= $record->{returned});
	}
}

# Of counters, lives that accepted a token of another one are counted, and not judged.
sub judge_strangers
{
	my $life = shift;
	my @strangers = grep { defined $_->{token} && $_->{token_life} ne $life->{life} } ok($life, 'write', 'delete');

	$count{strangers} += @strangers;
	return @strangers if $kind eq 'counter';
	complain(7, $life, "operation $_->{op} is ok with version $_->{token} of life $_->{token_life}") foreach @strangers;
	return;
}

read_logs(@logs);
order_lives();
foreach my $life (map { $lives{$_} } sort { $a <=> $b } keys %lives)
{
	next if judge_strangers($life);
	prepare($life);
	judge_chain($life);
	judge_list($life);
	judge_tokens($life);
	judge_reads($life);
	judge_snapshots($life);
	judge_refusals($life);
}

printf "%s: %d operations ok, %d stale, %d failed, %d unknown; %d reads, %d lives, %d crashes;"
  . " %d tokens of earlier lives accepted; %s\n",
  $kind, (map { $count{$_} || 0 } qw(ok stale failed unknown read)), scalar keys %lives, scalar @crashes,
  $count{strangers} || 0,
  %complaints ? 'broken: ' . join(', ', map { "rule $_ ($complaints{$_} x)" } sort keys %complaints) : 'nothing is wrong';
exit(%complaints ? 1 : 0);
