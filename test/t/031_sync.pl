# doc/sync.md: whoever asks by the page's question, with a snapshot as the cursor, is told
# every change, whatever was in progress; in savepoints and prepared transactions, too.
#
# What the page says is lost otherwise, is lost here: by the greatest version, on a
# standby, by a cursor of a transaction that writes, after a restore.
#
# pg_regress has one session, and no standby.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use DocExamples;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Sessions;
use Test::More;

my $page = "$FindBin::RealBin/../../doc/sync.md";
my $question = fence($page, 'AS next') =~ s/^\\set cursor.*\n//r;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 2');
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION concurrency;' . fence($page, 'CREATE TABLE item '));

# A clock beside it: the same table as others would ask it.
$node->safe_psql('postgres', "SELECT concurrency.attach('item', 'updated_at', kind => 'clock')");

# Ask with a cursor; returns the next one, what is deleted, and what is there.
sub ask
{
	my ($cursor, $whom) = @_;
	my $answer = ($whom || $node)->safe_psql('postgres', "\\set cursor '$cursor'\n\\pset footer off\n"
		. ($question =~ s/^SELECT (id AS deleted)/\\echo -\nSELECT $1/mr =~ s/^SELECT (id, name)/\\echo -\nSELECT $1/mr) . "\\echo - :next\n");
	my (undef, $deleted, $rows, $next) = split /^-[ \n]?/m, $answer;
	my $lines = sub { return join ' ', sort split /\n/, shift };

	return ($next, $lines->($deleted), $lines->($rows));
}

# What others would ask, with the greatest version that they have.
sub greatest
{
	my ($column) = @_;
	return $node->safe_psql('postgres', "SELECT max($column) FROM item");
}

sub greater
{
	my ($column, $than) = @_;
	return $node->safe_psql('postgres', "SELECT string_agg(id || '|' || name, ' ' ORDER BY id) FROM item WHERE $column > '$than'");
}

my ($cursor, $deleted, $rows) = ask('1:1:');
is("$deleted, $rows", '3, 1|pen 2|ink', 'the first cursor tells all');
(undef, $deleted, $rows) = ask($cursor);
is("$deleted, $rows", ', ', 'and the next one nothing, where nothing was written');

#
# A transaction that began before, and ends after, the question.
#
my %ways = (
	plain => [ [ 'BEGIN' ], 'COMMIT' ],
	savepoint => [ [ 'BEGIN', 'SAVEPOINT s' ], 'COMMIT' ],
	prepared => [ [ 'BEGIN' ], "COMMIT PREPARED 'ann'" ]);
