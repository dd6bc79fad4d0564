# SpamAssassin's Bayes alone. Reads lines `spam PATH`, `ham PATH`, `judge PATH` and `anew -`; answers one line each.
#
# A mail is read and parted into tokens once; after that its tokens, its identifiers and its date are kept. What was
# learned is kept in hashes of perl instead of files. Counting, weighing and combining is SpamAssassin's own.
use strict;
use warnings;

# A mail that was read before: all that SpamAssassin's Bayes wants to know of it.
package KnownMail;

sub new {
  my ($class, $bayes, $mail) = @_;
  my $tokens = $bayes->tokenize($mail, $bayes->get_body_from_msg($mail));
  return bless {
    tokens => join('', keys %$tokens),    # of five octets each
    generated => $mail->generate_msgid(),
    msgid => scalar $mail->get_msgid(),
    received => $mail->receive_date(),
  }, $class;
}
sub tokens { my %tokens; @tokens{unpack('(a5)*', $_[0]{tokens})} = (); return \%tokens; }
sub generate_msgid { return $_[0]{generated}; }
sub get_msgid { return $_[0]{msgid}; }
sub receive_date { return $_[0]{received}; }

# What SpamAssassin knows of one judging; nobody asks for it.
package NobodyAsks;

sub new { return bless {}, shift; }
sub set_tag { }

# Its Bayes, for mails that were read before.
package BayesOfKnownMails;
use Mail::SpamAssassin::Plugin::Bayes;
our @ISA = ('Mail::SpamAssassin::Plugin::Bayes');

sub get_body_from_msg {
  my ($self, $mail) = @_;
  return $mail->isa('KnownMail') ? {} : $self->SUPER::get_body_from_msg($mail);
}
sub _get_msgdata_from_permsgstatus { return $_[1]->isa('NobodyAsks') ? {} : $_[0]->SUPER::_get_msgdata_from_permsgstatus($_[1]); }
sub tokenize {
  my ($self, $mail, $data) = @_;
  return $mail->isa('KnownMail') ? $mail->tokens : $self->SUPER::tokenize($mail, $data);
}

# Its store, over plain hashes.
package StoreInMemory;
use Mail::SpamAssassin::BayesStore::DBM;
our @ISA = ('Mail::SpamAssassin::BayesStore::DBM');

sub tie_db_writable {
  my ($self) = @_;
  return 1 if $self->{already_tied};
  $self->read_db_configs();
  $self->begin_anew();
  $self->{already_tied} = $self->{is_locked} = 1;
  return 1;
}
sub tie_db_readonly { return $_[0]->tie_db_writable(); }
sub untie_db { }
sub begin_anew {
  my ($self) = @_;
  $self->{db_version} = $self->DB_VERSION;
  $self->{db_seen} = {};
  $self->{db_toks} = {
    $Mail::SpamAssassin::BayesStore::DBM::DB_VERSION_MAGIC_TOKEN => $self->DB_VERSION,
    $Mail::SpamAssassin::BayesStore::DBM::NTOKENS_MAGIC_TOKEN => 0,
  };
}
# When a token was last of use decides what grows old; nothing does here.
sub tok_touch_all { }
sub sync_due { return 0; }

package main;
use Mail::SpamAssassin;

my ($folder, $least) = @ARGV;
my $wanted = qr{^\s*(?:bayes_ignore_header|bayes_stopword_[a-z]{2}|util_rb_[a-z0-9]+)\s};
my @shipped = grep { $_ =~ $wanted } map { lines_of($_) } glob("/usr/share/spamassassin/*.cf");
die "SpamAssassin's rule files are not where Debian has them" unless @shipped;
$INC{'BayesOfKnownMails.pm'} = $INC{'StoreInMemory.pm'} = $0;
my $assassin = Mail::SpamAssassin->new({
  config_text => join('', <<"END", @shipped),
loadplugin BayesOfKnownMails
use_bayes 1
bayes_store_module StoreInMemory
bayes_path $folder/bayes
bayes_auto_expire 0
bayes_auto_learn 0
bayes_min_spam_num $least
bayes_min_ham_num $least
END
  local_tests_only => 1,
  dont_copy_prefs => 1,
  userprefs_filename => '/dev/null',
  userstate_dir => $folder,
  home_dir_for_helpers => $folder,
});
$assassin->init(0);
$assassin->init_learner({ caller_will_untie => 1 });
my $bayes = $assassin->call_plugins('learner_get_implementation');
my %known;
$| = 1;
while (my $line = <STDIN>) {
  chomp $line;
  my ($verb, $path) = split / /, $line, 2;
  if ($verb eq 'anew') {
    $bayes->{store}->begin_anew();
    print "ok\n";
    next;
  }
  my $mail = $known{$path} //= read_mail($path);
  if ($verb eq 'judge') {
    my $score = $bayes->scan(NobodyAsks->new, $mail);
    printf "%.17g\n", $score // 0.5;    # it says nothing where no token tells
  } else {
    $bayes->learn_message({ isspam => $verb eq 'spam', msg => $mail });
    print "ok\n";
  }
}

sub lines_of {
  my ($path) = @_;
  open(my $file, '<', $path) or die "$path: $!";
  return <$file>;
}

sub read_mail {
  my ($path) = @_;
  my $mail = $assassin->parse(join('', lines_of($path)), 0);
  my $found = KnownMail->new($bayes, $mail);
  $mail->finish;
  return $found;
}
