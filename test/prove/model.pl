# Sections 2, 3, 7 and 8, proved on a model: spin checks all interleavings of three
# writers for lost updates.  Wherever the documentation says that a write comes too late,
# the model refuses it; wherever it says that one can pass, the model finds how, or else
# it is the model that is wrong.  Reports as "ok - ..." or "not ok - ...".
#
# It needs spin and gcc, and no server.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Time::HiRes qw(time);

my $here = dirname(abs_path($0));
my $readme = "$here/../../README.md";
my $scratch = tempdir(CLEANUP => 1);
my $failed = 0;
$| = 1;

my @fits = qw(not-sent same next other);
my @verdicts = qw(blind bump keep conflict);
my @kinds = qw(counter clock uuid);
my @protocols = qw(auto echo increment ignore);
my @blinds = qw(allow reject);
my @ways = qw(blind blind-checked expect echo echo-checked increment increment-checked copied computed
  computed-checked);
my @lates = qw(on-time one-late two-late);

# What README.md says can happen to the careless, each with the words that say so.
my @limits = (
	[ 'increment counter auto allow one-late', 'exactly one write late, equals the row\'s version and passes' ],
	[ 'blind counter auto allow one-late', 'What the blind write itself has overwritten, nobody can tell' ],
	[ 'increment clock auto allow two-late', 'A clock\'s increment is any later time' ],
	[ 'computed counter auto allow two-late', 'passes at any age (only the protocol' ],
	[ 'copied counter auto reject two-late', '`version = version` passes even where blind writes are rejected' ]);

sub report
{
	my ($what, @wrong) = @_;

	print((@wrong ? 'not ok' : 'ok'), " - $what\n", map { "# $_\n" } @wrong);
	$failed = 1 if @wrong;
}

sub slurp
{
	my $file = shift;

	open my $handle, '<', $file or die "cannot read $file: $!\n";
	local $/;
	return scalar <$handle>;
}

