# Sections 2 to 10: FUZZ_STATEMENTS random UPDATEs, INSERTs, upserts, MERGEs and DELETEs,
# against Model.pm.  After each statement the SQLSTATE, or the number of rows and the
# warnings, and every row of the table have to be what the model says.
#
# Each scenario is a table with one of all combinations of column type, protocol, blind,
# on_conflict, watch or ignore, and guard_delete, and some transactions of one session,
# with savepoints, switches, expectations and concurrency.blind_writes.
#
# FUZZ_STATEMENTS   how many (default 252100, which takes every combination once)
# FUZZ_SEED         repeats a run (default 1)
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Fuzz;
use Model;
use Test::More;
use Time::HiRes;

use constant STATEMENTS => 60;	# of one scenario
use constant DISAGREEMENTS => 5;	# that are shown

my $statements = $ENV{FUZZ_STATEMENTS} || 252100;
my $seed = $ENV{FUZZ_SEED} || 1;
my $day = 86_400_000_000;
my $dbh = fresh_database('fuzz_model');
my $major = int($dbh->{pg_server_version} / 10000);
my @columns = qw(id part a b c version other);
my (%seen, %count, @warnings, $disagreements, $m, $table, $attach, @before, @commands, @history);

srand($seed);
$dbh->do('SET client_min_messages = warning');
$dbh->do("SET timezone = 'UTC'");
# the warnings' SQLSTATEs
$dbh->{pg_errorlevel} = 2;
$SIG{__WARN__} = sub { push @warnings, shift };

