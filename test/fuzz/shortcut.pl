# Section 17: with concurrency.shortcut on, everything happens that happens with it off.
#
# Two sessions write to the same rows, in every order of the steps of shortcut.spec and
# under several policies; and one runs random SQL, seed by seed.  Both are done with the
# setting off and on, and no line of what comes out may differ.  If rows are taken for free
# that somebody holds, lines do: otherwise this would prove nothing.
#
# FUZZ_POLICIES       how many policies for the steps (default all of 15)
# FUZZ_PERMUTATIONS   of how many orders, taken at random (default all)
# FUZZ_SEEDS          how many seeds of random SQL (default 1000)
# FUZZ_SEED           the first of them (default 1)
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Fuzz;
use List::Util qw(shuffle);
use Test::More;

my $seeds = $ENV{FUZZ_SEEDS} // 1000;
my $seed = $ENV{FUZZ_SEED} || 1;
my $out = "$ENV{WORK}/shortcut";
my $library = `$ENV{PG_CONFIG} --pkglibdir`;
chomp $library;
my $tester = "$library/pgxs/src/test/isolation/isolationtester";
my %options = map { $_ => "-c session_preload_libraries=concurrency -c concurrency.shortcut=$_ -c log_min_messages=fatal" } qw(off on);
mkdir $out;

my $dbh = connect_to('postgres');
$dbh->do("LOAD 'concurrency'");
if (!eval { $dbh->do('SET concurrency.shortcut = on') })
{
	print "1..0 # SKIP this major has no shortcut\n";
	exit;
}
$dbh->disconnect;
set_autovacuum('off');

sub set_autovacuum
{
	my $dbh = connect_to('postgres');

	$dbh->do("ALTER SYSTEM SET autovacuum = $_[0]");
	$dbh->do('SELECT pg_reload_conf()');
	$dbh->disconnect;
}

# Run a command with the setting off and then on, each in a database of its own and with what
# comes out in a file; returns how many lines differ.  Not both at a time, and without
# autovacuum: where in a page a row comes to stand depends on which other transactions run.
sub compare
{
	my ($name, @command) = @_;

	foreach my $setting (qw(off on))
	{
		my $pid = fork // die "cannot fork: $!\n";
		if ($pid)
		{
			waitpid $pid, 0;
			next;
		}
		$ENV{PGOPTIONS} = $options{$setting};
		open STDIN, '<', "$out/$name" or die;
		open STDOUT, '>', "$out/$setting" or die;
		open STDERR, '>&', \*STDOUT or die;
		exec @command, "dbname=fuzz_$setting";
	}
	my @lines = grep { /^[-+]/ } `diff -U 0 "$out/off" "$out/on"`;
	diag("$name:\n", @lines > 20 ? (@lines[ 0 .. 19 ], "...\n") : @lines) if @lines && $name !~ /mutant/;
	die "$name: too little came out: ", read_file("$out/on") if -s "$out/on" < 1000;
	return scalar @lines;
}

sub write_file
{
	my ($name, @text) = @_;

	open my $handle, '>', "$out/$name" or die "cannot write $out/$name: $!\n";
	print $handle @text;
	close $handle;
}

# ---- two sessions ----

# Tables of whose columns expressions are made that are evaluated before a row is locked,
# if no trigger locks it.
sub create_tables
{
	my $policy = shift;

	foreach my $setting (qw(off on))
	{
		my $dbh = fresh_database("fuzz_$setting");
		$dbh->do(qq{
			CREATE TABLE acc (id int PRIMARY KEY, bal int CHECK (bal >= 0), n int NOT NULL, o int,
				gen int GENERATED ALWAYS AS (100 / o) STORED);
			CREATE TABLE plain (id int PRIMARY KEY, n int NOT NULL, b text);
			CREATE TABLE child (id int PRIMARY KEY, pid int REFERENCES plain ON UPDATE CASCADE ON DELETE SET NULL, x int);
			CREATE TABLE log (t text);
			CREATE FUNCTION touch(i int) RETURNS int LANGUAGE plpgsql AS
				'BEGIN UPDATE plain SET n = n + 1 WHERE id = i; RETURN i; END';
			CREATE TABLE part (id int, k int, b int) PARTITION BY LIST (k);
			CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
			CREATE TABLE part_2 PARTITION OF part DEFAULT;
			SELECT concurrency.attach('acc', $policy);
			SELECT concurrency.attach('plain', $policy);
			SELECT concurrency.attach('child', $policy);
			SELECT concurrency.attach('part', $policy)});
		$dbh->disconnect;
	}
}

