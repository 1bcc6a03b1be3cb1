# README.md tells the truth: its SQL examples run, in their order and in one
# database, and psql prints what README.md says it prints; and it or
# doc/reference.md names whatever the extension has.
#
# pg_regress cannot do this: its scripts are files of their own, so they would
# be copies of the examples, free to drift from what people read; and it creates
# the extension before the first example does.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use DocExamples;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $fewest_examples = 8;
my $path = "$FindBin::RealBin/../../README.md";
my $reference = slurp_file($path) . slurp_file("$FindBin::RealBin/../../doc/reference.md");

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE readme');

# A query's rows, each a list of columns; there must be some.
sub rows_of
{
	my ($what, $query) = @_;
	my @rows = map { [ split /\|/, $_, -1 ] }
	  split /\n/, $node->safe_psql('readme', $query);

	isnt(scalar @rows, 0, "there are $what");
	return @rows;
}

cmp_ok(run_examples($node, 'readme', $path),
	'>=', $fewest_examples, 'the examples were found');

# Of the extension's own objects, each has a comment, and the reference names it.
foreach my $object (
	rows_of(
		'objects', q{
	SELECT o.type, o.identity, obj_description(d.objid, d.classid::regclass::name)
	  FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) o
	 WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
	   AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'concurrency')
	   -- from 17 on, also the types that come with a view or another type
	   AND NOT EXISTS (SELECT FROM pg_type t
						WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid
						  AND (t.typrelid <> 0 OR t.typcategory = 'A'))
	 ORDER BY o.identity}))
{
	my ($type, $identity, $comment) = @$object;
	my $name = $identity =~ s/\(.*//r;
	$name =~ s/^concurrency\.// if $type eq 'view' || $type eq 'function';

	isnt($comment, '', "$type $name has a comment");
	ok($reference =~ /\b\Q$name\E\b/, "the reference names $type $name");
}

# Functions stand there with what they take and return.
my $collapsed = $reference =~ s/\s+/ /gr =~ s/\( /(/gr =~ s/ \)/)/gr;
foreach my $function (
	rows_of(
		'functions', q{
	SELECT format('concurrency.%I(%s) RETURNS %s', proname,
				  regexp_replace(pg_get_function_arguments(oid), '::\w+|,? ?OUT .*', '', 'g'),
				  pg_get_function_result(oid))
	  FROM pg_proc
	 WHERE pronamespace = 'concurrency'::regnamespace AND prokind = 'f'
	 ORDER BY proname}))
{
	my ($signature) = @$function;

	ok(index($collapsed, $signature) >= 0, "the reference has $signature");
}

# The same for the settings, and for the columns of the view that people use.
foreach my $setting (
	rows_of(
		'settings', q{
	LOAD 'concurrency';
	SELECT name, boot_val, short_desc
	  FROM pg_settings WHERE name LIKE 'concurrency.%' ORDER BY name}))
{
	my ($name, $default, $comment) = @$setting;

	isnt($comment, '', "setting $name has a comment");
	ok($reference =~ /^\| `\Q$name\E` \| `\Q$default\E` \|/m,
		"the reference names setting $name and its default");
}

foreach my $column (
	rows_of(
		'views', q{
	SELECT c.relname, a.attname, col_description(c.oid, a.attnum)
	  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
	 WHERE c.oid = 'concurrency.attachments'::regclass
	 ORDER BY c.relname, a.attnum}))
{
	my ($view, $name, $comment) = @$column;

	isnt($comment, '', "column $name of view $view has a comment");
	ok($reference =~ /`\Q$name\E`/, "the reference names column $name of view $view");
}

$node->stop;
done_testing();
