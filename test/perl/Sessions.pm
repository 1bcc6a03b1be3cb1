# Sessions: several sessions that a test conducts, statement by statement, as the
# isolation tester does; for what takes a page's own SQL, or more than one server.
#
#   my $ann = Sessions->new($node, 'postgres');
#   $ann->run('BEGIN');              what psql -At would print, or the SQLSTATE
#   $ann->wait_for('UPDATE ...');    the same, of which it is said that it waits for a lock
#   $ann->result;                    what became of it
package Sessions;

use strict;
use warnings;

use DBD::Pg qw(:async);
use DBI;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);

sub new
{
	my ($class, $node, $dbname) = @_;
	my $dbh = DBI->connect('dbi:Pg:' . ($node->connstr($dbname) =~ s/ /;/gr =~ s/'//gr) . ';user=' . scalar(getpwuid($<)),
		undef, undef, { RaiseError => 0, PrintError => 0, PrintWarn => 0, AutoCommit => 1 });

	die $DBI::errstr if !$dbh;
	return bless { node => $node, dbname => $dbname, dbh => $dbh, pid => $dbh->{pg_pid} }, $class;
}

# What a statement has returned, or how it was refused.
sub outcome
{
	my ($self, $statement) = @_;

	return $self->{dbh}->state if $self->{dbh}->err;
	return '' if !$statement->{NUM_OF_FIELDS};
	return join "\n", map { join '|', map { $_ // '' } @$_ } @{ $statement->fetchall_arrayref };
}

sub begin
{
	my ($self, $sql) = @_;

	$self->{statement} = $self->{dbh}->prepare($sql, { pg_async => PG_ASYNC, pg_server_prepare => 0, pg_placeholder_dollaronly => 1 });
	$self->{statement}->execute;
	return;
}

sub result
{
	my ($self) = @_;
	my $give_up = time() + $PostgreSQL::Test::Utils::timeout_default;

	until ($self->{dbh}->pg_ready)
	{
		die "no result in time\n" if time() > $give_up;
		sleep(0.005);
	}
	$self->{statement}->pg_result;
	return $self->outcome(delete $self->{statement});
}

sub run
{
	my ($self, $sql) = @_;

	$self->begin($sql);
	return $self->result;
}

# Begin a statement that must wait for a lock; returns when it does.
sub wait_for
{
	my ($self, $sql) = @_;

	$self->begin($sql);
	$self->{node}->poll_query_until($self->{dbname}, "SELECT cardinality(pg_blocking_pids($self->{pid})) > 0")
	  or die "$sql does not wait\n";
	return;
}

sub DESTROY
{
	my ($self) = @_;

	$self->{dbh}->disconnect if $self->{dbh};
}

1;
