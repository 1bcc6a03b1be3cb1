# server.pl FOLDER: stand in for PostgREST at 127.0.0.1, at the port $PORT, and for the
# web server before it, which has the pages in the folder.  It knows no more than the
# test asks for: GET and PATCH of /doc?id=eq.N, and what PostgREST answers by.

use strict;
use warnings;

use FindBin;
use IO::Socket::INET;
use JSON::PP;
use lib $FindBin::RealBin;
use PostgREST;

my ($folder) = @ARGV;
my %types = (html => 'text/html', js => 'text/javascript');
my $json = JSON::PP->new->utf8->canonical;
my $server = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1', LocalPort => $ENV{PORT}, ReuseAddr => 1)
  or die "port $ENV{PORT}: $!\n";

# What the browser has sent: method, path, headers and body; nothing if it has gone.
sub read_request
{
	my ($browser) = @_;
	my (%headers, $body);
	my ($method, $path) = split / /, <$browser> // return;

	while (<$browser>)
	{
		last if /^\r?\n$/;
		$headers{ lc $1 } = $2 if /^([^:]+): *(.*?)\r?\n$/;
	}
	read $browser, $body, $headers{'content-length'} // 0;
	return ($method, $path, \%headers, $body);
}

sub file
{
	my ($name, $type) = @_;

	open my $file, '<', "$folder/$name" or return (404, 'text/plain', "$name: $!\n");
	local $/;
	return (200, "$type; charset=utf-8", scalar <$file>);
}

# The rows, or the error; its SQLSTATE is PT and the status, or it is 400.
sub doc
{
	my ($method, $id, $headers, $body) = @_;
	my $rows = eval {
		request($method, id => $id, pre_request => 1, headers => $headers, $body eq '' ? () : (body => $json->decode($body)));
	};
	my ($status, $answer) = (200, $rows);

	if (!$rows)
	{
		my $error = $@;
		die $error if !ref $error;
		($status) = $error->{sqlstate} =~ /^PT(\d{3})$/;
		$answer = {
			code => $error->{sqlstate}, message => $error->{message_primary},
			details => $error->{message_detail}, hint => $error->{message_hint} };
	}
	return ($status // 400, 'application/json; charset=utf-8', $json->encode($answer));
}

sub answer
{
	my ($browser) = @_;
	my ($method, $path, $headers, $body) = read_request($browser) or return;
	my ($status, $type, $content) = (404, 'text/plain', "$method $path\n");

	($status, $type, $content) = file($1, $types{$2}) if $path =~ m{^/(\w+\.(html|js))(?:\?|$)};
	($status, $type, $content) = doc($method, $1, $headers, $body)
	  if $method =~ /^(?:GET|PATCH)$/ && $path =~ m{^/doc\?id=eq\.(\d+)$};
	print $browser "HTTP/1.1 $status -\r\nContent-Type: $type\r\nContent-Length: " . length($content) .
	  "\r\nConnection: close\r\n\r\n$content";
}

# A process for each connection: browsers open some that they do not use.
$SIG{CHLD} = 'IGNORE';
while (1)
{
	my $browser = $server->accept or next;
	my $child = fork // die "fork: $!\n";

	if (!$child)
	{
		answer($browser);
		exit;
	}
	close $browser;
}
