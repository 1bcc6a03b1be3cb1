# Section 17: with concurrency.shortcut, nothing is lost, however many write and however often
# the server is killed; other extensions that look into the executor see what they see
# without it, in whatever order they are loaded; and a row takes as much WAL as one whose
# version is counted by hand.
#
# pg_regress has one session, and a server that has loaded what it has.
#
# LOST_UPDATES_SECONDS   how long the clients write, in thirds between which the server is killed (6)
use strict;
use warnings;
use FindBin;
use IPC::Run qw(start finish timeout);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $pg_config = $ENV{PG_CONFIG} || 'pg_config';
my $seconds = $ENV{LOST_UPDATES_SECONDS} || 6;
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "session_preload_libraries = ''\nlog_min_error_statement = panic\nmax_connections = 40");
$node->start;
plan skip_all => 'this major has no shortcut'
  if $node->psql('postgres', "LOAD 'concurrency'; SET concurrency.shortcut = on", on_error_stop => 1);
$node->safe_psql('postgres', 'CREATE EXTENSION concurrency');

# ---- tables of which no row turns up ----

# Nothing of them is evaluated earlier than it is without: not even what PostgreSQL takes
# for immutable.
$node->safe_psql('postgres', q{
	CREATE FUNCTION reckless(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
	BEGIN
		IF i = 2 AND current_setting('test.reckless', true) = 'yes' THEN
			RAISE 'reckless';
		END IF;
		RETURN i;
	END
	$$;
	CREATE TABLE parent (id int, n int);
	CREATE TABLE child_1 (g int GENERATED ALWAYS AS (n + reckless(1)) STORED) INHERITS (parent);
	CREATE TABLE child_2 (g int GENERATED ALWAYS AS (n + reckless(2)) STORED) INHERITS (parent);
	SELECT concurrency.attach('parent');
	INSERT INTO child_1 VALUES (1, 1), (2, 2)});
my %outcome = map {
	$_ => $node->psql('postgres', "LOAD 'concurrency'; SET concurrency.shortcut = $_; SET test.reckless = 'yes';"
		  . ' UPDATE parent SET n = n + 1; UPDATE parent SET n = n + 1', on_error_stop => 1)
} qw(off on);
is($outcome{on}, $outcome{off}, 'a child of which no row turns up does what it does with the shortcut off');

# ---- a partition that is a foreign table ----

SKIP:
{
	skip('postgres_fdw is not installed', 3)
	  if $node->psql('postgres', 'CREATE EXTENSION postgres_fdw', on_error_stop => 1);
	my ($host, $port) = ($node->host, $node->port);
	$node->safe_psql('postgres', qq{
		CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname 'postgres');
		CREATE USER MAPPING FOR CURRENT_USER SERVER far;
		CREATE TABLE rows (id int, part int, n int);
		CREATE TABLE mixed (id int, part int, n int) PARTITION BY LIST (part);
		CREATE TABLE near PARTITION OF mixed FOR VALUES IN (1);
		SELECT concurrency.attach('mixed');
		ALTER TABLE rows ADD version bigint;
		CREATE FOREIGN TABLE far PARTITION OF mixed FOR VALUES IN (2) SERVER far OPTIONS (table_name 'rows');
		INSERT INTO mixed SELECT i, 1 + i % 2, 0 FROM generate_series(1, 6) AS i});
	my ($rc, $out, $err) = $node->psql('postgres', q{
		SET client_min_messages = warning;
		LOAD 'concurrency';
		SET concurrency.shortcut = on;
		UPDATE mixed SET n = n + 1;
		SET client_min_messages = debug1;
		UPDATE mixed SET n = n + 1 WHERE random() < 2});
	like($err, qr/table "far" do not take the shortcut: it is not a table of the access method heap/,
		'a partition that is a foreign table does without it');
	like($err, qr/table "near" take the shortcut/, '... beside one that takes it');
	is($node->safe_psql('postgres', 'SELECT DISTINCT tableoid::regclass, n, version FROM mixed ORDER BY 1'), "near|2|3\nfar|2|3", '... and counts as ever');
}

