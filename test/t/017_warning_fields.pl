# Section 9: the WARNING of on_conflict=skip and of on_conflict=warn has the
# SQLSTATE and the fields of the error: schema, table, column, constraint, detail
# and hint.
#
# pg_regress cannot do this: psql shows a warning's fields only together with the
# line of the source, and PL/pgSQL cannot catch a warning.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION concurrency;
	CREATE SCHEMA "Sales";
	CREATE TABLE "Sales"."Doc" (id int PRIMARY KEY, "Rev" int) PARTITION BY LIST (id);
	CREATE TABLE part PARTITION OF "Sales"."Doc" FOR VALUES IN (1);
	INSERT INTO "Sales"."Doc" VALUES (1, 5)});

# All that psql says of a stale write, and of a DELETE that was expected to find
# another version, under a policy.
sub said
{
	my ($policy) = @_;
	$node->safe_psql('postgres',
		qq{SELECT concurrency.attach('"Sales"."Doc"', 'Rev', on_conflict => '$policy', guard_delete => true)});
	my ($rc, $stdout, $update) = $node->psql('postgres', 'BEGIN; UPDATE part SET "Rev" = 3; ROLLBACK',
		extra_params => [ '-v', 'VERBOSITY=verbose' ], on_error_stop => 0);
	($rc, $stdout, my $delete) = $node->psql('postgres',
		q{BEGIN; SELECT concurrency.expect('"Sales"."Doc"', 3, 'Rev'); DELETE FROM part; ROLLBACK},
		extra_params => [ '-v', 'VERBOSITY=verbose' ], on_error_stop => 0);
	return map { s/^psql:<stdin>:\d+: //mgr =~ s/^LOCATION: .*\n?//mgr } ($update, $delete);
}

my $expected = <<'END';
PT409: stale write to table "Doc": the row has changed since it was read
DETAIL:  Key (id)=(1) is at version 5, but the write is based on version 3.
HINT:  Read the row again, reapply the change, and send its current version.
SCHEMA NAME:  Sales
TABLE NAME:  Doc
COLUMN NAME:  Rev
CONSTRAINT NAME:  zz_concurrency_Rev
END
chomp $expected;
foreach ([ 'error', 'ERROR' ], [ 'skip', 'WARNING' ], [ 'warn', 'WARNING' ])
{
	my ($policy, $severity) = @$_;
	my ($update, $delete) = map { s/\n\z//r } said($policy);

	is($update, "$severity:  $expected", "on_conflict=$policy, UPDATE");
	is($delete, "$severity:  $expected", "on_conflict=$policy, DELETE");
}

$node->stop;
done_testing();
