# Many rows in one statement, and many statements in one backend, take no more memory
# than few.  A backend looks at itself after a third of its work, when all caches are
# filled, and at the end: neither its resident memory that is not shared nor what its
# memory contexts hold may have grown by more than the tolerance below, which a leak of
# one byte a row or statement exceeds.
#
# MEMORY_ROWS         rows of the big UPDATE (default 10000000)
# MEMORY_STATEMENTS   statements, and rows of the other UPDATEs (default 1000000)
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Fuzz;
use Test::More;

# a million leaked bytes are two thirds of a million between the looks
use constant TOLERANCE => 512 * 1024;

my $rows = $ENV{MEMORY_ROWS} || 10_000_000;
my $statements = $ENV{MEMORY_STATEMENTS} || 1_000_000;
my $dbh = fresh_database('fuzz_memory');

# A fresh backend.
sub reconnect
{
	$dbh->disconnect;
	$dbh = connect_to('fuzz_memory');
	$dbh->do("SET $_") foreach 'client_min_messages = error', 'log_min_messages = fatal', 'synchronous_commit = off';
	# what the look itself needs, and what stays of it
	look('') foreach 1 .. 2;
	$dbh->do('TRUNCATE looks');
}

sub look
{
	$dbh->do('SELECT look(?)', undef, shift);
}

# Compare the two looks that were taken.
sub is_flat
{
	my ($what, $began) = @_;
	my @looks = @{ $dbh->selectall_arrayref('SELECT resident, contexts FROM looks ORDER BY no') };
	my @growth = @looks == 2 ? map { $looks[1][$_] - $looks[0][$_] } 0, 1 : ();

	note(sprintf '%s: resident %d kB, then %d kB; contexts %d kB, then %d kB; %d s', $what,
		(map { $_ / 1024 } map { ($looks[0][$_], $looks[1][$_]) } 0, 1), time - $began) if @growth;
	ok(@growth && !(grep { $_ > TOLERANCE } @growth), "$what: memory is flat")
	  or diag(@growth ? "resident memory grew by $growth[0] bytes, contexts by $growth[1]" : 'not looked at twice');
}

# An UPDATE of all rows of a table, by which the backend looks at itself twice.
sub update_rows
{
	my ($what, $count, %how) = @_;
	my $type = $how{type} || 'int';
	my $third = int($count / 3);
	my $began = time;

	$dbh->do("CREATE UNLOGGED TABLE big (id int, a int, version $type) WITH (autovacuum_enabled = false)");
	$dbh->do('CREATE FUNCTION handle(current big, attempted big) RETURNS big LANGUAGE plpgsql AS $$ BEGIN RETURN attempted; END $$');
	$dbh->do("SELECT concurrency.attach('big'" . ($how{attach} ? ", $how{attach}" : '') . ')');
	$dbh->do('SET session_replication_role = replica');
	$dbh->do("INSERT INTO big SELECT i, 0, " . ($how{version} || '1') . " FROM generate_series(1, $count) AS i");
	reconnect();
	$dbh->do('BEGIN');
	$dbh->do($how{before}) if $how{before};
	my $updated = $dbh->do("UPDATE big SET a = CASE WHEN id IN ($third, $count) THEN look(id::text) ELSE id END" . ($how{set} ? ", $how{set}" : ''));
	$dbh->do('COMMIT');
	is_flat("$count rows, $what", $began);
	is($updated + 0, $count, '... all of which were updated');
	$dbh->do('DROP TABLE big CASCADE');
}

