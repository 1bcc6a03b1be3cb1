# meta.pl: print the META.json of a release, from what the tree says of itself
# elsewhere.  Works in the tree's top directory.
use strict;
use warnings;
use JSON::PP;

# What the first parentheses of a pattern match in a file.
sub found
{
	my ($path, $pattern) = @_;

	open my $file, '<:encoding(UTF-8)', $path or die "$path: $!\n";
	my $text = do { local $/; <$file> };
	return $text =~ $pattern ? $1 : die "$path: no match for $pattern\n";
}

# PGXN insists on three numbers.
sub semantic
{
	my ($version) = @_;

	$version .= '.0' while $version =~ tr/.// < 2;
	return $version;
}

my $control = 'concurrency.control';
my $version = semantic(found($control, qr/^default_version = '(.*)'$/m));
my $abstract = found($control, qr/^comment = '(.*)'$/m);
my $oldest = semantic(found('debian/pgversions', qr/^(\d+)\+$/m));
my $license = lc found('LICENSE', qr/\A(PostgreSQL) License$/m);

my %meta = (
	'name' => 'concurrency',
	'abstract' => $abstract,
	'version' => $version,
	'maintainer' => found('debian/control.in', qr/^Maintainer: (.*)$/m),
	'license' => $license,
	'provides' => {
		'concurrency' => {
			'file' => $control,
			'docfile' => 'doc/reference.md',
			'version' => $version,
			'abstract' => $abstract,
		},
	},
	'prereqs' => {
		'runtime' => {
			'requires' => { 'PostgreSQL' => $oldest, 'plpgsql' => 0 },
		},
	},
	'meta-spec' => {
		'version' => '1.0.0',
		'url' => 'https://pgxn.org/meta/spec.txt',
	},);

print JSON::PP->new->utf8->canonical->pretty->encode(\%meta);