# ---- WAL ----

# An UPDATE of these rows, and nothing else, in bytes a row.
sub wal
{
	my ($table, $setting, $set) = @_;

	return $node->safe_psql('postgres', qq{
		LOAD 'concurrency';
		SET concurrency.shortcut = $setting;
		SELECT pg_current_wal_insert_lsn() AS before \\gset
		UPDATE $table SET $set;
		SELECT (pg_current_wal_insert_lsn() - :'before') / 10000.0});
}

foreach my $table (qw(counted attached))
{
	$node->safe_psql('postgres', qq{
		CREATE TABLE $table (id int, a text, version bigint NOT NULL DEFAULT 1) WITH (autovacuum_enabled = off);
		INSERT INTO $table SELECT i, 'abc' FROM generate_series(1, 10000) AS i;
		VACUUM FREEZE $table});
}
$node->safe_psql('postgres', q{SELECT concurrency.attach('attached'); CHECKPOINT});
# the first takes whole pages
wal('counted', 'off', 'id = id');
wal('attached', 'off', 'id = id');
my ($by_hand, $by_trigger, $shortcut) = (wal('counted', 'off', 'id = id + 1, version = version + 1'),
	wal('attached', 'off', 'id = id + 1'), wal('attached', 'on', 'id = id + 1'));
note("WAL bytes a row: $by_hand by hand, $by_trigger with the trigger, $shortcut with the shortcut");
cmp_ok($by_trigger, '>', $by_hand + 40, 'the trigger takes more WAL than counting by hand');
cmp_ok(abs($shortcut - $by_hand), '<', 1, '... and the shortcut takes as much');

# ---- beside other extensions ----

my $library = `$pg_config --pkglibdir`;
chomp $library;
system("make -s -C '$FindBin::RealBin/../hooks' PG_CONFIG='$pg_config' with_llvm=no >/dev/null") == 0 or die;
my @others = grep { -e "$library/$_.so" } qw(auto_explain pg_stat_statements);
my @libraries = ("$FindBin::RealBin/../hooks/executor_hooks", 'concurrency', @others);

# What is told of some updates, and what they leave.
$node->safe_psql('postgres', q{
	CREATE TABLE doc (id int PRIMARY KEY, n int CHECK (n < 100));
	CREATE TABLE other (id int);
	SELECT concurrency.attach('doc'), concurrency.attach('other');
	CREATE FUNCTION write(i int) RETURNS int LANGUAGE sql AS 'UPDATE doc SET n = n + 1 WHERE id = i RETURNING n'});
$node->safe_psql('postgres', qq{
	CREATE TABLE theirs (id int, version int);
	INSERT INTO theirs VALUES (1, 1);
	CREATE FUNCTION version_trigger() RETURNS trigger LANGUAGE c AS '$libraries[0]', 'version_trigger';
	CREATE TRIGGER t BEFORE UPDATE ON theirs FOR EACH ROW EXECUTE FUNCTION version_trigger('version')});
my $setup = q{
	TRUNCATE doc, other;
	INSERT INTO doc SELECT i, 0 FROM generate_series(1, 5) AS i;
	INSERT INTO other SELECT generate_series(1, 3)};
my $updates = q{
	UPDATE doc SET n = n + 1;
	UPDATE doc SET n = n + 1, version = 2 WHERE id < 3;
	UPDATE doc SET n = n + 1, version = 2 WHERE id = 1;
	UPDATE other SET id = write(id);
	WITH u AS (UPDATE doc SET n = n + 1 RETURNING id) UPDATE other SET id = u.id FROM u WHERE u.id = 4;
	UPDATE doc SET n = n * 100;
	UPDATE doc SET n = 0 WHERE id = 9;};

