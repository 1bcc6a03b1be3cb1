# check.pl CLIENT EXPECTED ACTUAL: compare what became of a client's writes with
# what is expected, case by case; prints a line "ok" or "not ok" for each.
#
# A case that says ", before VERSION" or ", since VERSION" is not met in other versions of the client.

use strict;
use warnings;

my ($client, $expected, $actual) = @ARGV;
my $failed = 0;

# The lines of a file, by mode and case; and the cases in their order.
sub read_cases
{
	my ($file) = @_;
	my (%outcome, @cases);

	open my $lines, '<', $file or die "cannot read $file: $!\n";
	while (<$lines>)
	{
		chomp;
		my ($mode, $case, $outcome) = split /\t/, $_, 3;
		die "$file: a case is no line of mode, case, outcome: $_\n" if !defined $outcome;
		die "$file: a case comes twice: $mode $case\n" if exists $outcome{"$mode: $case"};
		$outcome{"$mode: $case"} = $outcome =~ s/\s+$//r =~ s/\t/: /gr;
		push @cases, "$mode: $case";
	}
	return (\%outcome, @cases);
}

my ($want, @wanted) = read_cases($expected);
my ($got, @got) = read_cases($actual);

foreach my $case (@wanted, grep { !exists $want->{$_} } @got)
{
	next if $case =~ /, (?:before|since) \w+ [\d.]+$/ && !exists $got->{$case};
	my ($is, $should) = map { $_ // 'nothing' } $got->{$case}, $want->{$case};

	print $is eq $should ? 'ok' : 'not ok', " - $client, $case: $is\n";
	next if $is eq $should;
	print "# expected: $should\n";
	$failed++;
}
if (!@got)
{
	print "not ok - $client, every case\n";
	$failed++;
}
exit($failed ? 1 : 0);
