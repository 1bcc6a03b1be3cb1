# document.pl --check | --write: keep the pages in doc/ and its folders that show what
# the clients' tests are and find: compare them with it, or write it into them.
# document.pl --table FILE...: print the table of what clients' tests have found,
# which have written CLIENT.out.
#
# In a page, what stands between "<!-- file: NAME -->" or "<!-- outcomes: CLIENT -->"
# or "<!-- outcomes -->" and "<!-- end -->" is the file, in a fence, or the table of
# what became of writes, of one client or of each; with "CLIENT form", only of its cases
# that begin with "form: ".

use strict;
use warnings;

use File::Basename;
use FindBin;

my %languages = (
	ejs => 'html', go => 'go', html => 'html', java => 'java', js => 'js', php => 'php', prisma => 'prisma', py => 'python', rb => 'ruby', rs => 'rust',
	sh => 'sh', sql => 'sql', ts => 'ts', xml => 'xml', yaml => 'yaml');
my $root = "$FindBin::RealBin/../..";
my $write = ($ARGV[0] // '') eq '--write';
my $failed = 0;

sub slurp
{
	my ($path) = @_;

	open my $file, '<', $path or die "cannot read $path: $!\n";
	local $/;
	return scalar <$file>;
}

# A file in a fence.  The SQL runs where the client's test runs it, not in a
# session of psql; so it is marked as no example.
sub fence
{
	my ($name) = @_;
	my ($ending) = $name =~ /\.(\w+)$/;
	my $language = $languages{ $ending // 'sh' } // '';

	$language = 'SQL' if $language eq 'sql';
	return "```$language\n" . (slurp("$root/$name") =~ s/\n*\z/\n/r) . "```\n";
}

# What became of clients' writes, by the files that have it: client, path, and what
# the cases begin with that are asked for.
sub table
{
	my @files = @_;
	my $table = "| client | case | with concurrency | without |\n|---|---|---|---|\n";

	foreach (@files)
	{
		my ($client, $path, $start) = @$_;
		my (%outcome, @cases);

		foreach (split /\n/, slurp($path))
		{
			my ($mode, $case, $outcome) = split /\t/;
			next if defined $start && $case !~ /^\Q$start\E: /;
			push @cases, $case if !$outcome{$case};
			$outcome{$case}{$mode} = $outcome;
		}
		foreach my $case (@cases)
		{
			my ($with, $without) = map { $outcome{$case}{$_} // '' } 'attached', 'detached';
			$table .= "| $client | $case | $with | " . ($without eq 'lost' ? "**$without**" : $without) . " |\n";
		}
	}
	return $table;
}

# What is expected of a client's writes, or of each client's, under its name.
sub outcomes
{
	my ($client, $start) = @_;
	my @clients = map { basename(dirname($_)) } sort glob("$FindBin::RealBin/*/expected.txt");

	return table([ $client, "$FindBin::RealBin/$client/expected.txt", $start ]) if defined $client;
	return join "\n", map { "## $_\n\n" . outcomes($_) } @clients;
}

if (($ARGV[0] // '') eq '--table')
{
	print table(map { [ basename($_, '.out'), $_ ] } @ARGV[ 1 .. $#ARGV ]);
	exit;
}
foreach my $page (sort glob("$root/doc/*.md $root/doc/*/*.md"), "$root/README.md")
{
	my $is = slurp($page);
	my $name = $page =~ s/^\Q$root\E\///r;
	my $should = $is =~ s{
		^(<!--\ (file|outcomes)(?::\ (\S+)(?:\ (\w+))?)?\ -->\n)(?:(?!<!--\ (?:file|outcomes)).*\n)*?(<!--\ end\ -->)$
	}{ $1 . ($2 eq 'file' ? fence($3) : outcomes($3, $4)) . $5 }xgemr;

	next if $is !~ /^<!-- (?:file|outcomes)\b/m;
	if ($write && $is ne $should)
	{
		open my $file, '>', $page or die "cannot write $page: $!\n";
		print $file $should;
		close $file;
		next;
	}
	print $is eq $should ? 'ok' : 'not ok', " - $name shows what the clients' tests are and find\n";
	$failed = 1 if $is ne $should;
}
print "# run: make clients-doc\n" if $failed;
exit $failed;
