# DocExamples: run the examples of a document, and compare what psql prints with
# what the document says.
#
# An example is a fence "sql"; a fence "text" that follows it directly is what it
# prints.  An example without one may print anything but an error.  Each example
# has a session of its own; those of one document share a database.
package DocExamples;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(run_examples fence fence_prints);

sub without_trailing_blanks
{
	my ($text) = @_;

	$text =~ s/[ \t]+$//mg;
	$text =~ s/\n+\z/\n/;
	return $text;
}

# What psql prints for a script, output and messages as they come, without the
# blanks that end lines.
sub psql_prints
{
	my ($node, $dbname, $script) = @_;
	my $printed = '';

	IPC::Run::run(
		[ 'psql', '-X', '-q', '-d', $node->connstr($dbname) ],
		'<', \$script, '>&', \$printed,
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return without_trailing_blanks($printed);
}

# The only fence of a document that has this in it: its SQL, and what that prints, where
# the document says so.
sub find_fence
{
	my ($path, $part) = @_;
	my ($document, @found) = (slurp_file($path));

	while ($document =~ /^```(?:sql|SQL)\n(.*?)^```\n(?:\n*```text\n(.*?)^```\n)?/msg)
	{
		push @found, [ $1, $2 ] if index($1, $part) >= 0;
	}
	die "$path has " . @found . " fences with $part\n" if @found != 1;
	return @{ $found[0] };
}

# For tests that need what a document shows elsewhere than in one psql.  A fence "SQL" is
# run by these alone.
sub fence
{
	my ($sql) = find_fence(@_);
	return $sql;
}

# Test that a fence, run here, prints what the document says; returns nothing.
sub fence_prints
{
	my ($node, $dbname, $path, $part) = @_;
	my ($sql, $text) = find_fence($path, $part);

	is(psql_prints($node, $dbname, $sql), without_trailing_blanks($text),
		"the example with $part prints what the document says");
	return;
}

# Test every example of a document, in its order; returns how many there are.
sub run_examples
{
	my ($node, $dbname, $path) = @_;
	my $document = slurp_file($path);
	my $name = $path =~ s{^.*/\.\./}{}r;
	my $examples = 0;

	while ($document =~ /^```sql\n(.*?)^```\n(?:\n*```text\n(.*?)^```\n)?/msg)
	{
		my ($sql, $text) = ($1, $2);
		my $line = 1 + (substr($document, 0, $-[0]) =~ tr/\n//);
		my $printed = psql_prints($node, $dbname, $sql);

		$examples++;
		if (defined $text)
		{
			is($printed, without_trailing_blanks($text),
				"$name, line $line: the example prints what the document says");
		}
		else
		{
			unlike($printed, qr/^(?:psql: )?(?:ERROR|FATAL|error):/m,
				"$name, line $line: the example runs");
		}
	}
	is(() = $document =~ /^\s*```+\s*sql\b/mg,
		$examples, "$name: no example was missed");
	return $examples;
}

1;
