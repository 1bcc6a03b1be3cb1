# PostgREST.pm: what PostgREST sends for a request, and what it makes of the answer.
# It is not in Debian, so this takes its place: the same transaction, the same settings,
# the same function before the request, and the same shape of statement.

package PostgREST;

use strict;
use warnings;

use DBI;
use DBD::Pg qw(:pg_types);
use Exporter qw(import);
use JSON::PP;

our @EXPORT = qw(request);

my $json = JSON::PP->new->canonical;
my $postgrest;

# Die with all that the server said.  DBD::Pg changes the name of a field in place.
sub raise
{
	my ($message) = @_;

	die {
		message => $message,
		sqlstate => $postgrest->state,
		map { $_ => $postgrest->pg_error_field("$_") // '' }
		  qw(message_primary message_detail message_hint schema table column constraint)
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

# The statement for a request to /NAME, or to /NAME?id=eq.ID.
sub statement_for
{
	my ($method, $name, $body) = @_;
	my $table = qq("api"."$name");
	my $insert = sub {
		"INSERT INTO $table(" . columns($body, '"%s"') . ') SELECT ' . columns($body, '"pgrst_body"."%s"') .
		  ' ' . from_body($body);
	};

	return "SELECT $table.* FROM $table WHERE $table.\"id\" = \$1" if $method eq 'GET';
	return $insert->() . " RETURNING $table.*" if $method eq 'POST';
	return $insert->() . ' WHERE "pgrst_body"."id" = $2 ON CONFLICT("id") DO UPDATE SET ' .
	  columns($body, '"%s" = EXCLUDED."%s"') . " RETURNING $table.*"
	  if $method eq 'PUT';
	return "UPDATE $table SET " . columns($body, '"%s" = "pgrst_body"."%s"') . ' ' . from_body($body) .
	  " WHERE $table.\"id\" = \$2 RETURNING $table.*"
	  if $method eq 'PATCH';
	return "DELETE FROM $table WHERE $table.\"id\" = \$1 RETURNING $table.*" if $method eq 'DELETE';
	die "no such method: $method\n";
}

# Send a request to /doc, or another table, with "Prefer: return=representation"; returns the rows of the
# answer, or dies with what the server said.
sub request
{
	my ($method, %request) = @_;
	my ($id, $body) = @request{qw(id body)};
	my $name = $request{table} // 'doc';
	my $rows;

	$postgrest //= DBI->connect('dbi:Pg:', '', '',
		{ PrintError => 0, PrintWarn => 0, RaiseError => 1, HandleError => \&raise });
	$postgrest->begin_work;
	eval {
		$postgrest->do('SET TRANSACTION READ ONLY') if $method eq 'GET';
		$postgrest->selectall_arrayref(
			q{select set_config('search_path', $1, true), set_config('role', $2, true),
				set_config('request.method', $3, true), set_config('request.path', $4, true),
				set_config('request.headers', $5, true)},
			undef, '"api", "public"', 'postgrest_editor', $method, "/$name", $json->encode($request{headers} // {}));
		$postgrest->selectall_arrayref('select "web"."check_if_match"()') if $request{pre_request};

		my $statement = $postgrest->prepare('WITH pgrst_source AS (' . statement_for($method, $name, $body) . qq{)
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

1;
