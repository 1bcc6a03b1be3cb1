# What becomes of requests to PostgREST.

use strict;
use warnings;

use DBI;
use FindBin;
use lib $FindBin::RealBin;
use PostgREST;

my $name = 'doc';				# of the table
my $tool = DBI->connect('dbi:Pg:', '', '', { RaiseError => 1 });

# A row, as a plain query finds it.
sub row
{
	my ($id) = @_;

	return $tool->selectrow_hashref("SELECT * FROM api.$name WHERE id = ?", undef, $id);
}

sub new_row
{
	return $tool->selectrow_hashref("INSERT INTO api.$name (body) VALUES ('draft') RETURNING *");
}

# A row as two writers have read it, one of whom has saved it.
sub stale_row
{
	my $row = new_row();

	request('PATCH', table => $name, id => $row->{id}, body => { %$row, body => 'first' });
	return $row;
}

# What becomes of a request; lost, if WORK is not there in the end, which is the
# body that somebody else had saved.  PostgREST answers PTnnn by the status nnn.
sub attempt
{
	my ($case, $work, $method, %request) = @_;
	my ($outcome, $detail) = ('accepted', '');

	eval {
		my $rows = request($method, table => $name, %request);
		die "$case: no row was written\n" if !@$rows;
		1;
	} or do {
		my $error = $@;
		die $error if !ref $error;
		my ($status) = $error->{sqlstate} =~ /^PT(409|428)$/ or die "$case: $error->{message}\n";
		$outcome = 'refused by us';
		$detail = join ' ', 'HTTP', $status, grep { $_ ne '' } @{$error}{qw(sqlstate schema table column constraint)};
	};
	if (defined $work && ((row($request{id}) // {})->{body} // '') ne $work)
	{
		die "$case: refused, but lost\n" if $outcome ne 'accepted';
		$outcome = 'lost';
	}
	print join("\t", $case, $outcome, $detail), "\n";
}

sub if_match
{
	my ($row) = @_;

	return (id => $row->{id}, pre_request => 1, headers => { 'if-match' => qq("$row->{version}") });
}

$| = 1;

# the version in the body
my $row;
attempt('create (POST)', undef, 'POST', body => { title => 'new', body => 'new' });
$row = new_row();
attempt('fresh update (PATCH of the whole row)', undef,
	'PATCH', id => $row->{id}, body => { %$row, body => 'mine' });
($row) = @{ request('PATCH', table => $name, id => $row->{id}, body => { %{ row($row->{id}) }, body => 'mine' }) };
attempt('second fresh update (with the version that came back)', undef,
	'PATCH', id => $row->{id}, body => { %$row, body => 'mine again' });
attempt('second fresh update (without reading back)', undef,
	'PATCH', id => $row->{id}, body => { %$row, body => 'mine, a third time' });
$row = stale_row();
attempt('stale update (PATCH of the whole row)', 'first',
	'PATCH', id => $row->{id}, body => { %$row, body => 'second' });
$row = stale_row();
$tool->do("UPDATE api.doc SET body = 'by a tool' WHERE id = ?", undef, $row->{id});
attempt('stale update after a blind one', 'by a tool', 'PATCH', id => $row->{id}, body => { %$row, body => 'second' });
$row = stale_row();
attempt('partial update (PATCH without the version)', 'first', 'PATCH', id => $row->{id}, body => { body => 'second' });
attempt('create (PUT)', undef, 'PUT', id => 1000, body => { id => 1000, title => 'new', body => 'new', version => 1 });
$row = new_row();
attempt('fresh update (PUT)', undef, 'PUT', id => $row->{id}, body => { %$row, body => 'mine' });
$row = stale_row();
attempt('stale update (PUT)', 'first', 'PUT', id => $row->{id}, body => { %$row, body => 'second' });
$row = stale_row();
attempt('delete by key', 'first', 'DELETE', id => $row->{id});

# the version in the header, which the function before the request insists on
$row = new_row();
attempt('fresh update (PATCH, If-Match)', undef, 'PATCH', if_match($row), body => { body => 'mine' });
$row = stale_row();
attempt('stale update (PATCH, If-Match)', 'first', 'PATCH', if_match($row), body => { body => 'second' });
$row = stale_row();
attempt('update without If-Match', 'first', 'PATCH', id => $row->{id}, pre_request => 1, body => { body => 'second' });
$row = new_row();
attempt('fresh delete (If-Match)', undef, 'DELETE', if_match($row));
$row = stale_row();
attempt('stale delete (If-Match)', 'first', 'DELETE', if_match($row));
$row = stale_row();
attempt('delete without If-Match', 'first', 'DELETE', id => $row->{id}, pre_request => 1);

# a version for each group of fields: a request sends the columns of one, and its version
sub group
{
	my ($row, @columns) = @_;

	return map { $_ => $row->{$_} } @columns;
}

$name = 'product';
$row = new_row();
request('PATCH', table => $name, id => $row->{id}, body => { group($row, 'text_version'), body => 'first' });
attempt('field groups: update of the price, the text has changed (PATCH)', 'first',
	'PATCH', id => $row->{id}, body => { group($row, 'price_version'), price => 12 });
die "the price was not kept\n" if row($row->{id})->{price} != 12;
attempt('field groups: stale update of the text (PATCH)', 'first',
	'PATCH', id => $row->{id}, body => { group($row, 'text_version'), body => 'second' });
attempt('field groups: stale update of the whole row (PUT)', 'first', 'PUT', id => $row->{id}, body => { %$row, body => 'second' });
$row = new_row();
request('PATCH', table => $name, id => $row->{id}, body => { group($row, 'text_version'), body => 'first' });
attempt('field groups: stale update of the text with the version of the price (PATCH)', 'first',
	'PATCH', id => $row->{id}, body => { group($row, 'price_version'), body => 'second' });