sub run_beside
{
	my ($setting, $is_preloaded) = @_;

	$node->safe_psql('postgres', $setup);
	$node->safe_psql('postgres', "CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset()")
	  if $is_preloaded && grep { /statements/ } @others;
	my $log = -s $node->logfile;
	my (undef, $out, $err) = $node->psql('postgres', "LOAD 'concurrency'; SET concurrency.shortcut = $setting; $updates",
		on_error_stop => 0);
	my $plans = substr slurp_file($node->logfile), $log;
	my $triggers = () = $plans =~ /Trigger zz_concurrency_version/g;
	my %seen = (
		messages => $err =~ s/psql:<stdin>:\d+: //gr,
		plans => join("\n", $plans =~ /^\s*((?:->|Update on) .*)/mg),
		rows => $node->safe_psql('postgres', 'TABLE doc ORDER BY id; TABLE other ORDER BY id'));
	$seen{statements} = $node->safe_psql('postgres',
		q{SELECT query, queryid, calls, rows FROM pg_stat_statements WHERE query LIKE '%UPDATE%' ORDER BY query, rows})
	  if $is_preloaded && grep { /statements/ } @others;
	return (\%seen, $triggers);
}

my ($plain) = run_beside('off', 0);
like($plain->{messages}, qr/stale write.*violates check constraint/s, 'some updates are accepted, and some are not');

foreach my $order (\@libraries, [ reverse @libraries ])
{
	my $names = join ', ', map { s,.*/,,r } @$order;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = '" . join(', ', map { m,/, ? qq{"$_"} : $_ } @$order) . "'\n"
		  . "auto_explain.log_min_duration = 0\nauto_explain.log_analyze = on\nauto_explain.log_timing = off\nauto_explain.log_triggers = on\n"
		  . "auto_explain.log_nested_statements = on\npg_stat_statements.track = all\n");
	$node->restart;
	my ($off, $called_off) = run_beside('off', 1);
	my ($on, $called_on) = run_beside('on', 1);

	like($on->{messages}, qr/NOTICE:  5 rows were fetched/, "$names: the other hook sees the rows of an UPDATE");
	is($on->{$_}, $off->{$_}, "$names: the same $_, off and on") foreach sort keys %$on;
	is($on->{rows}, $plain->{rows}, "$names: the same rows as without the others");
	my (undef, undef, $said) = $node->psql('postgres', 'SET concurrency.shortcut = on; UPDATE theirs SET id = 2; UPDATE theirs SET id = 3');
	is(() = $said =~ /another trigger was called/g, 2, "$names: a trigger of the same name is not taken for ours");
	SKIP:
	{
		skip 'there is no auto_explain', 1 if !grep { /auto_explain/ } @others;
		cmp_ok($called_on, '<', $called_off, "$names: plans with the trigger's calls: $called_off, $called_on with the shortcut");
	}
}
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;

# ---- many writers ----

