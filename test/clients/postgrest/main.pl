# What becomes of requests to PostgREST.

use strict;
use warnings;

use DBI;
use FindBin;
use lib $FindBin::RealBin;
use PostgREST;

my $name = 'doc';				# of the table
my $json = JSON::PP->new->canonical;
my $postgrest = DBI->connect('dbi:Pg:', '', '', { PrintError => 0, RaiseError => 1, HandleError => \&raise });
my $tool = DBI->connect('dbi:Pg:', '', '', { RaiseError => 1 });

# Die with all that the server said.  DBD::Pg changes the name of a field in place.
sub raise
{
	my ($message) = @_;

	die {
		message => $message,
		sqlstate => $postgrest->state,
		map { $_ => $postgrest->pg_error_field("$_") // '' } qw(schema table column constraint)
	};
}

# The columns of a body, and how PostgREST reads it: by their types.
my %types = (
	id => 'integer', title => 'text', body => 'text', version => 'bigint',
	price => 'numeric', text_version => 'bigint', price_version => 'bigint');

# Each column of a body in place of the %s in a text.
sub columns
{
	my ($body, $text) = @_;

	return join ', ', map { my $column = $_; $text =~ s/%s/$column/gr } sort keys %$body;
}

sub from_body
{
	my ($body) = @_;
	my $typed = join ', ', map { qq("$_" $types{$_}) } sort keys %$body;

	return 'FROM (SELECT $1 AS json_data) pgrst_payload, LATERAL (SELECT ' . columns($body, '"%s"') .
	  " FROM json_to_record(pgrst_payload.json_data) AS _($typed)) pgrst_body";
}

# The statement for a request to /doc, or to /doc?id=eq.ID (or another table's).
sub write_for
{
	my ($method, $body) = @_;
	my $table = qq("api"."$name");
	my $insert = sub {
		"INSERT INTO $table(" . columns($body, '"%s"') . ') SELECT ' . columns($body, '"pgrst_body"."%s"') .
		  ' ' . from_body($body);
	};

	return $insert->() if $method eq 'POST';
	return $insert->() . ' WHERE "pgrst_body"."id" = $2 ON CONFLICT("id") DO UPDATE SET ' .
	  columns($body, '"%s" = EXCLUDED."%s"')
	  if $method eq 'PUT';
	return "UPDATE $table SET " . columns($body, '"%s" = "pgrst_body"."%s"') . ' ' . from_body($body) .
	  " WHERE $table.\"id\" = \$2"
	  if $method eq 'PATCH';
	return "DELETE FROM $table WHERE $table.\"id\" = \$1" if $method eq 'DELETE';
	die "no such method: $method\n";
}

# Send a request, with "Prefer: return=representation"; returns the rows of the
# answer, or dies with what the server said.
sub request
{
	my ($method, %request) = @_;
	my ($id, $body) = @request{qw(id body)};
	my $rows;

	$postgrest->begin_work;
	eval {
		$postgrest->selectall_arrayref(
			q{select set_config('search_path', $1, true), set_config('role', $2, true),
				set_config('request.method', $3, true), set_config('request.path', $4, true),
				set_config('request.headers', $5, true)},
			undef, '"api", "public"', 'postgrest_editor', $method, "/$name", $json->encode($request{headers} // {}));
		$postgrest->selectall_arrayref('select "web"."check_if_match"()') if $request{pre_request};

		my $statement = $postgrest->prepare('WITH pgrst_source AS (' . write_for($method, $body) .
			  qq{ RETURNING "api"."$name".*)
			SELECT '' AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total, array[]::text[] AS header,
				coalesce(json_agg(_postgrest_t), '[]') AS body,
				nullif(current_setting('response.headers', true), '') AS response_headers,
				nullif(current_setting('response.status', true), '') AS response_status
			FROM (SELECT "$name".* FROM "pgrst_source" AS "$name") _postgrest_t});
		my $n = 0;
		$statement->bind_param(++$n, $json->encode($body), { pg_type => PG_JSON }) if $body;
		$statement->bind_param(++$n, $id) if defined $id;
		$statement->execute;
		$rows = $json->decode($statement->fetchrow_hashref->{body});
		$postgrest->commit;
		1;
	} or do {
		my $error = $@;
		$postgrest->rollback;
		die $error;
	};
	return $rows;
}

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

	request('PATCH', id => $row->{id}, body => { %$row, body => 'first' });
	return $row;
}

# What becomes of a request; lost, if WORK is not there in the end, which is the
# body that somebody else had saved.  PostgREST answers PTnnn by the status nnn.
sub attempt
{
	my ($case, $work, $method, %request) = @_;
	my ($outcome, $detail) = ('accepted', '');

	eval {
		my $rows = request($method, %request);
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
($row) = @{ request('PATCH', id => $row->{id}, body => { %{ row($row->{id}) }, body => 'mine' }) };
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
request('PATCH', id => $row->{id}, body => { group($row, 'text_version'), body => 'first' });
attempt('field groups: update of the price, the text has changed (PATCH)', 'first',
	'PATCH', id => $row->{id}, body => { group($row, 'price_version'), price => 12 });
die "the price was not kept\n" if row($row->{id})->{price} != 12;
attempt('field groups: stale update of the text (PATCH)', 'first',
	'PATCH', id => $row->{id}, body => { group($row, 'text_version'), body => 'second' });
attempt('field groups: stale update of the whole row (PUT)', 'first', 'PUT', id => $row->{id}, body => { %$row, body => 'second' });
$row = new_row();
request('PATCH', id => $row->{id}, body => { group($row, 'text_version'), body => 'first' });
attempt('field groups: stale update of the text with the version of the price (PATCH)', 'first',
	'PATCH', id => $row->{id}, body => { group($row, 'price_version'), body => 'second' });
