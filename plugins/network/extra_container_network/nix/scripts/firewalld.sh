#!/bin/sh
# Passage of a container's traffic through the host's firewalld, which rejects what goes from one zone to another.
#
#   firewalld.sh start NAME INTERFACE ADDRESS...   before the container starts
#   firewalld.sh stop NAME                         after it ended, however it ended
#   firewalld.sh look -                            the line `filter firewalld` if it runs; changes nothing
#
# INTERFACE is the host's side of the container: `ve-*` for interfaces with that prefix, or a bridge.
#
# firewalld owns its table, and an accept elsewhere does not overrule its reject, so it is asked itself, for its runtime settings
# only. Of the zones it comes with, only `trusted` lets an address out to all others. That zone opens the host as well, which
# nobody asked for: rules for the address close it again, and packets with that address must come from a container.
# An address or interface for which the administrator chose a zone is left to the administrator.
#
# What was added is kept where a reboot forgets it, as firewalld forgets its runtime settings.
set -euf

PATH="${PATH:+$PATH:}/run/current-system/sw/bin:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"

warn() {
  echo "extra-container: containers.$name.extra.enableWAN: $1" >&2
}

is_running() {
  command -v firewall-cmd >/dev/null 2>&1 || return 1
  # firewall-cmd of version 2.4 waits ten seconds for a firewalld that does not run.
  [ ! -d /run/systemd/system ] || systemctl --quiet is-active firewalld.service || return 1
  firewall-cmd --quiet --state 2>/dev/null
}

# --- which zone ----------------------------------------------------------------------------------------------------------

# zone_of interfaces|sources WORD — the zone that is bound to it; $zones is what `--get-active-zones` says. An interface that
# ends in + stands for all that begin so.
zone_of() {
  printf '%s\n' "$zones" | while read -r first rest; do
    case $first in
      interfaces: | sources:)
        [ "$first" = "$1:" ] || continue
        for bound in $rest; do
          case $bound in
            *+) case $2 in "${bound%+}"*) echo "$zone" ;; esac ;;
            "$2") echo "$zone" ;;
          esac
        done
        ;;
      *) zone=$first ;;
    esac
  done
}

# The zone that the administrator chose for the container's interface, its address or the subnet of addressPrefix.
chosen_zone() {
  zone_of interfaces "$own_interface"
  zone_of sources "$1"
  case $1 in
    *:*) zone_of sources "${1%::*}::/64" ;;
    *) zone_of sources "${1%.*}.0/24" ;;
  esac
}

# The interfaces that default routes of the address's family leave by.
ways_out() {
  case $1 in *:*) version=6 ;; *) version=4 ;; esac
  ip -$version route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p'
}

# Whether the default zone, in which the container is, lets it out: to all, or within itself to where the internet is.
is_let_out() {
  zone=$(firewall-cmd --get-default-zone)
  settings=$(firewall-cmd --info-zone="$zone")
  case $settings in
    *"target: ACCEPT"*) return 0 ;;
    *"forward: yes"*) ;;
    *) return 1 ;;
  esac
  ways=$(ways_out "$1")
  [ -n "$ways" ] || return 1
  for way in $ways; do
    [ "$(zone_of interfaces "$way")" = "$zone" ] || return 1
  done
}

# --- changes -------------------------------------------------------------------------------------------------------------

# The address's rules in `trusted`; `add` or `remove`.
change_rules() {
  case $2 in
    *:*) family=ipv6 icmp=ipv6-icmp ;;
    *) family=ipv4 icmp=icmp ;;
  esac
  origin="family=\"$family\" source address=\"$2\""
  firewall-cmd --quiet --zone=trusted \
    "--$1-rich-rule=rule priority=\"32766\" $origin protocol value=\"$icmp\" accept" \
    "--$1-rich-rule=rule priority=\"32767\" $origin reject"
}

# Others could claim the address, and firewalld would take them for the container.
refuse_impostors() {
  case $1 in *:*) kind=ip6 ;; *) kind=ip ;; esac
  nft -f /dev/stdin <<EOT
table inet $table {
  chain prerouting {
    type filter hook prerouting priority -300; policy accept;
    $kind saddr $1 iifname != "$interface" drop
  }
}
EOT
}

trust() {
  if refuse_impostors "$1"; then
    echo "$1" >>"$state"
    if change_rules add "$1" && firewall-cmd --quiet --zone=trusted --add-source="$1"; then
      return
    fi
  fi
  warn "firewalld does not let $1 out; choose a zone for it: firewall-cmd --zone=ZONE --add-source=$1"
}

distrust() {
  # Nothing is left to remove after `firewall-cmd --reload`.
  if firewall-cmd --quiet --zone=trusted --query-source="$1"; then
    firewall-cmd --quiet --zone=trusted --remove-source="$1" || return 1
  fi
  change_rules remove "$1"
}

remove() {
  if command -v nft >/dev/null 2>&1 && nft list table inet "$table" >/dev/null 2>&1; then
    nft delete table inet "$table"
  fi
  [ -e "$state" ] || return 0
  if is_running; then
    while read -r address; do
      distrust "$address" || warn "firewalld keeps rules for $address; remove them: firewall-cmd --reload"
    done <"$state"
  fi
  rm "$state"
}

# --- actions -------------------------------------------------------------------------------------------------------------

action=$1
name=$2
state=/run/extra-container/firewalld/$name
# A name that no container's other table has: theirs have a dash there.
table=extra-container.$name

case $action in
  start)
    interface=$3
    shift 3
    own_interface=$interface
    [ "$interface" != "ve-*" ] || own_interface=ve-$name
    remove
    is_running || exit 0
    mkdir -p "${state%/*}"
    zones=$(firewall-cmd --get-active-zones) || {
      warn "firewalld does not say what its zones are; the container may have no internet"
      exit 0
    }
    for address; do
      if [ -z "$(chosen_zone "$address")" ] && ! is_let_out "$address"; then
        trust "$address"
      fi
    done
    ;;
  stop)
    remove
    ;;
  look)
    ! is_running || echo "filter firewalld"
    ;;
  *)
    warn "unknown action '$action'"
    exit 1
    ;;
esac
