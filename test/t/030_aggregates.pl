# doc/aggregates.md: the trigger of the page makes a change of a line a change of its
# order; what two people do to different lines of one order is seen; and the page's
# order of statements neither deadlocks nor hands out somebody else's version.
#
# Each is shown beside what goes wrong without it: a trigger FOR EACH ROW deadlocks, who
# reads the version after COMMIT destroys what he has not seen, without its check the
# trigger passes over an order that keeps its version.
#
# pg_regress has one session, and the isolation tester reads no page.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use DocExamples;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Sessions;
use Test::More;

my $page = "$FindBin::RealBin/../../doc/aggregates.md";
my $recipe = fence($page, 'CREATE FUNCTION bump_orders');
my $orders = "INSERT INTO orders VALUES (1, 'new'), (2, 'new'), (3, 'new')";

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'deadlock_timeout = 20ms');
$node->start;

# A database with the page's tables and triggers, or those that are made of them.
sub make_orders
{
	my ($dbname, $sql) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $dbname");
	$node->safe_psql($dbname, "CREATE EXTENSION concurrency; $sql");
	return;
}

# The same for each row: a bump a line, in the order in which the lines come.
my $each_row = ($recipe =~ s/^CREATE TRIGGER.*//msr) . q{
	CREATE FUNCTION bump_order() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		UPDATE orders SET version = version WHERE id IN (OLD.order_id, NEW.order_id);
		RETURN NULL;
	END
	$$;
	CREATE TRIGGER bump_order AFTER INSERT OR UPDATE OR DELETE ON line FOR EACH ROW EXECUTE FUNCTION bump_order()};

make_orders('by_statement', "$recipe; $orders");
make_orders('by_row', "$each_row; $orders");

sub versions
{
	my ($dbname) = @_;
	return $node->safe_psql($dbname, 'SELECT string_agg(version::text, \' \' ORDER BY id) FROM orders');
}