my @policies = (
	(map { my $on_conflict = $_; map { "on_conflict => '$on_conflict', protocol => '$_'" } qw(auto echo increment ignore) }
		qw(error skip warn)),
	"blind => 'reject'",
	"blind => 'warn'",
	"on_conflict => 'skip', blind => 'reject', guard_delete => true");

# All that the first session does, before all that the second does to the same table.
sub permutations
{
	my $spec = read_file("$FindBin::RealBin/shortcut.spec");
	my @permutations;

	foreach my $first ($spec =~ /^step ((?:acc|plain|part)_\w+)/mg)
	{
		my ($table) = $first =~ /^([a-z]+)_/;
		foreach my $second ($spec =~ /^step (${table}2_\w+)/mg)
		{
			foreach my $end (qw(commit rollback))
			{
				push @permutations, "permutation $first $second $end show\n";
				# these steps begin a transaction themselves
				push @permutations, "permutation $_ $first $second $end commit_second show\n"
				  foreach $second =~ /cursor|expect|skip/ ? () : qw(repeatable serializable);
			}
		}
	}
	return @permutations;
}

# ---- random SQL ----

my %columns = (
	t1 => [ 'a = a + 1', 'b = b + 7', 'b = b - 9', 'c = c || 1', 'c = NULL', 'a = NULL', 'a = id', 'id = id', 'id = id + 0' ],
	t2 => [ 'u = u', 'u = u + 100', "c = c || 2", 'd = d * 3', 'd = d - 1', 'id = id', 'w = w + 1', 'w = 2' ],
	t3 => [ 'n = n + 1', "a = a || 'x'", "a = a", "b = NULL", "b = repeat(b, 2)", 'v = v', 'v = v + 1', 'v = 2' ],
	p => [ 'c = c || 3', 'k = k', 'k = (k + 4) % 9', 'id = id + 0' ],
	fk => [ 'r = r', 'r = 1 + r % 8', 'id = id' ],
	v => [ 'a = a + 1', 'a = a - 3', "c = 'v'", 'b = 1' ]);
my @tables = ('t1', 't1', 't2', 't3', 'p', 'fk', 'v');
my @versions = ('version = version', 'version = version + 1', 'version = version', 'version = 1', 'version = NULL',
	'version = coalesce(version, 0) + 1', 'version = CASE WHEN id % 2 = 0 THEN version ELSE 3 END');

sub attachment
{
	my $table = shift;

	return "SELECT concurrency.attach('$table', on_conflict => '" . pick(qw(error error warn skip)) . "', blind => '"
	  . pick(qw(allow allow warn reject)) . "', protocol => '" . pick(qw(auto auto echo increment ignore))
	  . "', guard_delete => " . pick(qw(true false)) . ", edits => '" . ($table eq 'p' || !one_in(8) ? '' : 'warn') . "', watch => "
	  . ($table eq 't3' && one_in(2) ? "'a,b'" : "''") . ');';
}

sub random_update
{
	my $table = pick(@tables);
	my %set = map { /^(\w+)/; $1 => $_ } map { pick(@{ $columns{$table} }) } 1 .. pick(1, 1, 2);
	$set{version} = pick(@versions) if one_in(2);
	my $set = join ', ', map { $set{$_} } sort keys %set;
	my $where = pick('', '', ' WHERE id = 3', ' WHERE id < 4', ' WHERE id IN (2, 5, 7)', ' WHERE id = 99');

	return "UPDATE $table SET $set FROM generate_series(1, 2) AS gs$where RETURNING $table.*" if $table ne 'v' && one_in(10);
	my $update = "UPDATE $table SET $set$where";
	return "DO \$\$ BEGIN FOR i IN 1 .. 3 LOOP $update; END LOOP; END \$\$" if one_in(15);
	return "WITH q AS ($update RETURNING *) SELECT * FROM q ORDER BY 1, 2" if one_in(10);
	return "$update RETURNING *";
}

