# forms.pl URL [TABLE]: two people at the forms of a web application, which listens
# there; prints what became of what they saved, as each client does: case, outcome,
# detail, tab-separated.  PGDATABASE and others say where the table is: doc, unless
# another is named, with id, title, body and a version that the application knows of.
#
# GET /docs/ID/edit is a form with title, body, version, and what was read as base_title
# and base_body.  POST /docs/ID saves it: 303 to the form; 409 with X-Refused-By: server
# or client and a form in which both are merged, with a <tr data-field="title"> for each
# field (data-conflict if both have changed it), that has cells of class mine, theirs and
# base; or 410 and what was written.  POST /docs/ID/wrong saves it as it should not be.
#
# Only core modules are used.

use strict;
use warnings;
use utf8;

use Encode qw(encode_utf8);
use HTTP::Tiny;
use JSON::PP qw(decode_json);

my ($url, $table) = (@ARGV, 'doc');
my %by = (server => 'refused by us', client => 'refused by the client');
my %base = (title => 'Öffnungszeiten', body => 'Monday & Tuesday, <9 to 17>');
my %entities = (lt => '<', gt => '>', amp => '&', quot => '"', apos => "'", nbsp => "\xa0");
my $case;

$| = 1;
binmode STDOUT, ':utf8';
binmode STDERR, ':utf8';
$ENV{PGCLIENTENCODING} = 'UTF8';

# The table

sub query
{
	my ($sql) = @_;

	open my $psql, '-|', 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', encode_utf8($sql) or die "psql: $!\n";
	local $/;
	my $result = <$psql>;
	close $psql or die "psql failed: $sql\n";
	return $result;
}

