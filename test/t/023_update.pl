# ALTER EXTENSION ... UPDATE: what is updated equals what is installed afresh, and
# what was attached stays attached, also for a session that is connected meanwhile.
# Where the new release's triggers have options that its library does not know, it
# refuses to write.
#
# pg_regress cannot do this: it needs an update script beside the real ones, which
# it takes away again.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $sharedir = `"$ENV{PG_CONFIG}" --sharedir`;
chomp $sharedir;
my $script = "$sharedir/extension/concurrency--1.0--next.sql";
plan skip_all => 'the update script can be written by whoever may install extensions'
  if !-w "$sharedir/extension";

END { unlink $script if defined $script; }

# What a later release may bring: a new function, one that is replaced, a comment,
# a column of the view, a privilege.
append_to_file($script, <<'SQL');
\echo Use "ALTER EXTENSION concurrency UPDATE" to load this file. \quit
CREATE FUNCTION concurrency.next_feature() RETURNS int LANGUAGE sql SET search_path = pg_catalog, pg_temp AS 'SELECT 1';
COMMENT ON FUNCTION concurrency.next_feature() IS 'new in the next release';
REVOKE ALL ON FUNCTION concurrency.next_feature() FROM PUBLIC;
CREATE OR REPLACE FUNCTION concurrency.version_trigger() RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON DOMAIN concurrency.version IS 'changed in the next release';
SQL

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;

# Every member, as SQL has it: its definition, owner, privileges and comment.
my $members = q{
	SELECT i.type, i.identity, obj_description(d.objid, d.classid::regclass::name),
		   p.proowner::regrole, p.proacl, CASE WHEN p.prokind = 'f' THEN pg_get_functiondef(p.oid) END,
		   c.relowner::regrole, c.relacl, CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) END,
		   t.typowner::regrole, t.typacl, t.typdefault, n.nspowner::regrole, n.nspacl,
		   (SELECT string_agg(concat(a.attname, col_description(c.oid, a.attnum)), ',' ORDER BY attnum)
			  FROM pg_attribute a WHERE a.attrelid = c.oid)
	  FROM pg_depend d CROSS JOIN pg_identify_object(d.classid, d.objid, d.objsubid) i
	  LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
	  LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
	  LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid
	  LEFT JOIN pg_namespace n ON d.classid = 'pg_namespace'::regclass AND n.oid = d.objid
	 WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
	   AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'concurrency')
	 ORDER BY 1, 2};

# Every way from one release to another that the scripts offer.
my @paths = map { [ split /\|/ ] } split /\n/, $node->safe_psql('postgres', q{
	SELECT source, target FROM pg_extension_update_paths('concurrency') WHERE path IS NOT NULL});
isnt(scalar @paths, 0, 'there are updates');

foreach my $path (@paths)
{
	my ($source, $target) = @$path;

	$node->safe_psql('postgres', "CREATE DATABASE $_") foreach 'fresh', 'updated';
	$node->safe_psql('fresh', "CREATE EXTENSION concurrency VERSION '$target'");
	$node->safe_psql('updated', "CREATE EXTENSION concurrency VERSION '$source'");
	my $before = $node->safe_psql('updated', $members);
	$node->safe_psql('updated', "ALTER EXTENSION concurrency UPDATE TO '$target'");
	isnt($node->safe_psql('updated', $members), $before, "$source to $target: the update changes something");
	is($node->safe_psql('updated', $members), $node->safe_psql('fresh', $members),
		"$source to $target: members, definitions, owners, privileges and comments are those of a fresh install");
	$node->safe_psql('postgres', "DROP DATABASE $_") foreach 'fresh', 'updated';
}

# A session with this library meanwhile.
$node->safe_psql('postgres', q{
	CREATE EXTENSION concurrency VERSION '1.0';
	CREATE TABLE doc (id int PRIMARY KEY, body text);
	SELECT concurrency.attach('doc', protocol => 'echo', blind => 'warn');
	INSERT INTO doc VALUES (1, 'draft');});
my $attached = $node->safe_psql('postgres', 'SELECT * FROM concurrency.attachments');
my $session = $node->background_psql('postgres', on_error_stop => 0);
like($session->query('UPDATE doc SET version = version RETURNING version'), qr/^2$/m, 'a session writes before the update');

$node->safe_psql('postgres', q{ALTER EXTENSION concurrency UPDATE TO 'next'});
like($session->query('UPDATE doc SET version = version RETURNING version'), qr/^3$/m, 'it writes after it');
is($node->safe_psql('postgres', 'SELECT * FROM concurrency.attachments'), $attached, 'what was attached still is, as it was');
like($session->query('UPDATE doc SET version = 1'), qr/^$/, 'a stale write');
like($session->{stderr}, qr/ERROR: .*stale write to table "doc"/, 'is refused as before');

# A trigger as the next release may make it.
$node->safe_psql('postgres', q{CREATE OR REPLACE TRIGGER zz_concurrency_version BEFORE INSERT OR UPDATE ON doc
	FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'next=feature')});
$session->query('UPDATE doc SET version = version');
like($session->{stderr}, qr/ERROR: .*unrecognized option of the version trigger on table "doc": "next=feature"/,
	'what its library does not know, it refuses');
$session->quit;
is($node->safe_psql('postgres', 'SELECT count(*), max(version) FROM doc'), '1|3', 'nothing was written');

$node->stop;
done_testing();
