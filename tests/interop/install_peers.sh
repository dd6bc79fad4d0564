#!/bin/sh
# Installs the real peers of the interop tests: clients and servers that others wrote. Postfix and Dovecot are
# installed without configuration; the tests start them in folders of their own.
set -eu

missing=""
command -v swaks >/dev/null || missing="$missing swaks"
perl -MNet::SSLeay -e 1 2>/dev/null || missing="$missing libnet-ssleay-perl" # swaks speaks TLS by it
test -x /usr/sbin/smtp-source || missing="$missing postfix"
test -x /usr/lib/dovecot/lmtp || missing="$missing dovecot-core dovecot-lmtpd"
command -v msmtp >/dev/null || missing="$missing msmtp"
command -v curl >/dev/null || missing="$missing curl"
/usr/bin/python3 -c "import aiosmtpd" 2>/dev/null || missing="$missing python3 python3-aiosmtpd"
command -v dig >/dev/null && command -v nsupdate >/dev/null || missing="$missing bind9-dnsutils"
command -v delv >/dev/null || missing="$missing bind9-dnsutils"
command -v ip >/dev/null || missing="$missing iproute2" # BIND wants an address of its own
test -x /usr/sbin/named || missing="$missing bind9"
command -v dnssec-signzone >/dev/null || missing="$missing bind9-utils"
test -x /usr/sbin/unbound || missing="$missing unbound"
test -x /usr/sbin/knotd || missing="$missing knot"
test -x /usr/sbin/nsd || missing="$missing nsd"
ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || missing="$missing libfaketime" # scenarios of other days
test -x /usr/sbin/sshd || missing="$missing openssh-server" # the remote of the zones' history
test -x /usr/sbin/opendkim || missing="$missing opendkim"
command -v miltertest >/dev/null || missing="$missing miltertest"
command -v rspamd >/dev/null || missing="$missing rspamd"
command -v redis-server >/dev/null || missing="$missing redis-server" # rspamd's Bayes counts in it
command -v bogofilter >/dev/null || missing="$missing bogofilter"
command -v spamassassin >/dev/null || missing="$missing spamassassin"
/usr/bin/python3 -c "import spf" 2>/dev/null || missing="$missing python3-spf"
/usr/bin/python3 -c "import dkim" 2>/dev/null || missing="$missing python3-dkim"
command -v node >/dev/null || missing="$missing nodejs"
command -v npm >/dev/null || missing="$missing npm"
command -v 7z >/dev/null || missing="$missing p7zip-full"
command -v bsdtar >/dev/null || missing="$missing libarchive-tools"
command -v genisoimage >/dev/null || missing="$missing genisoimage"
test -x /usr/sbin/clamd || missing="$missing clamav-daemon"
command -v zip >/dev/null || missing="$missing zip"
command -v nft >/dev/null || missing="$missing nftables"
here=$(dirname "$0")
sh "$here/install_chat_peers.sh"
[ -z "$missing" ] && exec sh "$here/install_mailauth.sh"

if [ "$(id -u)" != 0 ]; then
  echo "missing peers:$missing (as root: apt-get install$missing)" >&2
  exit 2
fi
export DEBIAN_FRONTEND=noninteractive
echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
# Nothing that is installed here may start a service.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod +x /usr/sbin/policy-rc.d
trap 'rm -f /usr/sbin/policy-rc.d' EXIT
apt-get update -q
# shellcheck disable=SC2086 - a list of words
apt-get install -q -y --no-install-recommends $missing
sh "$here/install_mailauth.sh"
