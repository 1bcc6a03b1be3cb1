# Section 3: what test/prove/decision_table.txt says becomes of an UPDATE is what the
# trigger does: every cell, for every kind of version.
#
# pg_regress has sql/decision_table.sql, with more values in each cell.  This is the text
# file that the model of test/prove/model.pl is made of.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# The column's type, and what is sent, as SQL that computes it from the row.  No client
# can know which version follows one that is random.
my %kinds = (
	counter => { type => 'bigint', next => 'version + 1', other => [ 'version - 1', 'version + 2', 'NULL' ] },
	clock => {
		type => 'timestamptz',
		next => "version + interval '1 us'",
		other => [ "version - interval '1 us'", 'NULL' ]
	},
	xact => { type => 'xid8', other => [ "'1'", 'NULL' ] },
	uuid => { type => 'uuid', other => [ 'gen_random_uuid()', 'NULL' ] });

my @lines = map { [split] } grep { /^[^#\s]/ } split /\n/, slurp_file("$FindBin::RealBin/../prove/decision_table.txt");
my @protocols = slurp_file("$FindBin::RealBin/../prove/decision_table.txt") =~ /^# +(auto +.*)$/m ? split ' ', $1 : ();

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION concurrency');
$node->safe_psql('postgres', slurp_file("$FindBin::RealBin/../attempt.sql"));
$node->safe_psql('postgres', q{
	-- What becomes of an UPDATE of the one row, which sends this.
	CREATE FUNCTION outcome(tab text, sends text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		old text;
		sent text;
		stored text;
		outcome text;
	BEGIN
		EXECUTE format('SELECT version, %s FROM %I', coalesce(sends, 'NULL'), tab) INTO STRICT old, sent;
		outcome := attempt(format('UPDATE %I SET n = n + 1', tab)
			|| CASE WHEN sends IS NULL THEN '' ELSE format(', version = %L', sent) END);
		IF outcome NOT IN ('accepted', 'blind') THEN
			RETURN outcome;
		END IF;
		EXECUTE format('SELECT version FROM %I', tab) INTO STRICT stored;
		RETURN CASE
			WHEN stored = old THEN 'is as it was'
			WHEN outcome = 'blind' THEN 'blind'
			WHEN stored = sent THEN 'keep'
			ELSE 'bump'
		END;
	END
	$$});

is("@protocols", 'auto echo increment ignore', 'the file has a column for each protocol');
is(join(' ', map { $_->[0] } @lines), 'not-sent same next other', '... and a line for whatever is sent');

foreach my $kind (sort keys %kinds)
{
	my (@expected, @found);

	foreach my $i (0 .. $#protocols)
	{
		my $table = "$kind $protocols[$i]";
		my $setup = qq{CREATE TABLE "$table" (n int, version $kinds{$kind}{type});
			SELECT concurrency.attach('"$table"', kind => '$kind', protocol => '$protocols[$i]', blind => 'reject');
			INSERT INTO "$table" VALUES (0)};
		my %sends = ('not-sent' => ['NULL'], same => ["'version'"],
			map { my $fit = $_; $fit => [ map { s/'/''/gr =~ s/(.*)/'$1'/r } grep { defined } map { ref ? @$_ : $_ } $kinds{$kind}{$fit} ] } 'next', 'other');

		$node->safe_psql('postgres', "SET client_min_messages = error; $setup");
		foreach my $line (@lines)
		{
			foreach my $sends (@{ $sends{ $line->[0] } })
			{
				push @expected, "$protocols[$i], $line->[0] ($sends): $line->[ 1 + $i ]";
				push @found, "$protocols[$i], $line->[0] ($sends): "
				  . $node->safe_psql('postgres', "SELECT outcome('$table', $sends)");
			}
		}
	}
	is(join("\n", @found), join("\n", @expected), "$kind: every cell of the table is what the trigger does");
}

$node->stop;
done_testing();