sub random_statement
{
	my $in_transaction = shift;

	return attachment(pick(qw(t1 t2 t3 p fk))) if one_in(50);
	if (one_in($$in_transaction ? 20 : 100))
	{
		$$in_transaction = !$$in_transaction;
		return pick($$in_transaction ? ('BEGIN', 'BEGIN', 'BEGIN ISOLATION LEVEL REPEATABLE READ') : ('COMMIT', 'ROLLBACK')) . ';';
	}
	return pick("SET concurrency.blind_writes = 'reject';", "SET concurrency.blind_writes = 'allow';", 'RESET concurrency.blind_writes;',
		'RESET concurrency.blind_writes;', 'SET session_replication_role = replica;', 'RESET session_replication_role;',
		'RESET session_replication_role;') if one_in(50);
	return "SELECT concurrency." . pick("skip_check('t1')", "skip_bump('t1')", "expect('t1', 3)", "skip_check()", "expect('p', 2)") . ';'
	  if one_in(50);
	return pick('ALTER TABLE t1 ALTER c SET NOT NULL;', 'ALTER TABLE t1 ALTER c DROP NOT NULL;',
		'ALTER TABLE t2 ADD CHECK (u < 100000);', 'ALTER TABLE p ADD COLUMN IF NOT EXISTS extra int;',
		'ALTER TABLE t3 ENABLE TRIGGER other;', 'ALTER TABLE t3 DISABLE TRIGGER other;', 'ALTER TABLE t3 ENABLE ALWAYS TRIGGER other;')
	  if one_in(40);
	return 'SELECT id FROM ' . pick('t1', 'fk', 't2') . ' WHERE id < 5 ORDER BY id FOR ' . pick('UPDATE', 'KEY SHARE', 'SHARE') . ';'
	  if one_in(30);
	return 'DELETE FROM t1 WHERE id = 8;' if one_in(60);
	return 'UPDATE t1 SET id = id + 1000 WHERE id = 7; UPDATE t1 SET id = id - 1000 WHERE id > 1000;' if one_in(60);
	return random_update() . ';';
}

sub random_script
{
	my $in_transaction = 0;
	my @script = (
		"SET client_min_messages = warning;\nDROP TABLE IF EXISTS t1, t2, t3, p, fk CASCADE;\n\\set VERBOSITY verbose\n\\set SHOW_CONTEXT never\n",
		q{CREATE TABLE t1 (id int PRIMARY KEY, a int NOT NULL, b int CHECK (b BETWEEN 0 AND 50), c text, g int GENERATED ALWAYS AS (a * 2) STORED, version int);
		CREATE TABLE t2 (id smallint PRIMARY KEY, u int UNIQUE, c text, version smallint DEFAULT 32766, CHECK (version > 0), d numeric(6, 2) CHECK (d < 1000), w smallint);
		CREATE TABLE t3 (id int PRIMARY KEY, a text, n int, v bigint, b text, version bigint);
		CREATE TABLE p (k int, id int, c text, version bigint) PARTITION BY RANGE (k);
		CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (5);
		CREATE TABLE p2 (version bigint, c text, id int, k int);
		ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (5) TO (100);
		CREATE TABLE fk (id int PRIMARY KEY, r int REFERENCES t1 ON UPDATE CASCADE ON DELETE SET NULL, version int);
		CREATE VIEW v AS SELECT * FROM t1 WHERE a > 2 WITH CHECK OPTION;
		CREATE OR REPLACE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.n := NEW.n + 100; RETURN NEW; END';
		CREATE TRIGGER other BEFORE UPDATE ON t3 FOR EACH ROW EXECUTE FUNCTION other();
		ALTER TABLE t3 DISABLE TRIGGER other;
		INSERT INTO t1 SELECT g, g, g, 'x' FROM generate_series(1, 8) AS g;
		INSERT INTO t2 SELECT g, g, 'y', 32765 + g % 3, g, 1 FROM generate_series(1, 8) AS g;
		INSERT INTO t3 SELECT g, 'a', g, 1, repeat('b', 300 * g) FROM generate_series(1, 8) AS g;
		INSERT INTO p SELECT g, g, 'z' FROM generate_series(1, 8) AS g;
		INSERT INTO fk SELECT g, g FROM generate_series(1, 8) AS g;
		SELECT format('ALTER TABLE %I SET (autovacuum_enabled = off)', relname) FROM pg_class
		 WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \\gexec
		SELECT concurrency.attach('t2', 'w');
		SELECT concurrency.attach('t3', 'v', watch => 'n');
		SET client_min_messages = notice;
		} =~ s/^\t+//mgr,
		map { attachment($_) . "\n" } qw(t1 t2 t3 p fk));

	push @script, random_statement(\$in_transaction), "\n" foreach 1 .. 120;
	push @script, "COMMIT;\n" if $in_transaction;
	push @script, "RESET session_replication_role;\n", 'SELECT * FROM t1 ORDER BY id; SELECT * FROM t2 ORDER BY id;',
	  'SELECT id, a, n, v, length(b), version FROM t3 ORDER BY id;',
	  "SELECT tableoid::regclass, * FROM p ORDER BY id, k; SELECT * FROM fk ORDER BY id;\n";
	return @script;
}