sub quote
{
	my ($text) = @_;

	return "'" . ($text =~ s/'/''/gr) . "'";
}

sub new_row
{
	return query('INSERT INTO ' . $table . ' (title, body) VALUES (' . join(', ', map { quote($_) } @base{qw(title body)}) . ') RETURNING id') + 0;
}

sub row
{
	my ($id) = @_;
	my $json = query("SELECT to_json(t) FROM $table t WHERE id = $id");

	return $json ? decode_json($json) : undef;
}

# Has the row these values?
sub holds
{
	my ($id, %values) = @_;
	my $row = row($id);

	return $row && !grep { $row->{$_} ne $values{$_} } keys %values;
}

# Pages

sub check
{
	my ($is, $what) = @_;

	die "$case: $what\n" if !$is;
}

sub unescape
{
	my ($text) = @_;

	return $text =~ s{&(?:#x([0-9a-f]+)|#([0-9]+)|(\w+));}{
		defined $1 ? chr hex $1 : defined $2 ? chr $2 : $entities{$3} // die "$case: &$3; in a page\n"
	}gier;
}

sub text
{
	my ($html) = @_;

	return unescape($html =~ s/<!--.*?-->//gsr =~ s/<[^>]*>//gr) =~ s/^\s+|\s+$//gr;
}

# The attributes of a tag.
sub attributes
{
	my ($tag) = @_;
	my %attributes;

	$tag =~ s/^<\w+|\/?>$//g;
	while ($tag =~ /([\w:-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g)
	{
		$attributes{ lc $1 } = unescape($2 // $3 // $4 // '');
	}
	return \%attributes;
}

my $tag = qr/(?:[^>"']|"[^"]*"|'[^']*')*>/;

# The form of a page that saves a row, as a browser would send it.
sub form_of
{
	my ($page, $id) = @_;
	my %form;

	while ($page =~ /(<form\b$tag)(.*?)<\/form>/gsi)
	{
		my ($form, $inside) = (attributes($1), $2);

		next if ($form->{action} // '') !~ m{^(?:\Q$url\E)?/docs/$id$};
		check(lc($form->{method} // '') eq 'post', 'the form is not posted');
		while ($inside =~ /(<(input|textarea)\b$tag)/gsi)
		{
			my ($attributes, $is_area) = (attributes($1), lc $2 eq 'textarea');

			$attributes->{value} = unescape($1 =~ s/^\n//r) if $is_area && $inside =~ /\G(.*?)<\/textarea>/gcsi;
			next if !defined $attributes->{name} || ($attributes->{type} // '') =~ /^(?:submit|button|reset)$/i;
			$form{ $attributes->{name} } = $attributes->{value} // '';
		}
	}
	foreach (qw(title body version base_title base_body))
	{
		check(defined $form{$_}, "the form has no $_");
	}
	return \%form;
}

# What a page says of each field.
sub differences_of
{
	my ($page) = @_;
	my %fields;

	while ($page =~ /(<tr\b$tag)(.*?)<\/tr>/gsi)
	{
		my ($row, $inside) = (attributes($1), $2);
		my %cells;

		next if !defined $row->{'data-field'};
		while ($inside =~ /(<td\b$tag)(.*?)<\/td>/gsi)
		{
			my ($cell, $html) = (attributes($1), $2);
			$cells{$_} = text($html) foreach split ' ', $cell->{class} // '';
		}
		foreach (qw(mine theirs base))
		{
			check(defined $cells{$_}, "the page does not say what is $_ of " . $row->{'data-field'});
		}
		$fields{ $row->{'data-field'} } = { %cells, is_conflict => exists $row->{'data-conflict'} ? 1 : 0 };
	}
	return \%fields;
}

# People

{
	package Person;

	sub new
	{
		my ($class, $name) = @_;

		return bless {
			name => $name, cookies => {},
			http => HTTP::Tiny->new(max_redirect => 0, timeout => 60, agent => "$name/1") }, $class;
	}

	sub request
	{
		my ($self, $method, $path, $form) = @_;
		my %headers = (accept => 'text/html');

		$headers{cookie} = join '; ', map { "$_=$self->{cookies}{$_}" } sort keys %{ $self->{cookies} } if %{ $self->{cookies} };
		@headers{qw(origin referer)} = ($url, $url . $path =~ s{(?:/wrong)?$}{/edit}r) if $form;
		my $answer = $form ? $self->{http}->post_form($url . $path, $form, { headers => \%headers })
			: $self->{http}->request($method, $url . $path, { headers => \%headers });
		my $cookies = $answer->{headers}{'set-cookie'} // [];

		foreach (ref $cookies ? @$cookies : $cookies)
		{
			$self->{cookies}{$1} = $2 if /^([^=;\s]+)=([^;]*)/;
		}
		main::check($answer->{status} != 599, "$method $path: $answer->{content}");
		$answer->{page} = Encode::decode_utf8($answer->{content});
		return $answer;
	}

	# Open the form, which must be that of the row.
	sub open
	{
		my ($self, $id) = @_;
		my $answer = $self->request('GET', "/docs/$id/edit");

		main::check($answer->{status} == 200, "the form: $answer->{status} $answer->{page}");
		my $form = main::form_of($answer->{page}, $id);
		my $row = main::row($id);
		foreach (qw(title body))
		{
			main::check($form->{$_} eq $row->{$_}, "the form has $_ \"$form->{$_}\", the row \"$row->{$_}\"");
			main::check($form->{"base_$_"} eq $row->{$_}, "the form has base_$_ \"$form->{\"base_$_\"}\", the row \"$row->{$_}\"");
		}
		return $form;
	}

	# Save the form with changes: what the application answers.
	sub save
	{
		my ($self, $id, $form, %changes) = @_;
		my $wrong = delete $changes{wrong} ? '/wrong' : '';
		my $answer = $self->request('POST', "/docs/$id$wrong", { %$form, %changes });

		if ($answer->{status} == 303)
		{
			my $location = $answer->{headers}{location};

			main::check($location =~ m{^(?:\Q$url\E)?/docs/$id/edit$}, "saved, and sent to $location");
		}
		elsif ($answer->{status} == 409)
		{
			main::check($by{ $answer->{headers}{'x-refused-by'} // '' }, 'who has refused? there is no X-Refused-By');
			$answer->{form} = main::form_of($answer->{page}, $id);
			$answer->{differences} = main::differences_of($answer->{page});
		}
		else
		{
			main::check($answer->{status} == 410, "saving: $answer->{status} $answer->{page}");
		}
		return $answer;
	}
}

# Cases

sub outcome
{
	my ($outcome, @detail) = @_;

	print join("\t", $case, $outcome, @detail), "\n";
}

# Who has refused it; nothing if nobody has, which must not be if work was not lost.
sub refusal
{
	my ($answer) = @_;

	return $answer->{status} == 409 ? $by{ $answer->{headers}{'x-refused-by'} } : undef;
}

# Must be saved, as nobody else has meanwhile.
sub must_save
{
	my ($person, $id, $form, %changes) = @_;
	my $answer = $person->save($id, $form, %changes);

	check($answer->{status} == 303, "$person->{name} should have saved: $answer->{status} $answer->{page}");
	check(holds($id, %changes), "$person->{name} has saved, and the row does not hold it");
}

# A page about a conflict must say this of a field, and its form hold that.
sub must_say
{
	my ($answer, $field, $mine, $theirs, $base, $is_conflict, $merged) = @_;
	my $says = $answer->{differences}{$field};
	my %should = (mine => $mine, theirs => $theirs, base => $base, is_conflict => $is_conflict);

	check($says, "the page says nothing of $field");
	foreach (sort keys %should)
	{
		check($says->{$_} eq $should{$_}, "$field: $_ should be \"$should{$_}\", and is \"$says->{$_}\"");
	}
	check($answer->{form}{$field} eq $merged, "$field should be merged as \"$merged\", and is \"$answer->{form}{$field}\"");
	check($answer->{form}{"base_$field"} eq $theirs, "base_$field should be \"$theirs\", and is \"" . $answer->{form}{"base_$field"} . '"');
}

my %title = (ann => q{Ann's title}, ann_again => q{Ann's <b>other</b> title}, bob => q{Bob's "title" & more});
my %body = (ann => q{Ann's body, 9–17}, bob => q{Bob's <i>body</i> 8 + 10 = 18 %41});
my ($ann, $bob) = map { Person->new($_) } 'Ann', 'Bob';

sub fresh
{
	my $id = new_row();

	must_save($ann, $id, $ann->open($id), title => $title{ann});
	must_save($ann, $id, $ann->open($id), body => $body{ann});
	outcome('accepted');
}

# Bob's form is older than what Ann has saved: what it is answered.  If it is saved, her
# title is lost, unless it is still there.
sub stale
{
	my ($id, $bobs, $kept, %changes) = @_;
	my $answer = $bob->save($id, $bobs, %changes);

	if ($answer->{status} == 303)
	{
		outcome(holds($id, %$kept) ? 'accepted' : 'lost');
		return;
	}
	check($answer->{status} == 409, "a stale form: $answer->{status}");
	check(holds($id, %$kept), 'refused, and written');
	return $answer;
}

# Both change the title, and Bob is late.
sub stale_title
{
	my ($id) = @_;
	my $bobs = $bob->open($id);

	must_save($ann, $id, $ann->open($id), title => $title{ann});
	my $answer = stale($id, $bobs, { %base, title => $title{ann} }, title => $title{bob}) or return;
	must_say($answer, 'title', $title{bob}, $title{ann}, $base{title}, 1, $title{bob});
	must_say($answer, 'body', $base{body}, $base{body}, $base{body}, 0, $base{body}) if $answer->{differences}{body};
	return $answer;
}

sub stale_once
{
	my $answer = stale_title(new_row()) or return;

	outcome(refusal($answer), '409');
}

# Whoever writes past the application, such as psql, is somebody else, too.
sub stale_after_a_tool
{
	my $id = new_row();
	my $bobs = $bob->open($id);

	query("UPDATE $table SET title = 'by a tool' WHERE id = $id");
	my $answer = stale($id, $bobs, { title => 'by a tool' }, title => $title{bob}) or return;
	must_say($answer, 'title', $title{bob}, 'by a tool', $base{title}, 1, $title{bob});
	outcome(refusal($answer), '409');
}

sub stale_on_another_field
{
	my $id = new_row();
	my $bobs = $bob->open($id);

	must_save($ann, $id, $ann->open($id), title => $title{ann});
	my $answer = stale($id, $bobs, { title => $title{ann} }, body => $body{bob}) or return;
	must_say($answer, 'title', $base{title}, $title{ann}, $base{title}, 0, $title{ann});
	must_say($answer, 'body', $body{bob}, $base{body}, $base{body}, 0, $body{bob});
	must_save($bob, $id, $answer->{form});
	check(holds($id, title => $title{ann}, body => $body{bob}), 'what was merged is not what was saved');
	outcome('accepted', '409, ' . refusal($answer) . ', then 303');
}

sub stale_decided
{
	my $id = new_row();
	my $answer = stale_title($id) or return;

	must_save($bob, $id, $answer->{form}, title => "$title{ann}, $title{bob}");
	outcome('accepted', '409, ' . refusal($answer) . ', then 303');
}

sub stale_twice
{
	my $id = new_row();
	my $first = stale_title($id) or return;

	must_save($ann, $id, $ann->open($id), title => $title{ann_again});
	my $answer = stale($id, $first->{form}, { %base, title => $title{ann_again} }) or return;
	must_say($answer, 'title', $title{bob}, $title{ann_again}, $title{ann}, 1, $title{bob});
	outcome(refusal($answer), '409, 409');
	must_save($bob, $id, $answer->{form});
	check(holds($id, title => $title{bob}), 'what was decided is not what was saved');
}

sub gone
{
	my $id = new_row();
	my $bobs = $bob->open($id);

	query("DELETE FROM $table WHERE id = $id");
	my $answer = $bob->save($id, $bobs, title => $title{bob}, body => $body{bob});
	return outcome('lost', row($id) ? 'it is back' : 'as if it was saved') if $answer->{status} == 303;
	check($answer->{status} == 410, "a row that is gone: $answer->{status}");
	check(!row($id), 'refused, and written');
	my $says = unescape($answer->{page});
	foreach ($title{bob}, $body{bob})
	{
		check(index($says, $_) >= 0, "the page does not keep what was written: $_");
		check(index($answer->{page}, $_) < 0, "the page does not escape what was written: $_");
	}
	check($bob->request('GET', "/docs/$id/edit")->{status} == 404, 'the form of a row that is gone is there');
	outcome($by{ $answer->{headers}{'x-refused-by'} // 'client' }, '410');
}

sub wrong_handler
{
	my $id = new_row();
	my $bobs = $bob->open($id);

	must_save($ann, $id, $ann->open($id), title => $title{ann});
	my $answer = stale($id, $bobs, { title => $title{ann} }, title => $title{bob}, wrong => 1) or return;
	outcome(refusal($answer), '409');
}

my @cases = (
	'fresh' => \&fresh, 'stale' => \&stale_once, 'stale after a tool' => \&stale_after_a_tool,
	'stale on another field' => \&stale_on_another_field, 'stale, decided, saved again' => \&stale_decided,
	'stale twice' => \&stale_twice, 'gone' => \&gone, 'wrong handler' => \&wrong_handler);

while (my ($name, $play) = splice @cases, 0, 2)
{
	$case = "form: $name";
	$play->();
}
