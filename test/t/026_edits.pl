# Section 13: of 40 sessions that begin an exclusive edit of one row at once, exactly one
# has it.  Edits are in no transaction that is prepared, in no dump and in no publication;
# a crash, a standby and a failover have none of them, and lose nothing.
#
# pg_regress has one server, and one session at a time.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "max_connections = 60\nmax_prepared_transactions = 2");
$node->start;
$node->safe_psql('postgres', q{
	SET client_min_messages = warning;
	CREATE EXTENSION concurrency;
	CREATE TABLE doc (id int PRIMARY KEY, body text);
	INSERT INTO doc SELECT i FROM generate_series(1, 20) i;
	SELECT concurrency.attach('doc', edits => 'refuse');
	CREATE TABLE granted (id int, editor text)});

# Each session begins an edit of each of 20 rows, all in the same order, and says what it was told.
my $script = "$PostgreSQL::Test::Utils::tmp_check/begin.sql";
append_to_file($script, join '', map { qq{
	BEGIN;
	SET LOCAL concurrency.editor = 'editor :client_id';
	INSERT INTO granted SELECT $_, editor FROM concurrency.begin_edit('doc', '$_', true) WHERE granted;
	COMMIT;
} } 1 .. 20);
$node->command_ok(
	[ 'pgbench', '-n', '-c', '40', '-j', '2', '-t', '1', '-f', $script, $node->connstr('postgres') ],
	'40 sessions begin exclusive edits at once');
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT id) FROM granted'), '20|20',
	'each row is granted to exactly one of them');
is( $node->safe_psql('postgres',
		q{SELECT count(*) FROM concurrency.edits e JOIN granted g ON e.key = to_jsonb(g.id) AND e.editor = g.editor AND e.exclusive}),
	20, '... who has it');

# Renewals, ends and writes of many editors: nobody's exclusive edit is ever written over.
my $mixed = "$PostgreSQL::Test::Utils::tmp_check/mixed.sql";
append_to_file($mixed, q{
	\set id random(1, 5)
	\set shared random(0, 1)
	\set what random(1, 4)
	\if :what = 1
		BEGIN;
		SET LOCAL concurrency.editor = 'editor :client_id';
		SELECT granted AS got, version FROM concurrency.begin_edit('doc', to_jsonb(:id), :shared = 0, '200 ms') \gset
		COMMIT;
	\elif :what = 2
		BEGIN;
		SET LOCAL concurrency.editor = 'editor :client_id';
		SELECT concurrency.end_edit('doc', to_jsonb(:id));
		COMMIT;
	\else
		BEGIN;
		SET LOCAL concurrency.editor = 'editor :client_id';
		UPDATE doc SET body = 'editor :client_id' WHERE id = :id AND NOT EXISTS (
			SELECT FROM concurrency.edits e WHERE e.key = to_jsonb(:id) AND e.exclusive AND e.editor <> 'editor :client_id');
		COMMIT;
	\endif
});
$node->safe_psql('postgres', q{
	SELECT concurrency.break_edits('doc');
	CREATE TABLE violations (id int, writer text, holder text);
	CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO violations
		SELECT NEW.id, current_setting('concurrency.editor'), e.editor FROM concurrency.edits e
		 WHERE e.key = to_jsonb(NEW.id) AND e.exclusive AND e.editor <> current_setting('concurrency.editor')
		   AND e.since < statement_timestamp() AND e.remaining > '100 ms';
		RETURN NULL;
	END $$;
	CREATE TRIGGER note AFTER UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION note()});
my ($mixed_out, $mixed_err) = run_command(
	[ 'pgbench', '-n', '-c', '10', '-j', '2', '-T', '3', '-f', $mixed, $node->connstr('postgres') ]);
like($mixed_out, qr/number of transactions actually processed: [1-9]\d\d/, 'many edits and writes at once');
is($node->safe_psql('postgres', 'SELECT count(*) FROM violations'), 0, 'no write went over an exclusive edit');
is( $node->safe_psql('postgres',
		'SELECT count(*) FROM (SELECT FROM concurrency.edits GROUP BY table_name, key HAVING count(*) > 1 AND bool_or(exclusive)) AS e'),
	0, 'no exclusive edit stands beside another');