# Each writes in one of five ways to one of three rows, in subtransactions that may be undone,
# and logs what was accepted in the same transaction.
$node->safe_psql('postgres', q{
	CREATE TABLE hot (id int PRIMARY KEY, n int NOT NULL CHECK (n >= 0), u int UNIQUE, c text, watching bigint);
	INSERT INTO hot SELECT i, 0, i FROM generate_series(1, 3) AS i;
	CREATE TABLE parts (id int NOT NULL, k int NOT NULL, n int NOT NULL, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
	CREATE TABLE parts_0 PARTITION OF parts FOR VALUES IN (0);
	CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
	INSERT INTO parts SELECT i, 0, 0 FROM generate_series(1, 3) AS i;
	SELECT concurrency.attach('hot'), concurrency.attach('hot', 'watching', watch => 'n'), concurrency.attach('parts');
	CREATE TABLE log (id int, tab text);
	CREATE FUNCTION write(i int, how int) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		r hot;
		p parts;
		changed int;
		tab text := CASE WHEN how < 6 THEN 'hot' ELSE 'parts' END;
	BEGIN
		SELECT * INTO r FROM hot WHERE id = i;
		SELECT * INTO p FROM parts WHERE id = i;
		IF random() < 0.3 THEN
			PERFORM pg_sleep(0.0005);
		END IF;
		IF random() < 0.1 THEN
			PERFORM FROM hot WHERE id = i FOR KEY SHARE;
		END IF;
		BEGIN
			CASE how
				WHEN 0 THEN UPDATE hot SET n = r.n + 1, version = r.version WHERE id = i;
				WHEN 1 THEN UPDATE hot SET n = r.n + 1, version = r.version + 1 WHERE id = i AND version = r.version;
				WHEN 2 THEN UPDATE hot SET n = n + 1, c = 'blind' WHERE id = i;
				WHEN 3 THEN UPDATE hot SET n = r.n + 1, version = r.version, watching = r.watching WHERE id = i;
				WHEN 4 THEN UPDATE hot SET n = hot.n + 1 FROM (VALUES (i), (i)) AS v(x) WHERE hot.id = v.x;
				WHEN 5 THEN UPDATE hot SET n = n + 1 WHERE id >= i;
				WHEN 6 THEN UPDATE parts SET n = p.n + 1, k = 1 - p.k, version = p.version WHERE id = i;
				WHEN 7 THEN UPDATE parts SET n = n + 1 WHERE id = i;
				ELSE UPDATE parts SET n = p.n + 1, version = p.version + 1 WHERE id = i AND version = p.version;
			END CASE;
			GET DIAGNOSTICS changed = ROW_COUNT;
			IF how = 5 THEN
				INSERT INTO log SELECT id, tab FROM generate_series(i, 3) AS id;
			ELSIF changed > 0 THEN
				INSERT INTO log VALUES (i, tab);
			END IF;
			IF random() < 0.1 THEN
				RAISE 'undo' USING ERRCODE = 'UN000';
			END IF;
		EXCEPTION WHEN SQLSTATE 'PT409' OR SQLSTATE 'UN000' OR SQLSTATE '40001' OR SQLSTATE '40P01' THEN
			RETURN SQLSTATE;
		END;
		RETURN 'written';
	END
	$$;
	CREATE TABLE outcomes (outcome text);
	ALTER DATABASE postgres SET concurrency.shortcut = on;
	ALTER DATABASE postgres SET session_preload_libraries = 'concurrency';
	ALTER DATABASE postgres SET client_min_messages = warning;
	ALTER DATABASE postgres SET deadlock_timeout = '50ms'});
my $script = PostgreSQL::Test::Utils::tempdir() . '/script';
append_to_file($script, "\\set i random(1, 3)\n\\set how random(0, 8)\nINSERT INTO outcomes SELECT write(:i, :how);\n");
foreach my $third (1 .. 3)
{
	my $clients = start([ 'pgbench', '-n', '-M', 'prepared', '-c', 12, '-j', 2, '-T', int($seconds / 3 + 1), '--max-tries', 20, '-f', $script,
			'-h', $node->host, '-p', $node->port, 'postgres' ], '>', \my $out, '2>', \my $err, timeout($seconds + 180));
	if ($third < 3)
	{
		sleep $seconds / 3;
		$node->stop('immediate');
		$node->start;
	}
	finish($clients);
}

my %outcomes = map { split /\|/ } split /\n/, $node->safe_psql('postgres', 'SELECT outcome, count(*) FROM outcomes GROUP BY 1');
note(join ', ', map { "$outcomes{$_} x $_" } sort keys %outcomes);
cmp_ok($outcomes{written}, '>', 100, 'many writes were accepted');
cmp_ok($outcomes{PT409}, '>', 10, '... and some were stale');
is($node->safe_psql('postgres', q{
	SELECT tab, id, writes, n, version, watching FROM (
		SELECT 'hot' AS tab, id, n, version, watching + 1 AS watching FROM hot
		UNION ALL SELECT 'parts', id, n, version, n + 1 FROM parts) AS rows
	  FULL JOIN (SELECT tab, id, count(*) AS writes FROM log GROUP BY 1, 2) AS log USING (tab, id)
	 WHERE (writes, writes + 1, writes + 1) IS DISTINCT FROM (n::bigint, version, watching)}),
	'', 'after two crashes, each row has as many writes as were logged, and each was one version');
my $told = $node->safe_psql('postgres', 'UPDATE hot SET c = c; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) UPDATE hot SET c = c');
unlike($told, qr/Trigger zz_concurrency/, 'they take the shortcut');
$node->stop;

done_testing();
