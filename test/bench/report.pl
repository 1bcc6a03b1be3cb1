# report.pl FILE: make a table, on standard output, and a picture, in FILE, of
# what run.sh has measured: lines of workload, peer and seconds, WAL bytes and
# rows, or workload, peer and transactions per second.
#
# A ratio is the median of those of each round to the same round's statement by
# hand; a spread is that of the middle half of the rounds.

use strict;
use warnings;

my %names = (
	none => 'no version', hand => 'by hand', empty => 'empty C trigger',
	ours => 'concurrency', shortcut => '… shortcut on', watch => '… watch, two columns', several => '… two version columns',
	skip_check => '… skip_check on', skip_bump => '… skip_bump on', no_stamp => '… stamp_insert => false',
	counting => 'PL/pgSQL, counts', checking => 'PL/pgSQL, checks',
	moddatetime => 'moddatetime', suppress => 'suppress_redundant_updates');
my %titles = (
	narrow => 'bulk UPDATE, 8 columns', wide => 'bulk UPDATE, 64 columns', toasted => 'bulk UPDATE, 8 kB toasted in each row',
	few => 'bulk UPDATE, 1/100 of the rows', copy => 'COPY', insert => 'multi-row INSERT', upsert => 'upsert, all rows exist',
	partitions => 'bulk UPDATE, 100 partitions', stale => 'UPDATE with tokens, 1 % stale, skip');
my @order = qw(none hand empty ours shortcut watch several skip_check skip_bump no_stamp counting checking moddatetime suppress);
my (%samples, %wal, %rows, @workloads);

sub title
{
	my ($workload) = @_;
	my (undef, $protocol, $clients, $choice) = split /:/, $workload;
	return $titles{$workload} if !defined $protocol;
	return ($choice eq 'one' ? 'UPDATE of one hot row' : 'UPDATE by primary key')
	  . ", $protocol, $clients client" . ($clients > 1 ? 's' : '');
}

# The value below which a part of the values lies.
sub quantile
{
	my ($part, @values) = @_;
	my @sorted = sort { $a <=> $b } @values;
	my $at = $part * $#sorted;
	my $low = int $at;

	return $sorted[$low] if $low == $#sorted;
	return $sorted[$low] + ($at - $low) * ($sorted[ $low + 1 ] - $sorted[$low]);
}

while (<STDIN>)
{
	my ($workload, $peer, $value, $wal, $rows) = split;
	push @workloads, $workload if !$samples{$workload};
	# time for a row, in microseconds; of pgbench, for a transaction
	push @{ $samples{$workload}{$peer} }, defined $rows ? $value * 1e6 / $rows : 1e6 / $value;
	push @{ $wal{$workload}{$peer} }, $wal / $rows if defined $rows;
	$rows{$workload} = $rows if defined $rows;
}

my %ratio;
foreach my $workload (@workloads)
{
	my %of = %{ $samples{$workload} };
	my $base = $of{hand} || $of{none};
	my $unit = $rows{$workload} ? 'µs a row' : 'transactions a second';

	print "### ", title($workload), $rows{$workload} ? ", $rows{$workload} rows" : '', "\n\n";
	print "| | $unit | spread | ratio | spread |", ($rows{$workload} ? ' WAL bytes a row |' : ''), "\n";
	print "|---|---:|---:|---:|---:|", ($rows{$workload} ? '---:|' : ''), "\n";
	foreach my $peer (grep { $of{$_} } @order)
	{
		my @values = $rows{$workload} ? @{ $of{$peer} } : map { 1e6 / $_ } @{ $of{$peer} };
		my @ratios = map { $of{$peer}[$_] / $base->[$_] } 0 .. $#{ $of{$peer} };
		my $digits = $rows{$workload} ? 2 : 0;

		$ratio{$workload}{$peer} = quantile(0.5, @ratios);
		printf "| %s | %.*f | %.*f to %.*f | %.2f | %.2f to %.2f |", $names{$peer},
		  $digits, quantile(0.5, @values), $digits, quantile(0.25, @values), $digits, quantile(0.75, @values),
		  quantile(0.5, @ratios), quantile(0.25, @ratios), quantile(0.75, @ratios);
		printf " %.0f |", quantile(0.5, @{ $wal{$workload}{$peer} }) if $rows{$workload};
		print "\n";
	}
	print "\n";
}

# The picture: a bar for each peer, as long as it takes in comparison.
my ($left, $bar, $scale, $y) = (230, 15, 170, 40);
my $body = '';
foreach my $workload (@workloads)
{
	$body .= sprintf qq{<text x="10" y="%d" class="t">%s</text>\n}, $y, title($workload);
	$y += 8;
	foreach my $peer (grep { defined $ratio{$workload}{$_} } @order)
	{
		my $ratio = $ratio{$workload}{$peer};
		my $class = $names{$peer} =~ /^(concurrency|…)/ ? 'o' : 'p';
		my $name = $names{$peer} =~ s/=>/=&gt;/r;

		$body .= sprintf qq{<text x="%d" y="%d" class="n">%s</text><rect x="%d" y="%d" width="%.1f" height="%d" class="%s"/><text x="%.1f" y="%d">%.2f</text>\n},
		  $left - 6, $y + 11, $name, $left, $y, $ratio * $scale, $bar - 3, $class, $left + $ratio * $scale + 5, $y + 11, $ratio;
		$y += $bar;
	}
	$y += 26;
}
open my $picture, '>:raw', $ARGV[0] or die "cannot write $ARGV[0]: $!\n";
printf $picture <<'SVG', $y, $y, $left + $scale, $left + $scale, $y - 20, $body;
<svg xmlns="http://www.w3.org/2000/svg" width="760" height="%d" viewBox="0 0 760 %d" font-family="sans-serif" font-size="11">
<style>rect{fill:#9aa5b1}rect.b{fill:#fff}rect.o{fill:#2f6f9f}.n{text-anchor:end}.t{font-weight:bold;font-size:12px}</style>
<rect class="b" width="100%%" height="100%%"/>
<text x="10" y="18">Time of a statement, as a ratio to the same without a trigger, the version counted by hand (1.00); shorter is better</text>
<line x1="%d" y1="28" x2="%d" y2="%d" stroke="#c33" stroke-dasharray="3 3"/>
%s</svg>
SVG
close $picture;
print "The picture is in $ARGV[0].\n";