# Edits that last some milliseconds, and thousands that ran out before: at no time are there
# two of a row of which one is exclusive.
$node->safe_psql('postgres', q{
	SELECT concurrency.break_edits('doc');
	INSERT INTO concurrency.leases SELECT 'doc'::regclass, int4send(i), 10, 'old', true, now() - interval '2 h', now() - interval '1 min' * (i % 100), '1 h', '0'
	  FROM generate_series(1, 20000) i});
my $short = "$PostgreSQL::Test::Utils::tmp_check/short.sql";
append_to_file($short, q{
	\set id random(1, 2)
	\set ms random(15, 60)
	SET concurrency.editor = 'editor :client_id';
	SELECT FROM concurrency.begin_edit('doc', to_jsonb(:id), true, ':ms ms');
});
my ($stress_in, $stress_out) = ('', '');
my $stress = IPC::Run::start(
	[ 'pgbench', '-n', '-c', '16', '-j', '2', '-T', '5', '-f', $short, $node->connstr('postgres') ],
	'<', \$stress_in, '>&', \$stress_out);
my ($looks, $beside) = (0, 0);
while ($stress->pumpable)
{
	$looks++;
	$beside += $node->safe_psql('postgres',
		'SELECT count(*) FROM (SELECT FROM concurrency.edits GROUP BY table_name, key HAVING count(*) > 1 AND bool_or(exclusive)) AS e');
	$stress->pump_nb;
}
$stress->finish;
like($stress_out, qr/number of transactions actually processed: [1-9]/, "short edits come and go, and are looked at $looks times");
is($beside, 0, '... and none stands beside another');

# PREPARE TRANSACTION is refused.
my ($rc, $out, $err) = $node->psql('postgres',
	"BEGIN; SELECT concurrency.begin_edit('doc', '7'); PREPARE TRANSACTION 'edit'", extra_params => [ '-v', 'VERBOSITY=sqlstate' ]);
like($err, qr/ERROR:  0A000/, 'a transaction that has begun an edit cannot be prepared');
is($node->safe_psql('postgres', q{SELECT count(*) FROM concurrency.edits WHERE key = '7'}), 0, '... and leaves none');
$node->safe_psql('postgres', "BEGIN; UPDATE doc SET body = 'x' WHERE id = 20; PREPARE TRANSACTION 'write'; COMMIT PREPARED 'write'");

# In no dump, and in no publication.
$node->safe_psql('postgres', q{
	SET concurrency.editor = 'ann'; SELECT concurrency.begin_edit('doc', '1', true);
	CREATE PUBLICATION everything FOR ALL TABLES});
my ($dump) = run_command([ 'pg_dump', $node->connstr('postgres') ]);
unlike($dump, qr/leases/, 'pg_dump has no edits');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_publication_tables WHERE schemaname = 'concurrency'}),
	0, 'nor has a publication of all tables');

# A standby knows of none, and says so; promoted, it has none.
$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
($rc, $out, $err) = $standby->psql('postgres', 'SELECT * FROM concurrency.edits');
like($err, qr/cannot access temporary or unlogged relations during recovery/, 'a standby cannot be asked');
($rc, $out, $err) = $standby->psql('postgres', q{SELECT concurrency.begin_edit('doc', '1')});
like($err, qr/ERROR:  .*(?:read-only|recovery)/, '... nor begin an edit');
$standby->promote;
is($standby->safe_psql('postgres', 'SELECT count(*) FROM concurrency.edits'), 0, 'a promoted one has none');
is( $standby->safe_psql('postgres', q{
		SET client_min_messages = warning;
		UPDATE doc SET body = 'here' WHERE id = 1 RETURNING body;
		SELECT granted FROM concurrency.begin_edit('doc', '1', true)}),
	"here\nt", '... and goes on');
$standby->stop;

# After a crash there are none.
$node->stop('immediate');
$node->start;
is( $node->safe_psql('postgres', q{
		SELECT count(*) FROM concurrency.edits;
		UPDATE doc SET body = 'after' WHERE id = 1 RETURNING body}),
	"0\nafter", 'a crash ends all edits');
$node->stop;

done_testing();
