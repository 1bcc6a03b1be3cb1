# Sections 9 and 11: whatever a trigger or attach is told, it succeeds or fails with one
# of the SQLSTATEs that doc/reference.md lists; a list that is right is
# accepted, one with a single mistake is refused for that, and a trigger that is created
# with a list judges it as check_trigger_arguments does.  None of what is tried runs as SQL.
#
# FUZZ_LISTS      lists for check_trigger_arguments (default 960000)
# FUZZ_TRIGGERS   lists for CREATE TRIGGER, with writes (default 20000)
# FUZZ_ATTACH     calls of attach and detach (default 20000)
# FUZZ_SEED       repeats a run (default 1)
use strict;
use warnings;
use utf8;
use FindBin;
use lib $FindBin::RealBin;
use Fuzz;
use Test::More;

my $lists = $ENV{FUZZ_LISTS} || 960_000;
my $triggers = $ENV{FUZZ_TRIGGERS} || 20_000;
my $attachs = $ENV{FUZZ_ATTACH} || 20_000;
my $seed = $ENV{FUZZ_SEED} || 1;
my $dbh = fresh_database('fuzz_arguments');
my $major = int($dbh->{pg_server_version} / 10000);
my (%states, %tables);

srand($seed);

# The columns that versions can be kept in, with a version that no row has.
my %version_columns = (
	version => { kinds => [qw(counter clock)], other => '-7' },
	small => { kinds => ['counter'], other => '-7' },
	whole => { kinds => ['counter'], other => '-7' },
	time => { kinds => ['clock'], other => '1999-01-01' },
	xid => { kinds => ['xact'], other => '1' },
	uuid => { kinds => ['uuid'], other => '00000000-0000-0000-0000-000000000000' },
	counted => { kinds => [qw(counter clock)], other => '-7' },
	positive => { kinds => ['counter'], other => '7' },
	q{Quoted " 'column'} => { kinds => ['counter'], other => '-7' },
	'x=y' => { kinds => [qw(counter clock)], other => '-7' },
	'löng_' . 'ü' x 28 => { kinds => [qw(counter clock)], other => '-7' });
my @version_columns = sort keys %version_columns;

# Other columns: as watch and ignore name them.
my @plain_columns = ('id', 'body', 'BODY', ' n ', 'rounded', '"a,b"', '"späße"', '"="', 'id, body', 'n,id', '"body"');

# Tables of all shapes; those that are no tables come last.
my $columns = q{id int NOT NULL, body text, n int, version bigint, small smallint, whole integer, time timestamptz,
	rounded timestamptz(3), xid xid8, uuid uuid, counted concurrency.version, positive "shape's".positive,
	"Quoted "" 'column'" integer, "x=y" bigint, "löng_üüüüüüüüüüüüüüüüüüüüüüüüüüüü" bigint,
	"a,b" text, "späße" text, "=" text, number numeric, generated bigint GENERATED ALWAYS AS (n + 1) STORED};
(my $reversed = $columns) =~ s/\n//g;
$reversed = join ', ', reverse grep { /\S/ } split /,(?![b+])\s*/, $reversed;
my $shapes = qq{
	CREATE SCHEMA "shape's";
	CREATE DOMAIN "shape's".positive AS int CHECK (value > 0);
	CREATE TABLE "shape's"."Plain" ($columns, PRIMARY KEY (id));
	CREATE UNLOGGED TABLE "shape's".unlogged ($columns);
	CREATE TEMPORARY TABLE temporary ($columns);
	CREATE TABLE "shape's".dropped (gone text, $columns, gone_too int);
	ALTER TABLE "shape's".dropped DROP COLUMN gone, DROP COLUMN gone_too;
	CREATE TABLE "shape's".identity (no bigint GENERATED ALWAYS AS IDENTITY, $columns);
	CREATE TABLE "shape's".parent ($columns);
	CREATE TABLE "shape's".child (extra int) INHERITS ("shape's".parent);
	CREATE TABLE "shape's".grandchild () INHERITS ("shape's".child);
	CREATE TABLE "shape's".partitioned ($columns) PARTITION BY RANGE (id);
	CREATE TABLE "shape's".low PARTITION OF "shape's".partitioned FOR VALUES FROM (0) TO (15);
	CREATE TABLE "shape's".high ($reversed) PARTITION BY LIST (n);
	CREATE TABLE "shape's".deep PARTITION OF "shape's".high DEFAULT;
	ALTER TABLE "shape's".partitioned ATTACH PARTITION "shape's".high FOR VALUES FROM (15) TO (100);
	CREATE FUNCTION "shape's"."Merge ()"(current "shape's"."Plain", attempted "shape's"."Plain")
		RETURNS "shape's"."Plain" LANGUAGE sql AS 'SELECT current';
	CREATE FUNCTION "shape's".many(current "shape's"."Plain", attempted "shape's"."Plain")
		RETURNS SETOF "shape's"."Plain" LANGUAGE sql AS 'SELECT current';
	CREATE FUNCTION "shape's".strangers(current "shape's"."Plain", attempted "shape's"."Plain")
		RETURNS "shape's"."Plain" LANGUAGE sql AS 'SELECT current';
	ALTER FUNCTION "shape's".strangers OWNER TO fuzz_stranger;

	CREATE FOREIGN TABLE "shape's"."foreign" (id int NOT NULL, n int, version bigint) SERVER fuzz;
	CREATE TYPE "shape's".composite AS (id int, version bigint);
	CREATE TABLE "shape's".typed OF "shape's".composite;
	CREATE TABLE "shape's".referred (version bigint PRIMARY KEY);
	CREATE TABLE "shape's".referring (id int, version bigint REFERENCES "shape's".referred);
	CREATE TABLE "shape's".bare ();
	CREATE TABLE "shape's".django (id int, version bigint);
	CREATE TRIGGER concurrency_django_i BEFORE UPDATE ON "shape's".django
		FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
	CREATE TABLE "shape's".taken (id int, version bigint);
	CREATE TRIGGER zz_concurrency_version BEFORE UPDATE ON "shape's".taken
		FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
	CREATE TABLE "shape's"."'); DROP TABLE canary.bird; --" (id int, version bigint);
	CREATE TABLE "shape's"."""" (id int, """" bigint);
	CREATE VIEW "shape's".view AS SELECT * FROM "shape's"."Plain";
	CREATE MATERIALIZED VIEW "shape's".materialized AS SELECT * FROM "shape's"."Plain";
	CREATE SEQUENCE "shape's".sequence;
	CREATE INDEX "index" ON "shape's"."Plain" (version);
};
my @full = qw(Plain unlogged temporary dropped identity parent child grandchild partitioned low high deep);
my @odd = ('foreign', 'composite', 'typed', 'referred', 'referring', 'bare', 'django', 'taken',
	q{'); DROP TABLE canary.bird; --}, '"', 'view', 'materialized', 'sequence', 'index');

sub create_shapes
{
	$dbh->do(q{DROP SCHEMA IF EXISTS "shape's" CASCADE});
	$dbh->do('DROP TABLE IF EXISTS temporary');
	$dbh->do($shapes);
	$dbh->do("INSERT INTO $_ (id, n) VALUES (10, 1), (20, 2)")
	  foreach 'temporary', map { qq{"shape's"."$_"} } qw(Plain unlogged dropped identity parent child grandchild partitioned);
	%tables = map { @$_ } @{
		$dbh->selectall_arrayref(q{SELECT relname, oid FROM pg_class
			WHERE relnamespace IN ('"shape''s"'::regnamespace, pg_my_temp_schema())}) };
	delete @tables{ grep { my $name = $_; !grep { $_ eq $name } @full, @odd } keys %tables };
	my ($toast) = $dbh->selectrow_array(q{SELECT reltoastrelid FROM pg_class WHERE oid = '"shape''s"."Plain"'::regclass});
	%tables = (%tables, toast => $toast, missing => 4_000_000_000, invalid => 0, catalog => 1259,
		information => $dbh->selectrow_array(q{SELECT 'information_schema.sql_features'::regclass::oid}));
}

# What runs in the server: each returns SQLSTATEs, and leaves no error behind.
sub create_functions
{
	$dbh->do(q{
		CREATE ROLE fuzz_stranger;
		CREATE SCHEMA canary;
		CREATE TABLE canary.bird AS SELECT 'sings' AS state;
		CREATE FOREIGN DATA WRAPPER fuzz;
		CREATE SERVER fuzz FOREIGN DATA WRAPPER fuzz;
		CREATE FUNCTION canary.try_list(tab oid, arguments text) RETURNS text LANGUAGE plpgsql AS $$
		BEGIN
			PERFORM concurrency.check_trigger_arguments(tab, arguments::text[]);
			RETURN '00000';
		EXCEPTION WHEN OTHERS THEN
			RETURN SQLSTATE;
		END
		$$;
		CREATE FUNCTION canary.try_write(command text) RETURNS text LANGUAGE plpgsql AS $$
		BEGIN
			EXECUTE command;
			RAISE SQLSTATE 'FUZZ0';
		EXCEPTION
			WHEN SQLSTATE 'FUZZ0' THEN
				RETURN '00000';
			WHEN OTHERS THEN
				RETURN SQLSTATE;
		END
		$$;
		-- a blind write, and one that conflicts for its expectation
		CREATE FUNCTION canary.try_trigger(tab regclass, arguments text[], other text) RETURNS text LANGUAGE plpgsql AS $$
		DECLARE
			outcome text := 'FUZZ1';
		BEGIN
			EXECUTE format('CREATE TRIGGER zz_fuzz BEFORE INSERT OR UPDATE OR DELETE ON %s'
				' FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger(%s)', tab,
				(SELECT string_agg(quote_literal(argument), ', ' ORDER BY i)
				   FROM unnest(arguments) WITH ORDINALITY AS a(argument, i)));
			outcome := canary.try_write(format('UPDATE %s SET n = n', tab));
			IF outcome IN ('00000', 'PT428') THEN
				PERFORM concurrency.expect(tab, other, arguments[1]::name);
				outcome := outcome || ' ' || canary.try_write(format('UPDATE %s SET n = n', tab));
			END IF;
			RAISE SQLSTATE 'FUZZ0';
		EXCEPTION
			WHEN SQLSTATE 'FUZZ0' THEN
				RETURN outcome;
			WHEN OTHERS THEN
				RETURN SQLSTATE || ' from CREATE TRIGGER or expect(): ' || SQLERRM;
		END
		$$;
		-- what succeeds is written to, if it is a table with rows
		CREATE FUNCTION canary.try_attach(tab regclass, col name, kind text, protocol text, blind text, on_conflict text,
			watch text, ignore text, flags boolean[]) RETURNS text LANGUAGE plpgsql AS $$
		DECLARE
			name name;
			before concurrency.attachments;
		BEGIN
			-- (of two that keep the column, the last one stays)
			SELECT a.* INTO before FROM concurrency.attachments a
			 WHERE (a.table_name, a.column_name) = (tab, col) ORDER BY a.trigger_name DESC LIMIT 1;
			name := concurrency.attach(tab, col, kind, protocol, blind, on_conflict, watch, ignore, flags[1], flags[2], flags[3]);
			-- what is null is as it was, and what is empty is as by default
			IF NOT EXISTS (SELECT FROM concurrency.attachments a
							WHERE (a.table_name, a.column_name, a.trigger_name) = (tab, col, name)
							  AND a.watch IS NOT DISTINCT FROM nullif(coalesce(try_attach.watch, before.watch), '')
							  AND a.ignore IS NOT DISTINCT FROM nullif(coalesce(try_attach.ignore, before.ignore), '')
							  AND a.blind = coalesce(nullif(coalesce(try_attach.blind, before.blind), ''), 'allow')
							  AND a.on_conflict = coalesce(nullif(coalesce(try_attach.on_conflict, before.on_conflict), ''), 'error')
							  AND a.guard_delete = coalesce(flags[1], before.guard_delete, false)
							  AND a.stamp_insert = coalesce(flags[2], before.stamp_insert, true)) THEN
				RETURN 'attachments does not say so';
			END IF;
			IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = tab AND attname = 'n' AND attnum > 0)
				AND EXISTS (SELECT FROM pg_class WHERE oid = tab AND relkind IN ('r', 'p')) THEN
				name := canary.try_write(format('UPDATE %s SET n = n', tab));
				IF name NOT IN ('00000', 'PT428') THEN
					RETURN 'then a write fails with ' || name;
				END IF;
			END IF;
			RETURN '00000';
		EXCEPTION WHEN OTHERS THEN
			RETURN SQLSTATE;
		END
		$$;
		CREATE FUNCTION canary.try_detach(tab regclass, col name) RETURNS text LANGUAGE plpgsql AS $$
		BEGIN
			PERFORM concurrency.detach(tab, col);
			IF EXISTS (SELECT FROM concurrency.attachments a WHERE (a.table_name, a.column_name) = (tab, col)) THEN
				RETURN 'attachments does not say so';
			END IF;
			RETURN '00000';
		EXCEPTION WHEN OTHERS THEN
			RETURN SQLSTATE;
		END
		$$});
}

# Text that nobody ought to send.
my @bits = ('', ' ', ',', '=', '"', '""', "'", "''", '\\', '\\\\', '$$', '$1', ';', '--', '/*', '*', '(', ')', '{', '}',
	'NULL', 'null', "\n", "\t", "\r", "\x01", "\x7f", "\x{a0}", 'ü', 'ß', 'İ', "\x{10ffff}", "e\x{301}", "\x{202e}", "\x{feff}", '日本語',
	'%s', '%I', '%', '%n', '1', '0', '-1', '99999999999999999999', 'version', 'VERSION', 'ctid', 'tableoid', 'xmin', 'id', 'body',
	'kind', 'protocol', 'blind', 'on_conflict', 'watch', 'ignore', 'kind=', 'protocol=', 'watch=', 'ignore=', 'on_conflict=', 'call=',
	'counter', 'clock', 'xact', 'uuid', 'auto', 'echo', 'increment', 'allow', 'warn', 'reject', 'error', 'skip',
	'U&"\\0041"', "E'\\n'", 'pg_catalog.', 'concurrency.', 'version_trigger', '........pg.dropped.1........',
	"'; DROP TABLE canary.bird; --", "'); DROP SCHEMA canary CASCADE; --", '"; DROP TABLE canary.bird; --',
	'$$; DROP TABLE canary.bird; $$', "\\'; DROP TABLE canary.bird; --", '"."bird', "' || (SELECT 1/0) || '", 'canary.bird');

sub hostile_text
{
	my $text = join '', map { pick(@bits) } 1 .. pick(0, 1, 1, 2, 2, 3, 5);

	$text = join '', map { chr pick(1 .. 127, 128 .. 255, 0x400 .. 0x420) } 1 .. rand 40 if one_in(20);
	$text x= 10 ** (1 + rand 3) if one_in(300);
	$text x= 20_000 if length $text < 10 && one_in(3000);
	return $text;
}

# Damage a text.
sub mutate
{
	my $text = shift;
	my $at = int rand(1 + length $text);

	my ($before, $after) = (substr($text, 0, $at), substr($text, $at));
	return $before . pick(@bits) . $after if one_in(2);
	return $before . $after =~ s/^.{1,3}//sr if one_in(2);
	return pick(uc $text, lc $text, scalar reverse($text), $text . $text, " $text", "$text ");
}

# The option=value of a list that is right for the tables of @full.
sub valid_options
{
	my ($column, $table) = @_;
	my @options;

	push @options, 'kind=' . pick(@{ $version_columns{$column}{kinds} }) if one_in(2);
	push @options, 'protocol=' . pick(qw(auto echo increment ignore)) if one_in(2);
	push @options, 'blind=' . pick(qw(allow warn reject)) if one_in(2);
	push @options, 'on_conflict=' . pick(qw(error skip warn), $table eq 'Plain' ? q{call="shape's"."Merge ()"} : ()) if one_in(2);
	push @options, pick('watch=*', 'watch=' . pick(@plain_columns), 'ignore=' . pick(@plain_columns)) if one_in(2);
	return shuffle(@options);
}

sub shuffle
{
	my @items = @_;

	foreach my $i (reverse 1 .. $#items)
	{
		my $j = int rand($i + 1);
		@items[ $i, $j ] = @items[ $j, $i ];
	}
	return @items;
}

# Single mistakes: an argument more, in place of any of the same option; or another
# column.  Each with the SQLSTATE that it has.
my @mistakes = (
	[ '22023', 'protocol' ], [ '22023', 'nonsense' ], [ '22023', '' ], [ '22023', '=' ], [ '22023', '=auto' ],
	[ '22023', 'protocl=auto' ], [ '22023', 'Protocol=auto' ], [ '22023', ' protocol=auto' ], [ '22023', 'protocol =auto' ],
	[ '22023', 'protocol=' ], [ '22023', 'protocol=ehco' ], [ '22023', 'protocol=echo ' ], [ '22023', 'protocol=ECHO' ],
	[ '22023', 'blind=deny' ], [ '22023', 'blind==allow' ], [ '22023', 'on_conflict=ignore' ], [ '22023', 'on_conflict=call' ],
	[ '22023', 'kind=version' ], [ '22023', 'kind=' ],
	[ '22023', 'on_conflict=call=' ], [ '22023', 'on_conflict=call=merge' ], [ '22023', 'on_conflict=call=a.b.c' ],
	[ '22023', 'on_conflict=call=a.' ], [ '22023', 'on_conflict=call="a.b' ],
	[ '42883', 'on_conflict=call=public.merge' ], [ '42883', 'on_conflict=call=nowhere.merge' ],
	[ '42883', 'on_conflict=call=pg_catalog.now' ],
	[ '42P13', q{on_conflict=call="shape's".many}, 'Plain' ], [ '42501', q{on_conflict=call="shape's".strangers}, 'Plain' ],
	[ '22023', 'watch=' ], [ '22023', 'watch=,' ], [ '22023', 'watch=id,' ], [ '22023', 'watch="id' ], [ '22023', 'watch=id body' ],
	[ '42703', 'watch=nothing' ], [ '42703', 'watch="BODY"' ], [ '42703', 'watch=ctid' ], [ '42703', 'watch="*"' ],
	[ '42703', 'watch=*,id' ], [ '22023', 'watch=generated' ], [ '22023', 'ignore=generated' ], [ '42703', 'ignore=*' ],
	[ '22023', 'ignore=' ], [ '42703', 'ignore=nothing' ], [ '22023', 'watch=id', 'ignore=body' ]);
my @wrong_columns = ([ '42703', '' ], [ '42703', 'nothing' ], [ '42703', 'VERSION' ], [ '42703', 'ctid' ], [ '42703', 'tableoid' ],
	[ '42703', 'version ' ], [ '42703', '"version"' ], [ '42703', 'v' x 100 ], [ '42804', 'body' ], [ '42804', 'rounded' ],
	[ '42804', 'number' ], [ '428C9', 'generated' ]);

# A list with one mistake, and what that is.
sub mistaken_list
{
	my $table = shift;
	my $column = pick(@version_columns);
	my @options = valid_options($column, $table);

	return ('22023') if one_in(30);
	if (one_in(4))
	{
		my ($state, $name) = @{ pick(@wrong_columns) };
		return ($state, $name, grep { !/^kind/ } @options);
	}
	if (one_in(8) && @options)
	{
		return ('22023', $column, shuffle(@options, pick(@options)));
	}
	if (one_in(8))
	{
		my %fits = map { $_ => 1 } @{ $version_columns{$column}{kinds} };
		my $kind = pick(grep { !$fits{$_} } qw(counter clock xact uuid));
		return ('42804', $column, shuffle((grep { !/^kind/ } @options), "kind=$kind"));
	}
	my ($state, @arguments) = @{ pick(grep { $table eq 'Plain' || ($_->[2] || '') ne 'Plain' } @mistakes) };
	@arguments = grep { $_ ne 'Plain' } @arguments;
	foreach (@arguments)
	{
		my $option = /^(protocol|blind|on_conflict|kind)/ ? $1 : /^(watch|ignore)/ ? 'watch|ignore' : next;
		@options = grep { !/^(?:$option)=/ } @options;
	}
	return ($state, $column, shuffle(@options, @arguments));
}

sub hostile_list
{
	my $table = shift;
	my $column = pick(@version_columns);
	my @arguments = ($column, valid_options($column, $table));

	foreach (1 .. pick(1, 1, 1, 2, 3))
	{
		my $at = int rand(@arguments + 1);
		my $how = pick('mutate', 'mutate', 'mutate', 'add', 'option', 'option', 'remove', 'repeat');
		if ($how eq 'mutate' && $at < @arguments) { $arguments[$at] = mutate($arguments[$at]) }
		elsif ($how eq 'add') { splice @arguments, $at, 0, hostile_text() }
		elsif ($how eq 'option')
		{
			my $option = pick('kind=', 'protocol=', 'blind=', 'on_conflict=', 'on_conflict=call=', 'watch=', 'ignore=', hostile_text());
			splice @arguments, $at, 0, $option . hostile_text();
		}
		elsif ($how eq 'remove') { splice @arguments, $at, 1 }
		elsif (@arguments) { splice @arguments, $at, 0, pick(@arguments) }
	}
	@arguments = map { hostile_text() } 1 .. pick(1 .. 5, 300) if one_in(50);
	return @arguments;
}

# A table's name, a list, and what is to be said of it if that is certain.
sub random_list
{
	my $table = pick(@full);
	my $what = rand;

	if ($what < 0.15)
	{
		my $column = pick(@version_columns);
		return ($table, '00000', $column, valid_options($column, $table));
	}
	return ($table, mistaken_list($table)) if $what < 0.4;
	$table = pick(sort keys %tables) if one_in(4);
	return ($table, undef, hostile_list($table));
}

# An array's text, in which every element is quoted.
sub array_literal
{
	return '{' . join(',', map { my $text = $_; $text =~ s/(["\\])/\\$1/g; qq{"$text"} } @_) . '}';
}

# Settings that change how SQL is read and written.
sub random_settings
{
	$dbh->do('SET ' . $_) foreach 'standard_conforming_strings = ' . pick(qw(on off)),
	  'quote_all_identifiers = ' . pick(qw(on off)), 'backslash_quote = ' . pick(qw(on off safe_encoding)),
	  'escape_string_warning = off',
	  'search_path = ' . pick('public', q{"shape's", public}, q{'', pg_temp}, 'canary, pg_catalog'),
	  'DateStyle = ' . pick(q{'ISO, MDY'}, q{'SQL, DMY'}, 'German'), 'IntervalStyle = ' . pick(qw(postgres iso_8601));
}

# Which SQLSTATEs are documented.
sub documented
{
	my ($errors) = read_file('doc/reference.md') =~ /^## Errors\n(.*?)^## /ms;
	my %states = map { $_ => 1 } '00000', $errors =~ /^\| ([0-9A-Z]{5}) \|/mg;

	return \%states;
}

my $documented = documented();
my (%shown, %failed);

# Note an outcome down; if it is not as it should be, say what was tried.
sub judge
{
	my ($what, $is_right, $state, @tried) = @_;

	$states{$what}{$state}++;
	return if $is_right;
	$failed{$what}++;
	return if $shown{"$what $state"}++ || keys %shown > 20;
	diag("$what: $state, of " . join(', ', map { defined $_ ? quote($_) : 'NULL' } @tried));
}

sub quote
{
	my $text = substr shift, 0, 300;

	$text =~ s/'/''/g;
	$text =~ s/([^ -~])/sprintf '\\x{%x}', ord $1/ge;
	return "'$text'";
}

sub canary_lives
{
	my ($state) = eval { $dbh->selectrow_array('SELECT state FROM canary.bird') };

	return ($state || '') eq 'sings';
}

sub check_lists
{
	my $left = $lists;

	while ($left > 0)
	{
		my @tried = map { [ random_list() ] } 1 .. 1000;
		random_settings();
		my $got = $dbh->selectcol_arrayref(
			'SELECT canary.try_list(tab, arguments) FROM unnest(?::oid[], ?::text[]) WITH ORDINALITY AS t(tab, arguments, i) ORDER BY i',
			undef, [ map { $tables{ $_->[0] } } @tried ], [ map { array_literal(@$_[ 2 .. $#$_ ]) } @tried ]);
		foreach my $i (0 .. $#tried)
		{
			my ($table, $expected, @arguments) = @{ $tried[$i] };
			my $state = $got->[$i];
			judge(defined $expected ? "expected $expected" : 'hostile', $documented->{$state} && $state eq ($expected // $state),
				$state, $table, @arguments);
		}
		$left -= @tried;
	}
}

sub check_triggers
{
	my $left = $triggers;

	while ($left > 0)
	{
		my @tried;
		while (@tried < 200)
		{
			my @try = random_list();
			push @tried, \@try if grep { $try[0] eq $_ } @full;
		}
		random_settings();
		my $got = $dbh->selectall_arrayref(
			'SELECT canary.try_list(tab, arguments), canary.try_trigger(tab, arguments::text[], other)'
			  . ' FROM unnest(?::oid[], ?::text[], ?::text[]) WITH ORDINALITY AS t(tab, arguments, other, i) ORDER BY i',
			undef, [ map { $tables{ $_->[0] } } @tried ], [ map { array_literal(@$_[ 2 .. $#$_ ]) } @tried ],
			[ map { ($version_columns{ $_->[2] // '' } || {})->{other} } @tried ]);
		foreach my $i (0 .. $#tried)
		{
			my ($table, $expected, @arguments) = @{ $tried[$i] };
			my ($state, $outcome) = @{ $got->[$i] };
			my $is_same = $state eq '00000' ? $outcome =~ /^(00000|PT428) (00000|PT409)$/ : $outcome =~ /^((00000|PT428) )?$state$/;
			judge('trigger', $is_same, $is_same ? $state : "$state, and then $outcome", $table, @arguments);
		}
		$left -= @tried;
		$dbh->do('VACUUM pg_trigger, pg_depend, pg_class, pg_attribute') if $left % 4000 == 0;
	}
}

# What attach is called with: a list's options, each as the argument of its name.
sub random_call
{
	my ($table, undef, $column, @options) = random_list();
	my %given = map { /^(kind|protocol|blind|on_conflict|watch|ignore)=(.*)/s ? ($1 => $2) : () } @options;

	$table = pick(sort keys %tables) if one_in(2);
	$column = pick('version', 'rev', hostile_text()) if one_in(3);
	$column = undef if one_in(50);
	$table = undef if one_in(50);
	$column = substr $column, 0, 63 if defined $column && one_in(2);
	my $flags = '{' . join(',', map { one_in(100) ? 'NULL' : pick(@$_) } [qw(t f)], [qw(t f)], [qw(t t f)]) . '}';
	return ($table, $column, @given{qw(kind protocol blind on_conflict watch ignore)}, $flags);
}

sub check_attach
{
	my $attach = $dbh->prepare('SELECT canary.try_attach(?::oid::regclass, ?::text::name, ?, ?, ?, ?, ?, ?, ?::boolean[])');
	my $detach = $dbh->prepare('SELECT canary.try_detach(?::oid::regclass, ?::text::name)');

	foreach my $i (1 .. $attachs)
	{
		my @call = random_call();
		random_settings() if $i % 10 == 0;
		create_shapes() if $i % 400 == 0;
		my $what = one_in(5) ? 'detach' : 'attach';
		my $table = defined $call[0] ? $tables{ $call[0] } : undef;
		my ($state) = $what eq 'attach' ? $dbh->selectrow_array($attach, undef, $table, @call[ 1 .. $#call ])
		  : $dbh->selectrow_array($detach, undef, $table, $call[1]);
		judge($what, $documented->{$state}, $state, @call);
	}
}

sub count_of
{
	my $sum = 0;

	$sum += $_ foreach map { values %{ $states{$_} } } @_;
	return $sum;
}

create_functions();
create_shapes();
check_lists();
check_triggers();
check_attach();

note("seed $seed, PostgreSQL $major");
foreach my $what (sort keys %states)
{
	note("$what: " . join ', ', map { "$_ $states{$what}{$_}" } sort keys %{ $states{$what} });
}
is($failed{hostile} || 0, 0, count_of('hostile') . ' hostile lists are accepted, or refused as documented');
my @expected = grep { /^expected/ } sort keys %states;
is((grep { $failed{$_} } @expected) + 0, 0, count_of(@expected) . ' lists are accepted, or refused for the one mistake that they have');
is($failed{trigger} || 0, 0, count_of('trigger') . ' triggers judge their arguments as check_trigger_arguments does');
is($failed{attach} || 0, 0, count_of('attach') . ' calls of attach succeed, or fail as documented');
is($failed{detach} || 0, 0, count_of('detach') . ' calls of detach succeed, or fail as documented');
ok(canary_lives(), 'the canary lives');
server_survived();
$dbh->do(q{DROP SCHEMA "shape's" CASCADE});
$dbh->do('DROP SCHEMA canary CASCADE');
$dbh->do('DROP ROLE fuzz_stranger');
done_testing();