foreach my $way (sort keys %ways)
{
	my ($begin, $commit) = @{ $ways{$way} };
	my $ann = Sessions->new($node, 'postgres');

	$ann->run($_) foreach @$begin, "UPDATE item SET name = 'Ann, $way' WHERE id = 1";
	$ann->run("PREPARE TRANSACTION 'ann'") if $way eq 'prepared';
	$node->safe_psql('postgres', "UPDATE item SET name = 'Bob, $way' WHERE id = 2");

	my ($next, undef, $told) = ask($cursor);
	my ($xid, $time) = map { greatest($_) } qw(version updated_at);
	is($told, "2|Bob, $way", "$way: what has been committed is told, whoever is still at it");
	is($node->safe_psql('postgres', "SELECT count(*) FROM item WHERE version < pg_snapshot_xmin(pg_current_snapshot())
		AND name = 'Bob, $way'"), 0, '... control: who waits for the oldest transaction is not told yet');
	is($ann->run($commit), '', '... which ends');
	is(greater('version', $xid), '', '... control: by the greatest xid, Ann\'s row is lost');
	is(greater('updated_at', $time), '', '... control: by the latest time, too');
	($cursor, undef, $told) = ask($next);
	is($told, "1|Ann, $way", '... and by the cursor it is told');
	(undef, undef, $told) = ask($next);
	is($told, "1|Ann, $way", '... again, to whoever asks again');
}

#
# A cursor of a transaction that writes.
#
{
	my $ann = Sessions->new($node, 'postgres');
	$ann->run('BEGIN');
	$ann->run("UPDATE item SET name = 'before' WHERE id = 1");
	$node->safe_psql('postgres', "UPDATE item SET name = 'meanwhile' WHERE id = 2");
	my $own = $ann->run('SELECT pg_current_snapshot()');
	my ($other) = ask('1:1:');
	$ann->run("UPDATE item SET name = 'after' WHERE id = 1");
	$ann->run('COMMIT');
	is((ask($own))[2], '', 'control: what a transaction writes after its own cursor is lost');
	is((ask($other))[2], '1|after', '... and told by the cursor of one that writes nothing');
	my (undef, undef, $stderr) = $node->psql('postgres', "\\set cursor 1:1:\n" . ($question =~ s/^COMMIT/UPDATE item SET name = name;\nCOMMIT/mr));
	like($stderr, qr/read-only transaction/, '... which the page\'s transaction cannot do');
}

#
# Deletes.
#
($cursor) = ask('1:1:');
$node->safe_psql('postgres', 'DELETE FROM item WHERE id = 2; UPDATE item SET id = 7 WHERE id = 1');
($cursor, $deleted, $rows) = ask($cursor);
is("$deleted, $rows", '1 2, 7|after', 'deletes are told, and keys that were changed');
$node->safe_psql('postgres', q{INSERT INTO item VALUES (2, 'again')});
($cursor, $deleted, $rows) = ask($cursor);
is("$deleted, $rows", ', 2|again', '... a key that comes again');
$node->safe_psql('postgres', q{DELETE FROM item WHERE id = 2; INSERT INTO item VALUES (2, 'anew')});
($cursor, $deleted, $rows) = ask($cursor);
is("$deleted, $rows", '2, 2|anew', '... which is in both, if it was deleted and inserted since');

#
# What is not told.
#
my %silent = (
	'watch' => "SELECT concurrency.attach('item', watch => 'id'); UPDATE item SET name = 'silent' WHERE id = 2; SELECT concurrency.attach('item', watch => '')",
	'skip_bump' => "BEGIN; SELECT concurrency.skip_bump('item'); UPDATE item SET name = 'silent' WHERE id = 2; COMMIT",
	'replica' => "SET session_replication_role = replica; UPDATE item SET name = 'silent' WHERE id = 2",
	'disabled' => "BEGIN; ALTER TABLE item DISABLE TRIGGER zz_concurrency_version; UPDATE item SET name = 'silent' WHERE id = 2;
		ALTER TABLE item ENABLE TRIGGER zz_concurrency_version; COMMIT",
	'a version of its own' => "INSERT INTO item (id, name, version) VALUES (8, 'silent', '7')",
	'TRUNCATE' => 'TRUNCATE item');
foreach my $what (sort keys %silent)
{
	my ($before) = ask('1:1:');
	$node->safe_psql('postgres', $silent{$what});
	(undef, $deleted, $rows) = ask($before);
	is("$deleted, $rows", ', ', "control: not told: $what");
	$node->safe_psql('postgres', q{
		TRUNCATE item, item_deleted;
		INSERT INTO item (id, name) VALUES (1, 'pen'), (2, 'ink')});
}

# A part of the table.
{
	my ($before) = ask('1:1:');
	my $part = $question =~ s/^(SELECT id, name FROM item\n WHERE )/$1name < 'p' AND /mr;
	isnt($part, $question, 'a question for a part of the table');
	$node->safe_psql('postgres', q{UPDATE item SET name = 'quill' WHERE id = 2});
	unlike($node->safe_psql('postgres', "\\set cursor '$before'\n$part"), qr/^2/m, 'control: a row that leaves the part is not told');
	is((ask($before))[2], '2|quill', '... to who asks for all, it is');
}

# An index on what every update changes.
my $hot = 'SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = \'item\'';
is($node->safe_psql('postgres', "BEGIN; UPDATE item SET name = name; $hot; ROLLBACK"), '2|0', 'with the index no update is HOT');
is($node->safe_psql('postgres', "BEGIN; DROP INDEX item_version_idx; UPDATE item SET name = name; $hot; ROLLBACK"), '2|2', 'control: without it they are');

#
# A standby.
#
$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->start;
{
	my $ann = Sessions->new($node, 'postgres');
	$ann->run('BEGIN');
	$ann->run("UPDATE item SET name = 'Ann' WHERE id = 1");
	$node->safe_psql('postgres', "UPDATE item SET name = 'Bob' WHERE id = 2");
	$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
	my ($here) = ask('1:1:');
	my ($there) = ask('1:1:', $standby);
	$ann->run('COMMIT');
	is((ask($there))[2], '', 'control: by the cursor of a standby, what was in progress is lost');
	is((ask($here))[2], '1|Ann', '... by that of the primary it is not');
	is($standby->safe_psql('postgres', 'SELECT pg_is_in_recovery()'), 't', '... which tells the one from the other');
}
$standby->stop;

#
# A load: a copy that is kept by the question is, in the end, what the table is.
#
my $script = "$PostgreSQL::Test::Utils::tmp_check/load.sql";
append_to_file($script, q{
\set id random(1, 200)
\set other random(1, 200)
\set way random(1, 6)
BEGIN;
\if :way = 1
DELETE FROM item WHERE id = :id;
\elif :way = 2
SAVEPOINT s;
UPDATE item SET name = 'undone' WHERE id = :id;
ROLLBACK TO s;
SAVEPOINT t;
UPDATE item SET name = coalesce(name, '') || 's' WHERE id = :id;
RELEASE t;
\else
INSERT INTO item (id, name) VALUES (:id, 'i') ON CONFLICT (id) DO UPDATE SET name = item.name || 'u';
\endif
\sleep 1 ms
\if :way = 3
UPDATE item SET name = name || 'o' WHERE id = :id + 200;
INSERT INTO item (id, name) VALUES (:id + 200, 'o') ON CONFLICT (id) DO NOTHING;
\endif
\if :way = 4
ROLLBACK;
\else
COMMIT;
\endif
});
my $pgbench = IPC::Run::start([ 'pgbench', '-n', '-c6', '-T3', '-f', $script, $node->connstr('postgres') ],
	'>', \my $report, '2>', \my $complaints);
my (%copy, $questions, $told, $ended);
$cursor = '1:1:';
while (1)
{
	($cursor, $deleted, $rows) = ask($cursor);
	delete $copy{$_} foreach split / /, $deleted;
	foreach (split / /, $rows)
	{
		my ($id, $name) = split /\|/;
		$copy{$id} = $name;
		$told++;
	}
	$questions++;
	last if $ended;
	# ... and once more after the last write
	$pgbench->pump_nb if $pgbench->pumpable;
	$ended = !$pgbench->pumpable;
}
$pgbench->finish;
my ($transactions) = $report =~ /actually processed: (\d+)/;
note "$transactions transactions, $questions questions, $told rows told";
is($complaints !~ /error/i, 1, 'the clients write') or diag $complaints;
cmp_ok($questions, '>', 3, '... while a client asks again and again');
is(join(' ', map { "$_|$copy{$_}" } sort { $a <=> $b } keys %copy),
	$node->safe_psql('postgres', q{SELECT string_agg(id || '|' || name, ' ' ORDER BY id) FROM item}), 'its copy is what the table is');

# The index finds what is new among many.
$node->safe_psql('postgres', "INSERT INTO item (id, name) SELECT i, 'many' FROM generate_series(1000, 20000) AS i; ANALYZE item");
($cursor) = ask('1:1:');
my $select = $question =~ /^(SELECT id, name.*?;)/ms ? $1 : '';
like($node->safe_psql('postgres', "\\set cursor '$cursor'\nEXPLAIN $select"), qr/Index Scan using item_version_idx/, 'the index serves the question');

#
# A restore into a server whose ids are lower: versions come with the rows.
#
$node->safe_psql('postgres', "TRUNCATE item, item_deleted; COPY item (id, name, version) FROM stdin;\n1\tpen\t4000000000\n2\tink\t4000000000\n\\.\n");
$cursor = '4000000001:4000000001:';
$node->safe_psql('postgres', "UPDATE item SET name = 'new' WHERE id = 1");
is((ask($cursor))[2], '', 'control: after a restore, a client with its old cursor is not told what is written');
($cursor, undef, $rows) = ask('1:1:');
is((ask($cursor))[2], '2|ink', '... and what is as it was, is told again and again');
$node->safe_psql('postgres', fence($page, 'UPDATE item SET version = version'));
($cursor, undef, $rows) = ask('1:1:');
is($rows, '1|new 2|ink', 'rows that have a version of this server are told once');
is((ask($cursor))[2], '', '... and not again');

$node->stop;
done_testing();