# What the columns are made like: rows of every layout, some with another trigger before
# ours.
my %layouts = (
	plain => q{
		CREATE TABLE %1$s (id int, part int, a int, b text, c text, g int GENERATED ALWAYS AS (a * 2) STORED,
			version %2$s, PRIMARY KEY (id, part))},
	dropped => q{
		CREATE DOMAIN %1$s_version AS %2$s CHECK (value IS NULL OR value = value);
		CREATE TABLE %1$s (gone text, version %1$s_version, id int, gone_too int DEFAULT 3, part int, a int, b text, c text,
			g int GENERATED ALWAYS AS (a * 2) STORED, PRIMARY KEY (id, part));
		ALTER TABLE %1$s DROP COLUMN gone, DROP COLUMN gone_too},
	partitioned => q{
		CREATE TABLE %1$s (id int, part int, a int, b text, c text, g int GENERATED ALWAYS AS (a * 2) STORED,
			version %2$s, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
		CREATE TABLE %1$s_0 PARTITION OF %1$s FOR VALUES IN (0);
		CREATE TABLE %1$s_1 (version %2$s, c text, b text, a int, part int NOT NULL, id int NOT NULL,
			g int GENERATED ALWAYS AS (a * 2) STORED);
		CREATE TABLE %1$s_2 (gone int, id int NOT NULL, part int NOT NULL, b text, gone_too text, version %2$s,
			a int, c text, g int GENERATED ALWAYS AS (a * 2) STORED);
		ALTER TABLE %1$s_2 DROP COLUMN gone, DROP COLUMN gone_too;
		ALTER TABLE %1$s ATTACH PARTITION %1$s_1 FOR VALUES IN (1);
		ALTER TABLE %1$s ATTACH PARTITION %1$s_2 FOR VALUES IN (2)},
	double => q{
		CREATE TABLE %1$s (id int, part int, a int, other int DEFAULT 1, b text, version %2$s, c text,
			g int GENERATED ALWAYS AS (a * 2) STORED, PRIMARY KEY (id, part));
		SELECT concurrency.attach('%1$s', 'other')},
	meddled => q{
		CREATE TABLE %1$s (id int, part int, a int, b text, version %2$s, c text,
			g int GENERATED ALWAYS AS (a * 2) STORED, PRIMARY KEY (id, part));
		CREATE TRIGGER aa_meddle BEFORE UPDATE ON %1$s FOR EACH ROW EXECUTE FUNCTION meddle()});

sub create_tables
{
	$dbh->do(q{
		CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF NEW.b = 'reset' THEN
				NEW.version := OLD.version;
			ELSIF NEW.b = 'wipe' THEN
				NEW.version := NULL;
			END IF;
			RETURN NEW;
		END
		$$});
	foreach my $type (sort keys %Model::types)
	{
		foreach my $layout (sort keys %layouts)
		{
			my $name = "${layout}_$type";
			$dbh->do(sprintf $layouts{$layout}, $name, $Model::types{$type}{type});
			# this gives the column a DEFAULT, which stays, and follows the kind
			$dbh->do("SELECT concurrency.attach('$name', stamp_insert => false)");
			# ... which does not count
			my $meddle = $layout eq 'double' ? 'attempted.other := -1; current.other := NULL;' : '';
			$dbh->do(sprintf <<'END', $name, $meddle);
				CREATE FUNCTION handle_%1$s(current %1$s, attempted %1$s) RETURNS %1$s LANGUAGE plpgsql AS $$
				BEGIN
					IF attempted IS NOT DISTINCT FROM NULL THEN
						RETURN CASE WHEN current.a %% 2 = 0 THEN current END;
					ELSIF attempted.a %% 3 = 0 THEN
						RETURN NULL;
					END IF;
					attempted.c := 'merged';
					attempted.version := NULL;
					%2$s
					IF attempted.a %% 5 = 0 THEN
						current.c := 'kept';
						RETURN current;
					END IF;
					RETURN attempted;
				END
				$$
END
		}
	}
}

# All combinations of what a table can be told, in an order of their own.
sub combinations
{
	my @all = {};
	my %choices = (
		type => [ sort keys %Model::types ],
		protocol => [qw(default auto echo increment ignore)],
		blind => [qw(allow warn reject)],
		on_conflict => [qw(error skip warn call)],
		condition => [
			{},
			{ watch => ['*'] },
			{ watch => [qw(a b)] },
			{ ignore => ['b'] },
			{ ignore => [qw(a b c id part)] }
		],
		guard_delete => [ 0, 1 ]);

	foreach my $option (sort keys %choices)
	{
		@all = map { my $some = $_; map { { %$some, $option => $_ } } @{ $choices{$option} } } @all;
	}
	foreach my $i (reverse 1 .. $#all)
	{
		my $j = int rand($i + 1);
		@all[ $i, $j ] = @all[ $j, $i ];
	}
	return @all;
}

# SQL for values.
sub literal
{
	my ($value, $type) = @_;

	return "NULL::$type" if !defined $value;
	if ($type eq 'timestamptz')
	{
		return "'infinity'::timestamptz" if $value == Model::INT64_MAX;
		return "'-infinity'::timestamptz" if $value == Model::INT64_MIN;
		return "(timestamptz '2000-01-01 00:00+00' + interval '$value microseconds')";
	}
	return "'$value'::$type";
}

sub version_literal
{
	return literal(shift, $m->{type});
}

sub clock
{
	my ($second, $microsecond) = Time::HiRes::gettimeofday();

	return ($second - ($m->{epoch} || 0)) * 1_000_000 + $microsecond;
}

sub random_uuid
{
	return sprintf '%04x%04x-%04x-4%03x-8%03x-%04x%04x%04x', map { int rand $_ } (1 << 16, 1 << 16, 1 << 16, 1 << 12, 1 << 12, (1 << 16) x 3);
}

# Versions that rows may have had for long, or that nobody can have read.
sub odd_version
{
	my $max = $m->{maximum};

	return undef if one_in(6);
	return pick(0, 1, 1, 2, 7, 7, 100, -1, $m->{minimum}, $max, $max - 1) if $m->{kind} eq 'counter';
	return random_uuid() if $m->{kind} eq 'uuid';
	return pick(3, 1000, 2**40) if $m->{kind} eq 'xact';
	return pick(0, 7, -$day, clock() - $day, clock() - $day, clock() - 1_000_000, clock() + 30_000_000, clock() + 365 * $day,
		$max, $max - 1, $max - 2, Model::INT64_MAX, $m->{type} eq 'timestamptz' ? Model::INT64_MIN : 1);
}

# What a client may send for a row.
sub token
{
	my $row = shift;
	my $old = $row ? $row->{version} : odd_version();

	return $old if one_in(3);
	return odd_version() if one_in(5);
	return pick(@history) if @history && one_in(4);
	return pick($old, $m->{xact}) if $m->{kind} eq 'xact';
	return $old if $m->{kind} eq 'uuid';
	return pick(1, 2, 7) if !defined $old || $old == ($m->{maximum} || 0);
	return pick($old + 1, $old + 1, clock(), clock() + 30_000_000, clock() + 120_000_000, $old - 1)
	  if $m->{kind} eq 'clock' && $old < $m->{maximum} && $old > Model::INT64_MIN;
	return $old if $m->{kind} eq 'clock';
	return pick($old + 1, $old + 1, $old + 1, $old > $m->{minimum} ? $old - 1 : $old, $old < $m->{maximum} - 1 ? $old + 2 : $old);
}

# The version plus one, as the server computes it.
sub plus_one
{
	my $version = shift;

	return undef if !defined $version;
	return [ map { $_ + 1 } @$version ] if ref $version;
	if ($m->{type} eq 'timestamptz')
	{
		return $version if $version == Model::INT64_MAX || $version == Model::INT64_MIN;
		die { state => '22008' } if $version >= $m->{maximum};
		return $version + 1;
	}
	die { state => '22003' } if $version == $m->{maximum};
	return $version + 1;
}

# The interval's literal is of one microsecond, or the number's 1.
sub step
{
	return $m->{type} eq 'timestamptz' ? "interval '1 microsecond'" : '1';
}

sub can_count
{
	return $m->{kind} eq 'counter' || $m->{kind} eq 'clock';
}

# Values for the other columns.
sub value_of
{
	my $column = shift;

	return pick(undef, -3 .. 9) if $column eq 'a';
	return pick(undef, '', 'x', 'y', 'reset', 'wipe', 'z' x 50) if $column eq 'b';
	return pick(undef, 'x', 'longer' x 20);
}

my %column_types = (a => 'int', b => 'text', c => 'text');

sub rows_by_key
{
	return map { $m->{rows}{$_} } sort keys %{ $m->{rows} };
}

# A random key, most often of a row that is there.
sub random_key
{
	my @rows = rows_by_key();
	my $row = @rows && !one_in(6) ? pick(@rows) : { id => pick(1 .. 5), part => pick(0 .. 2) };

	return { id => $row->{id}, part => $row->{part} };
}

sub row_at
{
	my $key = shift;

	return $m->{rows}{"$key->{id},$key->{part}"};
}

# Some keys, none twice.
sub random_keys
{
	my %keys = map { ("$_->{id},$_->{part}" => $_) } map { random_key() } 1 .. pick(1, 1, 2, 3);

	return map { $keys{$_} } sort keys %keys;
}

# The assignments of a SET list: SQL, and what each makes of the old row.
sub random_assignments
{
	my ($row, $may_move) = @_;
	my (@sql, %change);

	foreach my $column (qw(a b c))
	{
		next if !one_in(2);
		if (one_in(4))
		{
			push @sql, "$column = $column";
			next;
		}
		my $value = value_of($column);
		push @sql, "$column = " . literal($value, $column_types{$column});
		$change{$column} = sub { $value };
	}
	if (one_in(2))
	{
		my $token = token($row);
		my $how = pick('token', 'token', 'token', 'token', 'same', 'computed', 'default');
		$how = 'token' if $how eq 'computed' && !can_count() || $how eq 'default' && $m->{kind} ne 'counter';
		push @sql, 'version = ' . ($how eq 'token' ? version_literal($token)
			: $how eq 'same' ? 'version' : $how eq 'default' ? 'DEFAULT' : 'version + ' . step());
		$change{version} = $how eq 'token' ? sub { $token }
		  : $how eq 'same' ? sub { $_[0]{version} }
		  : $how eq 'default' ? sub { 1 } : sub { plus_one($_[0]{version}) };
	}
	if ($m->{has_other} && one_in(3))
	{
		my $other = $row ? $row->{other} : 1;
		$other += pick(0, 0, 1, 1, -1, 7);
		push @sql, "other = $other";
		$change{other} = sub { $other };
		$change{names_other} = sub { 1 };
	}
	if ($may_move && one_in(4))
	{
		my $part = pick(0 .. 2);
		push @sql, "part = $part";
		$change{part} = sub { $part };
	}
	push @sql, 'a = a' if !@sql;
	my $change = sub {
		my $old = shift;
		return { %$old, map { $_ => $change{$_}->($old) } keys %change };
	};
	return (join(', ', @sql), $change, exists $change{version});
}

# A condition for an UPDATE or DELETE: SQL, the rows that it finds, and if it names one
# row, that row.
sub random_condition
{
	my @keys = one_in(8) ? () : random_keys();
	my @rows = @keys ? grep { $_ } map { row_at($_) } @keys : rows_by_key();
	my @sql;

	push @sql, '(id, part) IN (' . join(', ', map { "($_->{id}, $_->{part})" } @keys) . ')' if @keys;
	if (one_in(4))
	{
		my $token = token($rows[0]);
		push @sql, 'version IS NOT DISTINCT FROM ' . version_literal($token);
		@rows = grep { Model::same($_->{version}, $token) } @rows;
	}
	return (@sql ? ' WHERE ' . join(' AND ', @sql) : '', \@rows, @keys == 1);
}

# The statements: SQL, and the parts of it for the model.
sub make_update
{
	my ($where, $rows, $is_one) = random_condition();
	my ($set, $change, $was_named) = random_assignments($rows->[0], $is_one);

	return ("UPDATE $table SET $set$where", map {
		my $row = $_;
		sub { $_[0]->update($row, $change, $was_named) }
	} @$rows);
}

sub make_update_from
{
	my @keys = random_keys();
	my (@values, @parts);

	foreach my $key (@keys)
	{
		my $row = row_at($key);
		my $token = token($row);
		my $a = value_of('a');
		push @values, "($key->{id}, $key->{part}, " . literal($a, 'int') . ', ' . version_literal($token) . ')';
		push @parts, sub { $_[0]->update($row, sub { return { %{ $_[0] }, a => $a, version => $token } }, 1) }
		  if $row;
	}
	return ("UPDATE $table t SET a = v.a, version = v.token FROM (VALUES " . join(', ', @values)
		. ') AS v(id, part, a, token) WHERE t.id = v.id AND t.part = v.part', @parts);
}

sub make_delete
{
	my ($where, $rows) = random_condition();

	return ("DELETE FROM $table$where", map {
		my $row = $_;
		sub { $_[0]->delete($row) }
	} @$rows);
}

# Rows to insert: SQL for columns and values, and the rows; all with the version given,
# or all without.
sub random_rows
{
	my @keys = @_;
	my $has_version = !one_in(3);
	my (@values, @rows);

	foreach my $key (@keys)
	{
		my %row = (%$key, map { $_ => value_of($_) } qw(a b c));
		$row{version} = one_in(4) ? undef : token(row_at($key)) if $has_version;
		push @rows, \%row;
		push @values, '(' . join(', ', @row{qw(id part)}, map({ literal($row{$_}, $column_types{$_}) } qw(a b c)),
			$has_version ? version_literal($row{version}) : ()) . ')';
	}
	return ('(id, part, a, b, c' . ($has_version ? ', version' : '') . ') VALUES ' . join(', ', @values), @rows);
}

sub make_insert
{
	my ($values, @rows) = random_rows(one_in(2) ? random_keys() : { id => pick(1 .. 5), part => pick(0 .. 2) });

	return ("INSERT INTO $table $values", map {
		my $row = $_;
		sub { $_[0]->insert($row) }
	} @rows);
}

sub make_upsert
{
	my ($values, @rows) = random_rows(random_keys());
	my $how = pick('version = EXCLUDED.version', 'version = EXCLUDED.version', '', 'nothing',
		'version = EXCLUDED.version + ' . step(), "version = $table.version");
	$how = '' if $how =~ /\+/ && !can_count();
	my $checks = $how ne 'nothing' && one_in(4);

	my $change = sub {
		my ($old, $new) = @_;
		my %row = (%$old, a => $new->{a}, b => $new->{b});
		$row{version} = $how =~ /\+/ ? plus_one($new->{version}) : $how =~ /EXCLUDED/ ? $new->{version} : $old->{version};
		return \%row;
	};
	my $on_conflict = sub {
		my ($old, $new) = @_;
		return if $how eq 'nothing';
		return if $checks && !defined $new->{version} || $checks && !Model::same($old->{version}, $new->{version});
		$m->update($old, sub { $change->($_[0], $new) }, $how ne '');
	};
	my $sql = "INSERT INTO $table $values ON CONFLICT (id, part) DO ";
	$sql .= $how eq 'nothing' ? 'NOTHING' : 'UPDATE SET a = EXCLUDED.a, b = EXCLUDED.b' . ($how ? ", $how" : '');
	$sql .= " WHERE $table.version = EXCLUDED.version" if $checks;
	return ($sql, map {
		my $row = $_;
		sub { $_[0]->insert($row, $on_conflict) }
	} @rows);
}

# MERGE, with some of these actions.  A version that one of them names counts as sent in
# all of them.
my %actions = (
	1 => 'UPDATE SET a = s.a, version = s.token',
	2 => q{UPDATE SET b = s.b, c = 'm'},
	3 => 'UPDATE SET part = s.target',
	4 => 'DELETE',
	5 => 'DO NOTHING');

sub make_merge
{
	my %offered = map { $_ => 1 } grep { !one_in(3) } sort keys %actions;
	my $inserts = one_in(2);
	my $was_named = $offered{1};
	my (%taken, @values, @parts);

	%offered = (1 => 1, %offered), $was_named = 1 if !%offered;
	my @keys = random_keys();
	$taken{"$_->{id},$_->{part}"} = 1 foreach @keys;
	foreach my $key (@keys)
	{
		my $old = row_at($key);
		my %s = (%$key, action => pick(1 .. 5), token => token($old), target => pick(0 .. 2), map { $_ => value_of($_) } qw(a b));
		# two rows of a statement must not meet
		$s{target} = $s{part} if $taken{"$s{id},$s{target}"} || row_at({ id => $s{id}, part => $s{target} });
		push @values, '(' . join(', ', @s{qw(id part action target)}, literal($s{a}, 'int'), literal($s{b}, 'text'),
			version_literal($s{token})) . ')';
		push @parts, merge_part($old, \%s, $was_named, $inserts) if $old ? $offered{ $s{action} } : $inserts;
		$taken{"$s{id},$s{target}"} = 1;
	}
	my $sql = "MERGE INTO $table t USING (VALUES " . join(', ', @values) . ') AS s(id, part, action, target, a, b, token)'
	  . ' ON t.id = s.id AND t.part = s.part';
	$sql .= " WHEN MATCHED AND s.action = $_ THEN $actions{$_}" foreach sort keys %offered;
	$sql .= ' WHEN NOT MATCHED THEN INSERT (id, part, a, b, version) VALUES (s.id, s.part, s.a, s.b, s.token)' if $inserts;
	return ($sql, grep { $_ } @parts);
}

sub merge_part
{
	my ($old, $s, $was_named, $inserts) = @_;
	my %changes = (
		1 => { a => $s->{a}, version => $s->{token} },
		2 => { b => $s->{b}, c => 'm' },
		3 => { part => $s->{target} });
	my $change = $changes{ $s->{action} };

	return sub { $_[0]->insert({ c => undef, version => $s->{token}, map { $_ => $s->{$_} } qw(id part a b) }) }
	  if !$old;
	return sub { $_[0]->update($old, sub { return { %{ $_[0] }, %$change } }, $was_named) }
	  if $change;
	return $s->{action} == 4 ? sub { $_[0]->delete($old) } : undef;
}

my @makers = (
	UPDATE => \&make_update, UPDATE => \&make_update, UPDATE => \&make_update,
	'UPDATE FROM' => \&make_update_from,
	INSERT => \&make_insert,
	'INSERT ON CONFLICT' => \&make_upsert, 'INSERT ON CONFLICT' => \&make_upsert,
	MERGE => \&make_merge, MERGE => \&make_merge,
	DELETE => \&make_delete);

# Run SQL that changes no row and that must succeed.
sub command
{
	my $sql = shift;

	push @commands, $sql;
	$dbh->do($sql);
}

# What is in the table.
sub fetch_rows
{
	my $version = $m->{type} eq 'timestamptz' ? "('x' || encode(timestamptz_send(version), 'hex'))::bit(64)::bigint" : 'version';
	my %rows;

	my $other = $m->{has_other} ? ', other' : '';

	foreach my $row (@{ $dbh->selectall_arrayref("SELECT id, part, a, b, c, $version AS version, g$other FROM $table", { Slice => {} }) })
	{
		my $g = delete $row->{g};
		$row->{c} .= ' (and g is wrong)' if (defined $g ? $g / 2 : '') ne ($row->{a} // '');
		$rows{ Model::key($row) } = $row;
	}
	return \%rows;
}

# Is the version that the table has the one that the model wants?  Notes uuids down.
sub is_version
{
	my ($wanted, $got) = @_;

	return Model::same($wanted, $got) if !ref $wanted && ($wanted // '') ne 'random';
	return defined $got && $got >= $wanted->[0] && $got <= $wanted->[1] if ref $wanted;
	return defined $got && $got =~ /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/ && !$seen{$got}++;
}

sub show_row
{
	my $row = shift;

	return '(' . join(', ', map { "$_ => " . (!defined $row->{$_} ? 'null' : ref $row->{$_} ? "[@{$row->{$_}}]" : $row->{$_}) } @columns) . ')';
}

# Compare the table's rows with the model's, which takes over what it could not know.
# Returns what is wrong.
sub compare_rows
{
	my ($wanted, $got) = ($m->{rows}, fetch_rows());
	my @wrong;

	foreach my $key (sort keys %{ { %$wanted, %$got } })
	{
		my ($w, $g) = ($wanted->{$key}, $got->{$key});
		if (!$w || !$g || grep { !Model::same($w->{$_}, $g->{$_}) } qw(a b c other)
			or !is_version($w->{version}, $g->{version}))
		{
			push @wrong, 'expected row ' . ($w ? show_row($w) : 'none') . ', got ' . ($g ? show_row($g) : 'none');
			next;
		}
		if (!Model::same($w->{version}, $g->{version}))
		{
			$wanted->{$key} = { %$w, version => $g->{version} };
		}
		push @history, $g->{version};
	}
	splice @history, 0, -20;
	return @wrong;
}

# The key that a message tells.
sub told_key
{
	return shift =~ /DETAIL:  Key \(id, part\)=\((\d+), (\d+)\)/ ? " $1 $2" : '';
}

# Run a statement, and compare all that it did with the model.  Returns what is wrong.
sub run_statement
{
	my ($sql, @parts) = @_;
	my $count;
	my @wrong;

	$dbh->do('SAVEPOINT statement');
	@warnings = ();
	my $began = clock();
	my $succeeded = eval {
		my $sth = $dbh->prepare($sql);
		$sth->execute;
		# DBD::Pg does not count what MERGE does
		($count) = $sth->{pg_cmd_status} =~ /(\d+)$/;
		1;
	};
	my $state = $succeeded ? 'success' : $dbh->state;
	my $message = $succeeded ? '' : $dbh->errstr;
	$dbh->do($succeeded ? 'RELEASE statement' : 'ROLLBACK TO statement; RELEASE statement');
	my @told = sort map { /^WARNING:  (\w{5}): / ? $1 . told_key($_) : $_ } @warnings;

	my $expected = $m->run([ $began, clock() ], @parts);
	my @errors = sort keys %{ $expected->{errors} };
	$count{$state}++;
	$count{"warning $_"}++ foreach map { substr $_, 0, 5 } @told;
	$count{'rows'} += $count || 0;
	if (@errors ? !grep { $_ eq $state } @errors : !$succeeded)
	{
		push @wrong, 'expected ' . join(' or ', @errors ? @errors : 'success'), "got $state: $message";
	}
	elsif ($succeeded)
	{
		my @warned = sort @{ $expected->{warnings} };
		push @wrong, 'expected warnings: ' . join(', ', @warned), 'got: ' . join(', ', @told) if "@warned" ne "@told";
		push @wrong, "expected $expected->{count} rows, got $count" if $expected->{count} != $count;
	}
	return (@wrong, compare_rows());
}

# SQL that makes a row, where no trigger fires.
sub insert_row
{
	my $row = shift;

	$row->{other} = 1 if $m->{has_other};
	return "INSERT INTO $table (id, part, a, b, c, version) VALUES ($row->{id}, $row->{part}, "
	  . join(', ', map({ literal($row->{$_}, $column_types{$_}) } qw(a b c)), version_literal($row->{version})) . ')';
}

# Print how to see a disagreement again.
sub disagree
{
	my ($sql, @wrong) = @_;

	return if ++$disagreements > DISAGREEMENTS;
	diag("disagreement $disagreements, with FUZZ_SEED=$seed; it takes the functions and the table of this test");
	diag($_) foreach $attach, 'SET session_replication_role = replica;',
	  map({ insert_row($_) . ';' } @before),
	  'RESET session_replication_role;', map({ "$_;" } @commands), "$sql;", @wrong, '';
}

# Assert the version of a row, most often the one that it has.  Complains where the
# SQLSTATE is another than the model's.
sub assert_row
{
	my $key = random_key();
	my $row = row_at($key);
	my $version = $row && !one_in(4) ? $row->{version} : token($row);
	my $sql = "SELECT concurrency.assert_current('$table', '{\"id\": $key->{id}, \"part\": $key->{part}}', " . version_literal($version) . ')';

	$dbh->do('SAVEPOINT statement');
	my $state = eval { $dbh->do($sql); 1 } ? '00000' : $dbh->state;
	$dbh->do($state eq '00000' ? 'RELEASE statement' : 'ROLLBACK TO statement; RELEASE statement');
	my $expected = $m->assert($key, $version);
	disagree($sql, "expected $expected, got $state") if $state ne $expected;
	push @commands, $sql if $state eq '00000';
	$count{"assertion $state"}++;
}

# Switches and expectations, of which the newest word counts.
sub random_command
{
	my $session = $m->{session};
	my $what = pick(qw(skip_check skip_bump expect expect expect assert assert assert blind_writes savepoint savepoint back release));
	my $savepoints = $m->{savepoints};

	if ($what =~ /^skip/)
	{
		my $is_on = one_in(2) ? 1 : 0;
		command("SELECT concurrency.$what(" . (one_in(3) ? 'NULL' : "'$table'") . ', ' . ($is_on ? 'true' : 'false') . ')');
		$session->{$what} = $is_on;
	}
	elsif ($what eq 'expect')
	{
		my $version = token((rows_by_key())[0]);
		command("SELECT concurrency.expect('$table', " . version_literal($version) . ')');
		$m->expect($version);
	}
	elsif ($what eq 'assert')
	{
		assert_row();
	}
	elsif ($what eq 'blind_writes')
	{
		my $value = one_in(20) ? 'rejct' : pick(qw(table allow warn reject));
		command("SET LOCAL concurrency.blind_writes = '$value'");
		$session->{blind_writes} = $value;
	}
	elsif ($what eq 'savepoint')
	{
		push @$savepoints, $m->snapshot;
		$m->push_savepoint;
		command('SAVEPOINT s' . @$savepoints);
	}
	elsif (@$savepoints)
	{
		command(($what eq 'back' ? 'ROLLBACK TO s' : 'RELEASE s') . @$savepoints);
		if ($what eq 'back')
		{
			$m->restore($savepoints->[-1]);
			$m->push_savepoint;
		}
		else
		{
			$m->release_savepoint;
			pop @$savepoints;
		}
	}
}

# A few statements in one transaction.  Returns how many, or 0 after a disagreement.
sub run_transaction
{
	my $start = $m->snapshot;
	my $done = 0;

	@before = rows_by_key();
	@commands = ();
	$m->{savepoints} = [];
	command('BEGIN');
	($m->{xact}) = $dbh->selectrow_array('SELECT pg_current_xact_id()') if $m->{kind} eq 'xact';
	foreach (1 .. pick(1, 2, 4, 8))
	{
		random_command() while one_in(3);
		my $i = 2 * int rand(@makers / 2);
		my ($sql, @parts) = $makers[ $i + 1 ]->();
		$count{ $makers[$i] }++;
		$done++;
		my @wrong = run_statement($sql, @parts);
		if (@wrong)
		{
			disagree($sql, @wrong);
			$dbh->do('ROLLBACK');
			return 0;
		}
		push @commands, $sql;
	}
	my $end = one_in(5) ? 'ROLLBACK' : 'COMMIT';
	my $has_unmet = $end eq 'COMMIT' ? $m->has_unmet : 0;
	@warnings = ();
	command($end);
	my $told = grep { /^WARNING:  02000: / } @warnings;
	$count{'warning 02000'}++ if $told;
	$m->restore($start) if $end eq 'ROLLBACK';
	$m->begin_transaction;
	my @wrong = compare_rows();
	push @wrong, "$told expectations that no write met were told, expected " . ($has_unmet ? 'some' : 'none')
	  if defined $has_unmet && !$has_unmet != !$told;
	disagree('-- afterwards', @wrong) if @wrong;
	return @wrong ? 0 : $done;
}

# Attach a table, and fill it with rows that were there before.
sub start_scenario
{
	my $combination = shift;
	my %policy = (%$combination, %{ $combination->{condition} });
	my $layout = pick(sort keys %layouts);
	# what is not named stays as it was in the scenario before
	my %given = map { $_ => '' } qw(kind protocol blind on_conflict watch ignore);

	$table = "${layout}_$policy{type}";
	$m = Model->new(
		%policy,
		stamp_insert => !one_in(5),
		partitioned => $layout eq 'partitioned',
		has_other => $layout eq 'double',
		is_meddled => $layout eq 'meddled');
	@history = ();

	$given{kind} = $m->{kind} if $policy{type} eq 'clock' || one_in(2);
	foreach (qw(protocol blind on_conflict))
	{
		$given{$_} = $policy{$_} if $policy{$_} !~ /^(default|allow|error)$/ || $policy{$_} ne 'default' && one_in(2);
	}
	$given{on_conflict} = "call=public.handle_$table" if $policy{on_conflict} eq 'call';
	$given{$_} = join ', ', @{ $policy{$_} } foreach grep { $policy{$_} } qw(watch ignore);
	$given{$_} = $m->{$_} ? 'true' : 'false' foreach qw(guard_delete stamp_insert);
	$attach = "SELECT concurrency.attach('$table'" . join('', map { ", $_ => '$given{$_}'" } sort keys %given) . ');';

	$dbh->do("TRUNCATE $table");
	$dbh->do($attach);
	foreach my $key (map { { id => $_, part => pick(0 .. 2) } } 1 .. 4)
	{
		my $row = { %$key, version => odd_version(), map { $_ => value_of($_) } qw(a b c) };
		$row->{other} = 1 if $m->{has_other};
		$m->{rows}{ Model::key($row) } = $row;
	}
	$dbh->do('SET session_replication_role = replica');
	$dbh->do(insert_row($_)) foreach rows_by_key();
	$dbh->do('RESET session_replication_role');
}

my ($done, $scenarios) = (0, 0);
my $began = time;
create_tables();
my @combinations = combinations();
while ($done < $statements)
{
	start_scenario($combinations[ $scenarios++ % @combinations ]);
	my $left = STATEMENTS;
	while ($left > 0)
	{
		my $ran = run_transaction();
		$done += $ran || 1;
		$left -= $ran;
		last if !$ran;
	}
}

note("seed $seed, PostgreSQL $major: $done statements in $scenarios scenarios, in " . (time - $began) . ' s');
note("$_: $count{$_}") foreach sort keys %count;
is($disagreements || 0, 0, "$done statements did what the model says");
ok(!(grep { !$count{$_} } qw(success PT409 PT428 22023 23505 27000), 'warning PT409', 'warning PT428', 'warning 02000',
	map { "assertion $_" } qw(00000 PT409 P0002)),
	'every kind of outcome was met');
server_survived();
done_testing();