# ---- the extension as it would be if it took all rows for free ----

# Put another library in the place of the installed one, for sessions to come.
sub install
{
	my $source = shift;

	system('cp', $source, "$library/concurrency.new") == 0 or die "cannot copy $source\n";
	rename "$library/concurrency.new", "$library/concurrency.so" or die "cannot install $source: $!\n";
}

sub build_mutant
{
	system("rm -rf '$out/mutant' && mkdir '$out/mutant' && cp -r Makefile concurrency.control src '$out/mutant'") == 0 or die;
	my $row = read_file("$out/mutant/src/shortcut_row.c");
	$row =~ s/(result == )TM_Ok;/$1TM_Ok || true;/ or die "there is no such line in shortcut_row.c\n";
	write_file('mutant/src/shortcut_row.c', $row);
	system("make -C '$out/mutant' PG_CONFIG='$ENV{PG_CONFIG}' with_llvm=no clean all >'$out/log' 2>&1") == 0 or die read_file("$out/log");
}

srand $seed;
my @permutations = permutations();
@permutations = (shuffle @permutations)[ 0 .. $ENV{FUZZ_PERMUTATIONS} - 1 ] if $ENV{FUZZ_PERMUTATIONS};
my $spec = read_file("$FindBin::RealBin/shortcut.spec");
foreach my $policy (@policies[ 0 .. ($ENV{FUZZ_POLICIES} || @policies) - 1 ])
{
	create_tables($policy);
	write_file('steps', $spec, @permutations);
	is(compare('steps', $tester), 0, scalar @permutations . " orders of steps, $policy: nothing differs");
}

my $different = 0;
fresh_database("fuzz_$_")->disconnect foreach qw(off on);
foreach my $this ($seed .. $seed + $seeds - 1)
{
	srand $this;
	write_file("seed $this", random_script());
	my $lines = compare("seed $this", 'psql', '-X', '-q', '-d');
	unlink "$out/seed $this" if !$lines;
	$different += $lines;
}
is($different, 0, "$seeds seeds of random SQL: nothing differs");

system('cp', "$library/concurrency.so", "$out/concurrency.so");
build_mutant();
install("$out/mutant/concurrency.so");
create_tables($policies[0]);
write_file('mutant steps', $spec, grep { /^permutation acc/ } permutations());
cmp_ok(compare('mutant steps', $tester), '>', 0, 'rows that somebody holds, taken for free: it differs');
install("$out/concurrency.so");

set_autovacuum('DEFAULT');
server_survived();
done_testing;