# The lines of a text file that are no comments, in words.
sub lines_of
{
	return map { [split] } grep { /^[^#\s]/ } split /\n/, slurp("$here/$_[0]");
}

# The decision table: verdicts by "protocol fit".
sub read_table
{
	my %table;

	foreach my $line (lines_of('decision_table.txt'))
	{
		my ($fit, @cells) = @$line;
		@table{ map { "$_ $fit" } @protocols } = @cells;
	}
	die "decision_table.txt is not complete\n" if grep { !defined } @table{ map { my $p = $_; map { "$p $_" } @fits } @protocols };
	return %table;
}

# The same, as README.md has it.
sub read_readme_table
{
	my %table;
	my @rows = map { [ split /\s*\|\s*/, $_ =~ tr/*`//dr ] } slurp($readme) =~ /^\| version in `SET`\?.*\n\|[-|]+\n((?:\|.*\n)+)/m
	  ? split /\n/, $1 : ();

	foreach my $row (@rows)
	{
		my (undef, $sent, $value, @cells) = @$row;
		my $fit = $sent eq 'no' ? 'not-sent'
		  : $value =~ /^the row's version/ ? 'same'
		  : $value =~ /^the version after it/ ? 'next'
		  : $value =~ /^anything else/ ? 'other' : $value;
		@table{ map { "$_ $fit" } @protocols } = map { s/^blind: bump$/blind/r } @cells;
	}
	return %table;
}

# A name in Promela, and numbers for a list of them.
sub name
{
	return uc(shift) =~ tr/-/_/r;
}

sub numbers
{
	my ($first, @names) = @_;

	return map { "#define $_ " . $first++ . "\n" } @names;
}

# The model, of the table and of writers.pml.
sub write_model
{
	my %table = @_;
	my @cells = map { my $p = $_; map { [ $p, $_ ] } @fits } @protocols;

	open my $model, '>', "$scratch/model.pml" or die "cannot write the model: $!\n";
	print $model numbers(1, map { name($_) } @kinds),
	  numbers(0, map { name("by-$_") } @protocols),
	  numbers(0, map { name($_) } @blinds),
	  numbers(1, map { name($_) } @ways),
	  numbers(0, map { name($_) } @fits),
	  numbers(0, map { name($_ eq 'blind' ? 'is-blind' : $_) } @verdicts),
	  "#define FIRST_PROTOCOL 0\n#define LAST_PROTOCOL $#protocols\n#define FIRST_WAY 1\n#define LAST_WAY ", scalar @ways, "\n",
	  "inline decide()\n{\n\tif\n",
	  (map
		{
			my ($protocol, $fit) = @$_;
			my $verdict = $table{"$protocol $fit"};
			sprintf "\t:: protocol == %s && fit == %s -> verdict = %s\n",
			  name("by-$protocol"), name($fit), name($verdict eq 'blind' ? 'is-blind' : $verdict);
		} @cells),
	  "\tfi\n}\n", slurp("$here/writers.pml");
	close $model or die "cannot write the model: $!\n";
}

sub run
{
	my $command = shift;
	my $output = `cd $scratch && $command 2>&1`;

	die "$command:\n$output" if $?;
	return $output;
}

# What the documentation says of each case: "way kind protocol blind late".
sub read_documented
{
	my @lines = lines_of('accepted.txt');
	my %accepted;

	foreach my $case (map { my $w = $_; map { my $k = $_; map { my $p = $_; map { [ $w, $k, $p, $_ ] } @blinds } @protocols } @kinds } @ways)
	{
		my ($line) = grep { matches($case, @$_) } @lines;
		$accepted{"@$case $_"} = 1 foreach grep { $_ ne 'never' } @$line[ 4 .. $#$line ];
	}
	return %accepted;
}

sub matches
{
	my ($case, @patterns) = @_;

	foreach my $i (0 .. 3)
	{
		my $pattern = join '|', map { $_ eq 'any' ? '.*' : s/\*/.*/r } split /,/, $patterns[$i];
		return 0 if $case->[$i] !~ /^(?:$pattern)$/;
	}
	return 1;
}

# What the model finds.
sub read_found
{
	my $output = shift;
	my %found;

	while ($output =~ /^accepted (\d+) (\d+) (\d+) (\d+) (\d+)$/mg)
	{
		$found{"$ways[$1 - 1] $kinds[$2 - 1] $protocols[$3] $blinds[$4] $lates[$5]"} = 1;
	}
	return %found;
}

# The number by which the model knows a case.
sub number_of
{
	my ($way, $kind, $protocol, $blind, $late) = split / /, shift;
	my $index = sub { my $name = shift; (grep { $_[$_] eq $name } 0 .. $#_)[0] };

	return (((($index->($way, @ways) + 1) * 4 + $index->($kind, @kinds) + 1) * 4 + $index->($protocol, @protocols)) * 2
		  + $index->($blind, @blinds)) * 4 + $index->($late, @lates);
}

# Let spin find how a case comes about: the steps that lead there, or none.
sub counterexample
{
	my $number = number_of(shift);

	unlink "$scratch/model.pml.trail";
	run("COUNTEREXAMPLE=$number ./pan -w20 -m1000 || true");
	return if !-e "$scratch/model.pml.trail";
	return map { s/\(way (\d+)\)/($ways[$1 - 1])/r =~ s/^\s+//r }
	  grep { /writer \d .*version|makes/ } split /\n/, run("COUNTEREXAMPLE=$number ./pan -r || true");
}

my %table = read_table();
my %readme = read_readme_table();
report('README.md has the same decision table',
	map { "$_: " . ($readme{$_} // 'nothing') . ' there, ' . ($table{$_} // 'nothing') . ' in decision_table.txt' }
	grep { ($table{$_} // '') ne ($readme{$_} // '') } sort keys %{ { %table, %readme } });

write_model(%table);
run('spin -a model.pml');
run('gcc -O1 -w -DSAFETY -DNOREDUCE -o pan pan.c');
my $began = time();
my $output = run('./pan -w20 -m1000');
my $seconds = time() - $began;
my ($states) = $output =~ /(\d+) states, stored/;
report('spin looked at every state', $output =~ /errors: 0\n/ && $output !~ /search not completed|too small/i && $states ? () : split /\n/, $output);

my %documented = read_documented();
my %found = read_found($output);
my @late = grep { !/on-time/ } sort keys %documented;
report('no write is accepted that the documentation says is refused', grep { !$documented{$_} } sort keys %found);
report('every write that is documented as safe is accepted on time', grep { /on-time/ && !$found{$_} } sort keys %documented);
report('every lost update that is documented as possible has a counterexample', grep { !$found{$_} } @late);

foreach my $limit (@limits)
{
	my ($case, $words) = @$limit;
	my @steps = counterexample($case);

	report("README.md warns of it, and the model shows how: $case",
		slurp($readme) =~ s/\s+/ /gr =~ /\Q$words\E/ ? () : "README.md does not say: $words", @steps ? () : 'no counterexample');
	print map { "#   $_\n" } @steps;
}

printf "# %d states in %.2f s; lost updates: %d cases expected, %d of them found, and %d others\n",
  $states, $seconds, scalar @late, scalar(grep { $found{$_} } @late), scalar grep { !/on-time/ && !$documented{$_} } keys %found;
exit $failed;
