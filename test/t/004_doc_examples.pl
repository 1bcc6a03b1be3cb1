# The pages below doc/ tell the truth: the SQL examples of each run, in their
# order and in a database of its own, and psql prints what the page says.
#
# pg_regress cannot do this: its scripts are files of their own, so they would
# be copies of the examples, free to drift from what people read.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use DocExamples;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $doc = "$FindBin::RealBin/../../doc";
my @pages = sort glob("$doc/*.md $doc/*/*.md");

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;

my $examples = 0;
foreach my $page (@pages)
{
	# a folder has pages of the same name as another's, such as README.md
	my ($dbname) = $page =~ m{^\Q$doc\E/(.*)\.md$};

	# a page that creates the extension itself, as README.md does, may
	$node->safe_psql('postgres', qq(CREATE DATABASE "$dbname"));
	$node->safe_psql($dbname, 'CREATE EXTENSION concurrency')
	  unless slurp_file($page) =~ /^CREATE EXTENSION/m;
	$examples += run_examples($node, $dbname, $page);
}
isnt($examples, 0, 'the examples were found');

$node->stop;
done_testing();