# Statements in a loop of PL/pgSQL.  They write a row whose old versions are pruned only
# if the loop commits now and then; not often, as PostgreSQL itself keeps some 50 bytes
# of each COMMIT in a DO.
sub loop
{
	my ($what, $body, $commit_after) = @_;
	my $third = int($statements / 3);
	my $began = time;

	reconnect();
	$dbh->do("DO \$\$
		DECLARE
			stale CONSTANT int := -7;
			caught int := 0;
		BEGIN
			FOR i IN 1 .. $statements LOOP
				$body
				IF i % $commit_after = 0 THEN
					COMMIT;
				END IF;
				IF i IN ($third, $statements) THEN
					PERFORM look(i::text);
				END IF;
			END LOOP;
		END
		\$\$");
	is_flat("$statements statements, $what", $began);
}

# Statements that a client has prepared.
sub client
{
	my ($what, $sql) = @_;
	my $third = int($statements / 3);
	my $began = time;

	reconnect();
	$dbh->{pg_server_prepare} = 1;
	$dbh->{pg_switch_prepared} = 1;
	my $sth = $dbh->prepare($sql);
	foreach my $i (1 .. $statements)
	{
		$sth->execute($i);
		look($i) if $i == $third || $i == $statements;
	}
	is_flat("$statements statements, $what", $began);
}

$dbh->do(q{
	CREATE TABLE looks (no serial, at text, resident bigint, contexts bigint);
	-- what the server says of the backend, and what the backend says of itself
	CREATE FUNCTION look(at text) RETURNS int LANGUAGE sql AS $$
		INSERT INTO looks (at, resident, contexts)
		SELECT look.at, substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s+(\d+)')::bigint * 1024,
			   (SELECT sum(total_bytes) FROM pg_backend_memory_contexts)
		RETURNING 0
	$$;
	CREATE TABLE doc (id int PRIMARY KEY, a int, version int) WITH (fillfactor = 20);
	CREATE TABLE etag (id int PRIMARY KEY, a int, version uuid) WITH (fillfactor = 20);
	CREATE TABLE handled (id int PRIMARY KEY, a int, version int) WITH (fillfactor = 20);
	CREATE FUNCTION handle_stale(current handled, attempted handled) RETURNS handled LANGUAGE plpgsql AS $$
	BEGIN
		RETURN attempted;
	END
	$$;
	SELECT concurrency.attach('doc');
	SELECT concurrency.attach('etag', watch => 'a', guard_delete => true);
	SELECT concurrency.attach('handled', on_conflict => 'call=public.handle_stale');
	INSERT INTO doc VALUES (1, 0, 1);
	INSERT INTO etag VALUES (1, 0);
	INSERT INTO handled VALUES (1, 0, 1);
	CREATE DOMAIN positive AS int CHECK (value > 0)});

update_rows('a counter that is bumped in place', $rows);
update_rows('tokens that are kept', $statements, set => 'version = 2', attach => "protocol => 'increment'");
update_rows('uuids, of columns that are watched', $statements, type => 'uuid', version => 'gen_random_uuid()',
	attach => "watch => 'id, a'");
update_rows('a clock in a domain, written into a copy of the row', $statements, type => 'concurrency.clock_version');
update_rows('a counter in a domain with a constraint', $statements, type => 'positive');
update_rows('stale writes that are let through', $statements, set => 'version = 7', attach => "on_conflict => 'warn'");
update_rows('stale writes that a handler decides', $statements, set => 'version = 7', attach => "on_conflict => 'call=public.handle'");
update_rows('under an expectation, with skip_bump', $statements, before => "SELECT concurrency.expect('big', 1), concurrency.skip_bump('big')");

loop('each with a policy of its own', 'UPDATE doc SET a = i;', 500);
loop('with switches and expectations in savepoints that are kept', q{
	BEGIN
		PERFORM concurrency.skip_check('doc'), concurrency.skip_bump(NULL, false);
		PERFORM concurrency.expect('etag', '8d5c4b6e-7b3d-4c6e-9b6d-0a4f6c1d2e3f'::uuid);
		UPDATE doc SET a = i, version = stale WHERE i % 100 = 0 AND id = 1;
	EXCEPTION WHEN division_by_zero THEN
		caught := caught + 1;
	END;}, 100_000);
loop('with switches and expectations in savepoints that are rolled back', q{
	BEGIN
		PERFORM concurrency.skip_check('doc'), concurrency.skip_bump(NULL, false);
		PERFORM concurrency.expect('etag', '8d5c4b6e-7b3d-4c6e-9b6d-0a4f6c1d2e3f'::uuid);
		RAISE division_by_zero;
	EXCEPTION WHEN division_by_zero THEN
		caught := caught + 1;
	END;}, 100_000);
loop('with conflicts that are caught', q{
	BEGIN
		UPDATE doc SET a = i, version = stale;
		RAISE 'no conflict';
	EXCEPTION WHEN SQLSTATE 'PT409' THEN
		caught := caught + 1;
	END;}, 100_000);
loop('with conflicts that a handler decides', 'UPDATE handled SET a = i, version = stale;', 500);
client('prepared by a client', 'UPDATE doc SET a = ?');
client('prepared by a client, upserts', 'INSERT INTO etag AS t VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET a = EXCLUDED.a, version = t.version');

server_survived();
done_testing();