#
# Two tabs: Ann saves a line of the order that Bob has open.
#
sub two_tabs
{
	my ($dbname) = @_;
	my ($ann, $bob) = map { Sessions->new($node, $dbname) } 1 .. 2;

	$ann->run("INSERT INTO line VALUES (1, 9, 'desk')");
	my $outcome = $bob->run("UPDATE orders SET state = 'cancelled', version = 1 WHERE id = 1");
	$node->safe_psql($dbname, 'TRUNCATE orders CASCADE');
	$node->safe_psql($dbname, $orders);
	return $outcome;
}
make_orders('no_trigger', ($recipe =~ s/^CREATE TRIGGER.*//msr) . "; $orders");
is(two_tabs('no_trigger'), '', 'control: without the trigger, Bob cancels an order with a line that he has not seen');
is(two_tabs('by_statement'), 'PT409', 'with it, he is refused');

#
# One statement a transaction: two insert lines of the same orders, in another order, while
# somebody holds the one that comes between.
#
sub cross
{
	my ($dbname) = @_;
	my ($gate, $ann, $bob) = map { Sessions->new($node, $dbname) } 1 .. 3;

	$gate->run('BEGIN');
	$gate->run('SELECT FROM orders WHERE id = 2 FOR NO KEY UPDATE');
	$ann->wait_for("INSERT INTO line VALUES (1, 1, 'Ann'), (2, 1, 'Ann'), (3, 1, 'Ann')");
	$bob->wait_for("INSERT INTO line VALUES (3, 2, 'Bob'), (2, 2, 'Bob'), (1, 2, 'Bob')");
	$gate->run('COMMIT');
	return join ' ', sort map { $_->result } $ann, $bob;
}
is(cross('by_row'), ' 40P01', 'control: with a trigger FOR EACH ROW, one of the two is the victim of a deadlock');
is(cross('by_statement'), ' ', 'with the page\'s trigger both go through');
is(versions('by_statement'), '3 3 3', '... and each order was bumped twice');

#
# More than one statement: who has locked the order first does not deadlock.
#
sub save_two_lines
{
	my ($dbname, @first) = @_;
	my ($ann, $bob) = map { Sessions->new($node, $dbname) } 1 .. 2;
	my @outcomes;

	$node->safe_psql($dbname, "TRUNCATE line; INSERT INTO line VALUES (1, 1, 'read'), (1, 2, 'read')");
	my ($read) = split / /, versions($dbname);
	s/READ/$read/ foreach @first;

	$_->run('BEGIN') foreach $ann, $bob;
	$ann->run($_) foreach @first;
	$ann->run("UPDATE line SET item = 'Ann' WHERE no = 1");
	$bob->wait_for($first[0] || "UPDATE line SET item = 'Bob' WHERE no = 2");
	push @outcomes, $ann->run("UPDATE line SET item = 'Ann' WHERE no = 2");
	push @outcomes, $ann->run('COMMIT');
	push @outcomes, $bob->result, $bob->run('COMMIT');
	return join ' ', grep { $_ } @outcomes;
}
like(save_two_lines('by_statement'), qr/^40P01\b/, 'control: two who begin with lines of one order deadlock');
is(save_two_lines('by_statement', "SELECT concurrency.assert_current('orders', '1', READ)"), 'PT409',
	'who has asserted the order goes on, and the other one is refused');
is($node->safe_psql('by_statement', 'SELECT string_agg(item, \' \') FROM line'), 'Ann Ann', '... and what was saved is there');

#
# Last ask for the version, before COMMIT.  Ann has saved, and goes on with the version that
# she was told; Bob has saved a line since, which she has not seen.
#
sub save_again
{
	my ($reads_late) = @_;
	my ($ann, $bob) = map { Sessions->new($node, 'by_statement') } 1 .. 2;
	my $tell = 'SELECT version FROM orders WHERE id = 1';

	$node->safe_psql('by_statement', "TRUNCATE line; INSERT INTO line VALUES (1, 1, 'read'), (1, 2, 'read')");
	my $read = $ann->run($tell);
	$ann->run('BEGIN');
	$ann->run("SELECT concurrency.assert_current('orders', '1', $read)");
	$ann->run("UPDATE line SET item = 'Ann' WHERE no = 1");
	my $told = $ann->run($tell);
	$ann->run('COMMIT');
	$bob->run("UPDATE line SET item = 'Bob' WHERE no = 2");
	$told = $ann->run($tell) if $reads_late;

	$ann->run('BEGIN');
	my $outcome = $ann->run("SELECT concurrency.assert_current('orders', '1', $told)");
	$ann->run("UPDATE line SET item = 'Ann, who took it for read' WHERE no = 2") if $outcome ne 'PT409';
	$ann->run('COMMIT');
	return $node->safe_psql('by_statement', 'SELECT item FROM line WHERE no = 2');
}
is(save_again(1), 'Ann, who took it for read', 'control: a version that is read after COMMIT lets Bob\'s line be destroyed');
is(save_again(0), 'Bob', 'the version that is read before COMMIT does not');

# What RETURNING of the first statement told is old, by the lines that follow.
my $ann = Sessions->new($node, 'by_statement');
my ($read) = split / /, versions('by_statement');
$ann->run('BEGIN');
my $returned = $ann->run("UPDATE orders SET state = 'paid', version = $read WHERE id = 1 RETURNING version");
$ann->run("INSERT INTO line VALUES (1, 5, 'Ann')");
$ann->run('COMMIT');
is($ann->run("UPDATE orders SET state = 'sent', version = $returned WHERE id = 1"), 'PT409',
	'what RETURNING told before the lines is refused afterwards');

# Nor does an ORM that counts by itself find the order that it has read, after its lines.
($read) = split / /, versions('by_statement');
$ann->run('BEGIN');
$ann->run("INSERT INTO line VALUES (1, 6, 'Ann')");
is($ann->run("UPDATE orders SET state = 'sent', version = $read + 1 WHERE id = 1 AND version = $read RETURNING version"), '',
	'an ORM that counts the order after its lines finds no row');
$ann->run('ROLLBACK');

# REPEATABLE READ: PostgreSQL's own error.
{
	my ($one, $two) = map { Sessions->new($node, 'by_statement') } 1 .. 2;
	$_->run('BEGIN ISOLATION LEVEL REPEATABLE READ') foreach $one, $two;
	$_->run('SELECT count(*) FROM orders') foreach $one, $two;
	$one->run("INSERT INTO line VALUES (2, 8, 'one')");
	$two->wait_for("INSERT INTO line VALUES (2, 9, 'two')");
	$one->run('COMMIT');
	is($two->result, '40001', 'REPEATABLE READ: who waits for the order gets PostgreSQL\'s own error');
}

# A new line does not wait for a bump; it would, were a key in the SET list.
{
	my ($writer, $child) = map { Sessions->new($node, 'by_statement') } 1 .. 2;
	$node->safe_psql('by_statement', 'CREATE TABLE note (order_id bigint REFERENCES orders)');
	$writer->run('BEGIN');
	$writer->run("INSERT INTO line VALUES (3, 8, 'one')");
	is($child->run('INSERT INTO note VALUES (3)'), '', 'a row that refers to an order does not wait for its bump');
	$writer->run('ROLLBACK');
	$writer->run('BEGIN');
	$writer->run('UPDATE orders SET id = id, version = version WHERE id = 3');
	$child->run('SET lock_timeout = 1');
	is($child->run('INSERT INTO note VALUES (3)'), '55P03', 'control: it would, were the key in the SET list');
	$writer->run('ROLLBACK');
}

#
# A load: no deadlock, and no bump missed or counted twice.  Each client has a line of its own
# in each order, which counts how often it was written.
#
sub load
{
	my ($dbname, $enough) = @_;
	my $script = "$PostgreSQL::Test::Utils::tmp_check/lines.sql";
	my ($transactions, $deadlocks) = (0, 0);

	$node->safe_psql($dbname, q{
		TRUNCATE orders CASCADE;
		INSERT INTO orders SELECT i, '0' FROM generate_series(1, 20) AS i;
		INSERT INTO line SELECT i, c, '0' FROM generate_series(1, 20) AS i, generate_series(0, 7) AS c;
		UPDATE orders SET state = version});
	unlink $script;
	append_to_file($script, q{
\set a random(1, 20)
\set b random(1, 20)
\set c random(1, 20)
WITH turn AS MATERIALIZED (SELECT id, n FROM (VALUES (:a, 1), (:b, 2), (:c, 3)) AS v (id, n) ORDER BY n)
UPDATE line SET item = item::int + 1 FROM turn WHERE order_id = turn.id AND no = :client_id;
});
	for (1 .. 20)
	{
		my ($stdout, $stderr) = run_command([ 'pgbench', '-n', '-c8', '-j2', '-T2', '--failures-detailed', '-f', $script, $node->connstr($dbname) ]);
		$transactions += $stdout =~ /actually processed: (\d+)/ ? $1 : 0;
		$deadlocks += $stdout =~ /number of deadlock failures: (\d+)/ ? $1 : die "pgbench tells of no deadlocks\n";
		last if $deadlocks >= $enough;
	}
	note "$dbname: $transactions transactions, $deadlocks deadlocks";
	return ($transactions, $deadlocks);
}

my ($transactions, $deadlocks) = load('by_row', 1);
cmp_ok($deadlocks, '>', 0, 'control: under load, a trigger FOR EACH ROW deadlocks');
($transactions, $deadlocks) = load('by_statement', 0);
cmp_ok($transactions, '>', 100, 'the same clients write with the page\'s trigger');
is($deadlocks, 0, '... and none deadlocks');
is($node->safe_psql('by_statement', 'SELECT count(*) FROM orders
	WHERE version - state::bigint - 1 <> (SELECT sum(item::int) FROM line WHERE order_id = id)'), 0,
	'... and each order was bumped once for each statement that wrote its lines');

#
# What keeps the order's version is an error; without the check it passes.
#
my $insert = "INSERT INTO line VALUES (1, 1, 'pen')";
my %keepers = (
	watch => "SELECT concurrency.attach('orders', watch => 'state')",
	ignore => "SELECT concurrency.attach('orders', ignore => 'state')",
	increment => "SELECT concurrency.attach('orders', protocol => 'increment', on_conflict => 'skip')",
	suppress => 'CREATE TRIGGER a BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
	skip_bump => '');
my $unchecked = $recipe =~ s/^ +IF NOT FOUND.*?END IF;\n//msr;
isnt($unchecked, $recipe, 'the check is in the page');
make_orders('unchecked', "$unchecked; $orders");
make_orders('checked', "$recipe; $orders");
foreach my $keeper (sort keys %keepers)
{
	my $try = sub {
		my ($rc, $stdout, $stderr) = $node->psql(shift,
			"BEGIN; $keepers{$keeper}; @{[ $keeper eq 'skip_bump' ? q{SELECT concurrency.skip_bump('orders');} : '' ]} $insert;
			SELECT 'version ' || version FROM orders WHERE id = 1; ROLLBACK");
		return $stderr =~ /ERROR: +(.*)/ ? $1 : $stdout =~ s/\A.*(?=version)//sr;
	};
	is($try->('unchecked'), 'version 1', "control: $keeper on the orders swallows the bump");
	is($try->('checked'), 'order 1 has not been given a new version', "... which the page's trigger does not let pass");
}
my ($rc, $stdout, $stderr) = $node->psql('checked', "SELECT concurrency.attach('orders', protocol => 'increment'); $insert",
	on_error_die => 0);
like($stderr, qr/stale write to table "orders"/, 'the protocol increment refuses the bump by itself');
$node->safe_psql('checked', "SELECT concurrency.attach('orders', protocol => '$_', blind => 'reject'); $insert; DELETE FROM line")
  foreach qw(auto echo);
is(versions('checked'), '5 1 1', 'auto and echo bump, also where blind writes are rejected');
(undef, undef, $stderr) = $node->psql('checked', "SELECT concurrency.attach('orders', protocol => 'ignore'); $insert");
like($stderr, qr/blind write to table "orders"/, '... with the protocol ignore they are rejected');
$node->safe_psql('checked', "SELECT concurrency.attach('orders', blind => 'allow'); $insert; DELETE FROM line");
is(versions('checked'), '7 1 1', '... or bump, where they are allowed');
$node->safe_psql('checked', "SELECT concurrency.attach('orders', protocol => 'auto')");

#
# Other traps.
#
$node->safe_psql('checked', "$insert; INSERT INTO line VALUES (2, 1, 'pen')");
$read = versions('checked');
$node->safe_psql('checked', 'TRUNCATE line');
is(versions('checked'), $read, 'TRUNCATE bumps nothing');
is($node->safe_psql('checked', "$insert; DELETE FROM orders WHERE id = 1; SELECT count(*) FROM line"), 0,
	'an order that is deleted takes its lines with it');
make_orders('partitions', ($recipe =~ s/(PRIMARY KEY \(order_id, no\)\))/$1 PARTITION BY LIST (no)/r)
	. '; CREATE TABLE line_1 PARTITION OF line FOR VALUES IN (1); CREATE TABLE line_2 PARTITION OF line FOR VALUES IN (2);' . $orders);
is($node->safe_psql('partitions', "$insert; UPDATE line SET no = 2; DELETE FROM line; SELECT version FROM orders WHERE id = 1"), 4,
	'lines in partitions bump, also one that moves');
is($node->safe_psql('partitions', "INSERT INTO line_1 VALUES (1, 1, 'pen'); SELECT version FROM orders WHERE id = 1"), 4,
	'a partition that is written by its own name does not');

# Rights.
$node->safe_psql('checked', q{
	INSERT INTO orders VALUES (1, 'new') ON CONFLICT DO NOTHING;
	CREATE ROLE clerk;
	GRANT SELECT, INSERT ON line TO clerk});
my $clerk = sub {
	my (undef, undef, $stderr) = $node->psql('checked', "SET ROLE clerk; INSERT INTO line VALUES (1, @{[ shift ]}, 'pen')");
	return $stderr =~ /ERROR: +(.*)/ ? $1 : '';
};
is($clerk->(11), 'permission denied for table orders', 'who writes lines needs rights on the orders');
$node->safe_psql('checked', 'GRANT SELECT, UPDATE (version) ON orders TO clerk');
is($clerk->(12), '', '... to read them, and to write the version');
$node->safe_psql('checked', q{
	REVOKE ALL ON orders FROM clerk;
	ALTER FUNCTION bump_orders() SECURITY DEFINER});
is($clerk->(13), '', '... or the function is SECURITY DEFINER');

# Somebody's search_path.
my $elsewhere = 'CREATE SCHEMA other; CREATE TABLE other.orders (LIKE orders); INSERT INTO other.orders SELECT id, state, 0 FROM orders;'
  . ' CREATE TRIGGER count BEFORE UPDATE ON other.orders FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger(\'version\');'
  . ' SET search_path = other, public; ' . $insert . '; SELECT version FROM public.orders WHERE id = 1';
make_orders('no_path', ($recipe =~ s/ SET search_path = public, pg_temp//r) . "; $orders");
make_orders('path', "$recipe; $orders");
is($node->safe_psql('no_path', $elsewhere), 1, 'control: without a search_path of its own, the function bumps another table');
is($node->safe_psql('path', $elsewhere), 2, '... with it, it bumps its own');

#
# Dumps.
#
my $dump = "$PostgreSQL::Test::Utils::tmp_check/dump";
sub restore
{
	my ($schema, @options) = @_;
	my $dbname = 'restored_' . ++our $restored;

	$node->safe_psql('postgres', "CREATE DATABASE $dbname");
	if ($schema)
	{
		$node->command_ok([ 'pg_dump', '-s', '-f', "$dump.sql", $node->connstr('by_statement') ], 'dump of the schema');
		$node->safe_psql($dbname, slurp_file("$dump.sql"));
	}
	$node->command_ok([ 'pg_dump', '-Fc', ($schema ? '-a' : ()), '-f', "$dump.custom", $node->connstr('by_statement') ], 'dump');
	$node->command_ok([ 'pg_restore', @options, '-d', $node->connstr($dbname), "$dump.custom" ], "restore @options");
	return versions($dbname) eq versions('by_statement') ? 'same' : 'bumped';
}
$node->safe_psql('postgres', 'CREATE DATABASE without_path');
$node->safe_psql('without_path', "CREATE EXTENSION concurrency; $recipe; ALTER FUNCTION bump_orders() RESET search_path");
$node->command_ok([ 'pg_dump', '-Fc', '-a', '-f', "$dump.custom", $node->connstr('by_statement') ], 'dump');
my ($said, $complaint) = run_command([ 'pg_restore', '-d', $node->connstr('without_path'), "$dump.custom" ]);
like($complaint, qr/COPY failed for table "line": ERROR: +relation "orders" does not exist/,
	'control: a data-only restore fails, if the function has no search_path of its own');
is(restore(0), 'same', 'a dump of all keeps the orders\' versions');
is(restore(1), 'bumped', 'a data-only restore bumps the orders');
is(restore(1, '--single-transaction'), 'bumped', '... in one transaction, too');
is(restore(1, '--disable-triggers'), 'same', '... unless triggers are disabled');

#
# Kind xact.
#
my $check = fence($page, 'now.version IS DISTINCT FROM pg_current_xact_id');
my $xact = ($recipe =~ s/^ +IF NOT FOUND.*?\n/$check/mr) =~ s/attach\('orders'\)/attach('orders', kind => 'xact')/r;
make_orders('xact', "$xact; $orders");
my $told = $node->safe_psql('xact', "SELECT version AS read FROM orders WHERE id = 1 \\gset\n" . fence($page, "SET version = :'read'"));
is($node->safe_psql('xact', 'SELECT version FROM orders WHERE id = 1'), $told, 'kind xact: what the first statement told is the version');
my $stale = $node->safe_psql('xact', 'SELECT version FROM orders WHERE id = 2');
(undef, undef, $stderr) = $node->psql('xact', "SELECT $stale AS read \\gset\n" . fence($page, "SET version = :'read'"));
like($stderr, qr/stale write to table "orders"/, '... and one that is old is refused');
(undef, undef, $stderr) = $node->psql('xact', "SELECT concurrency.attach('orders', watch => 'state'); $insert");
like($stderr, qr/has not been given a new version/, '... and so is a line of an order that keeps its version');

$node->stop;
done_testing();
