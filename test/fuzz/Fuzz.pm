# What the tests below test/fuzz share: a database of their own on the server that
# throwaway.sh has started, and a look at that server's log.
package Fuzz;

use strict;
use warnings;
use DBI;
use Exporter 'import';
use Test::More;

our @EXPORT = qw(connect_to fresh_database pick one_in read_file server_survived);

binmode Test::More->builder->$_, ':encoding(UTF-8)' foreach qw(output failure_output);

sub connect_to
{
	my $database = shift;

	return DBI->connect("dbi:Pg:dbname=$database", '', '',
		{ RaiseError => 1, PrintError => 0, PrintWarn => 1, AutoCommit => 1, pg_server_prepare => 0 });
}

# Make an empty database with the extension, and connect to it.
sub fresh_database
{
	my $database = shift;
	my $dbh = connect_to('postgres');

	$dbh->do('SET client_min_messages = error');
	$dbh->do("DROP DATABASE IF EXISTS $database");
	$dbh->do("CREATE DATABASE $database");
	$dbh->disconnect;

	$dbh = connect_to($database);
	# what is tried and refused a million times is for the test to report
	$dbh->do('SET log_min_messages = fatal');
	$dbh->do('SET client_min_messages = error');
	$dbh->do('CREATE EXTENSION concurrency');
	return $dbh;
}

sub pick
{
	return $_[ rand @_ ];
}

sub one_in
{
	return rand(shift) < 1;
}

sub read_file
{
	my $file = shift;

	open my $handle, '<:encoding(UTF-8)', $file or die "cannot open $file: $!\n";
	local $/;
	return <$handle>;
}

# No process of the server has died of an assertion or a signal.
sub server_survived
{
	my @bad = grep { /TRAP:|terminated by signal|PANIC:/ } split /^/, read_file("$ENV{WORK}/server.log");

	ok(!@bad, 'no process of the server has crashed') or diag(@bad);
}

1;
