# SpamAssassin's Bayes alone: reads `spam PATH`, `ham PATH` and `judge PATH`, answers one line each.
use strict;
use warnings;
use Mail::SpamAssassin;
use Mail::SpamAssassin::PerMsgStatus;

my ($folder) = @ARGV;
my $assassin = Mail::SpamAssassin->new({
  config_text => <<"END",
loadplugin Mail::SpamAssassin::Plugin::Bayes
use_bayes 1
bayes_path $folder/bayes
bayes_auto_expire 0
bayes_auto_learn 0
bayes_min_spam_num 1
bayes_min_ham_num 1
END
  local_tests_only => 1,
  dont_copy_prefs => 1,
  userprefs_filename => "/dev/null",
  userstate_dir => $folder,
  home_dir_for_helpers => $folder,
});
$assassin->init(0);
$assassin->init_learner({ caller_will_untie => 1 });
my $bayes = $assassin->call_plugins("learner_get_implementation");
my $before = '';
$| = 1;
while (my $line = <STDIN>) {
  chomp $line;
  my ($verb, $path) = split / /, $line, 2;
  # What was written is seen by who reads once it is closed.
  $bayes->{store}->untie_db() if ($verb eq 'judge') != ($before eq 'judge');
  $before = $verb;
  open(my $file, '<', $path) or die "$path: $!";
  my $octets = do { local $/; <$file> };
  close $file;
  my $mail = $assassin->parse($octets, 0);
  if ($verb eq 'judge') {
    my $status = Mail::SpamAssassin::PerMsgStatus->new($assassin, $mail);
    my $score = $bayes->scan($status, $mail);
    print defined $score ? $score : 0.5, "\n";
    $status->finish;
  } else {
    $assassin->learn($mail, undef, $verb eq 'spam' ? 1 : 0, 0)->finish;
    print "ok\n";
  }
  $mail->finish;
}
$assassin->finish_learner;
