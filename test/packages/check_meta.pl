# check_meta.pl META.json: does PGXN's Meta Spec 1.0.0 accept it, and is it true
# of the tree that it lies in?
#
# The spec's own validator is packaged nowhere in Debian.  A rule below is a
# function that returns what is wrong with a value, or nothing; a rule that starts
# with "!" is for a field that must be there.  Reports as checks/report.sh does.
use strict;
use warnings;
use File::Basename;
use JSON::PP;

my ($path) = @ARGV;
my $top = dirname($path);

my $number = qr/(?:0|[1-9][0-9]*)/;
my $identifier = qr/(?:$number|[0-9]*[A-Za-z-][0-9A-Za-z-]*)/;
my $semantic_version = qr/
	$number\.$number\.$number
	(?:-$identifier(?:\.$identifier)*)?
	(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?/x;
my $range = qr/(?:(?:[<>]=?|==|!=)\s*)?$semantic_version/;
my $licenses = join '|', qw(agpl_3 apache_1_1 apache_2_0 artistic_1 artistic_2
  bsd freebsd gfdl_1_2 gfdl_1_3 gpl_1 gpl_2 gpl_3 lgpl_2_1 lgpl_3_0 mit
  mozilla_1_0 mozilla_1_1 openssl perl_5 postgresql qpl_1_0 ssleay sun zlib
  open_source restricted unrestricted unknown);

# Rules for strings.
sub matching
{
	my ($what, $pattern) = @_;

	return sub {
		my ($value) = @_;
		return if defined $value && !ref $value && $value =~ /\A$pattern\z/;
		return 'is not ' . $what;
	};
}

my $string = matching('a string', qr/.+/s);
my $term = matching('a term', qr/[^\s[:cntrl:]\/\\]{2,}/);
my $tag = matching('a tag', qr/[^[:cntrl:]\/\\]{1,255}/);
my $version = matching('a semantic version', $semantic_version);
my $versions = matching('a range of versions', qr/0|$range(?:,\s*$range)*/);
my $license = matching('a license that the spec knows', qr/$licenses/);
my $url = matching('a URL', qr/[A-Za-z][\w+.-]*:\/\/[^\/?#\s]+\S*/);
my $address = matching('an address', qr/\S+@\S+/);
my $status = matching('a release status', qr/stable|testing|unstable/);
my $lower_case = matching('in lower case', qr/[^[:upper:]]+/);
my $phase = matching('a phase', qr/configure|build|test|runtime|develop/);
my $relation = matching('a relation', qr/requires|recommends|suggests|conflicts/);
my $path_in_tree = sub {
	my ($value) = @_;
	return $string->($value) // (-f "$top/$value" ? () : 'is no file of the tree');
};

# Rules for what holds other values.
sub list_of
{
	my ($rule) = @_;

	return sub {
		my ($value) = @_;
		return 'is not a list' if ref $value ne 'ARRAY';
		return 'is empty' if !@$value;
		return map { $rule->($_) } @$value;
	};
}

# One value, or a list of such.
sub some
{
	my ($rule) = @_;

	return sub { ref $_[0] eq 'ARRAY' ? list_of($rule)->(@_) : $rule->(@_) };
}

# What is wrong in a map, below one of its keys.
sub below
{
	my ($key, @wrong) = @_;

	return map { /^\// ? "/$key$_" : "/$key $_" } @wrong;
}

sub map_of
{
	my ($key_rule, $value_rule) = @_;

	return sub {
		my ($value) = @_;
		return 'is not a map' if ref $value ne 'HASH';
		return 'is empty' if !%$value;
		return map { below($_, $key_rule->($_), $value_rule->($value->{$_})) }
		  sort keys %$value;
	};
}

# A map with known keys; others must start with x_.
sub fields
{
	my (%rules) = @_;

	return sub {
		my ($value) = @_;
		return 'is not a map' if ref $value ne 'HASH';
		my @wrong = map { "/$_ is missing" }
		  grep { !exists $value->{$_} } map { /^!(.*)/ } sort keys %rules;
		foreach my $key (sort keys %$value)
		{
			next if $key =~ /^x_/i;
			my $rule = $rules{$key} // $rules{"!$key"} // sub { 'is unknown' };
			push @wrong, below($key, $rule->($value->{$key}));
		}
		return @wrong;
	};
}

my $named_licenses = map_of($string, $url);
my $spec = fields(
	'!name' => $term,
	'!version' => $version,
	'!abstract' => $string,
	'!maintainer' => some($string),
	'!license' => sub {
		ref $_[0] eq 'HASH' ? $named_licenses->(@_) : some($license)->(@_);
	},
	'!provides' => map_of(
		$term,
		fields(
			'!file' => $path_in_tree,
			'!version' => $version,
			'abstract' => $string,
			'docfile' => $path_in_tree)),
	'!meta-spec' => fields(
		'!version' => matching('1.0.0', qr/1\.0\.0/),
		'url' => $url),
	'description' => $string,
	'generated_by' => $string,
	'tags' => list_of($tag),
	'release_status' => $status,
	'no_index' => fields('file' => some($string), 'directory' => some($string)),
	'prereqs' => map_of($phase, map_of($relation, map_of($term, $versions))),
	'resources' => fields(
		'homepage' => $url,
		'license' => some($url),
		'bugtracker' => fields('web' => $url, 'mailto' => $address),
		'repository' => fields('web' => $url, 'url' => $url, 'type' => $lower_case)));

open my $file, '<', $path or die "$path: $!\n";
my $meta = eval { JSON::PP->new->utf8->decode(do { local $/; <$file> }) };
my @wrong = defined $meta ? $spec->($meta) : "is not JSON: $@";

print @wrong ? 'not ok' : 'ok', " - PGXN's Meta Spec 1.0.0 accepts META.json\n";
print map { "# $_\n" } @wrong;
exit(@wrong ? 1 : 0);
