#!/bin/sh
# Forwarding of TCP from an interface to localhost, inside a container.
#
#   expose-localhost.sh start INTERFACE ADDRESS...   adds the rules, or replaces them
#   expose-localhost.sh stop INTERFACE
#
# ADDRESS is an own address of the interface. Connections to it go to localhost, except where a service listens on the address
# itself or on all addresses: that one gets them unchanged, as long as the kernel has socket matching.
#
# For a packet from outside, localhost is a wrong destination to the kernel. For IPv4 the interface's route_localnet allows it.
# IPv6 has no such switch, but accepts ::1 on an interface that has a local route for it. Packets that came with 127.0.0.0/8 as
# destination are dropped, so that only the translated TCP gets in.
set -eu

PATH="${PATH:+$PATH:}/run/current-system/sw/bin:/usr/sbin:/sbin:/usr/bin:/bin"
table=extra-container-localhost
chain=extra-container-lo
metric=2048

have() {
  command -v "$1" >/dev/null 2>&1
}

version_of() {
  case $1 in *:*) echo 6 ;; *) echo 4 ;; esac
}

# --- nftables ------------------------------------------------------------------------------------------------------------

remove_nft() {
  have nft || return 0
  for kind in ip ip6; do
    if nft list table $kind $table >/dev/null 2>&1; then
      nft delete table $kind $table
    fi
  done
}

# $1: 4 or 6, $2: address, $3: what comes before the translation
load_nft() {
  if [ "$1" = 4 ]; then
    kind=ip localhost=127.0.0.1 drop="iifname \"$interface\" ip daddr 127.0.0.0/8 drop"
  else
    kind=ip6 localhost=::1 drop=
  fi
  nft -f /dev/stdin <<EOF
table $kind $table {}
delete table $kind $table
table $kind $table {
  chain raw {
    type filter hook prerouting priority -300; policy accept;
    $drop
  }
  chain prerouting {
    type nat hook prerouting priority -100; policy accept;
    iifname != "$interface" return
    $kind daddr != $2 return
    $3
    meta l4proto tcp dnat to $localhost
  }
}
EOF
}

add_nft() {
  have nft || return 1
  load_nft "$1" "$2" "meta l4proto tcp socket wildcard { 0, 1 } return" 2>/dev/null || load_nft "$1" "$2" ""
}

# --- iptables ------------------------------------------------------------------------------------------------------------

iptables_of() {
  if [ "$1" = 4 ]; then echo iptables; else echo ip6tables; fi
}

# Removes each rule of a chain that has the text.
remove_rules() {
  "$1" -w -t "$2" -S "$3" 2>/dev/null | tr -d '"' | while read -r kind_of_line rule; do
    case "$kind_of_line $rule " in
      "-A "*" $4 "*)
        # shellcheck disable=SC2086 # a rule without quotes is its words
        "$1" -w -t "$2" -D $rule
        ;;
    esac
  done
}

remove_iptables() {
  for program in iptables ip6tables; do
    have $program || continue
    remove_rules $program raw PREROUTING "--comment $chain"
    remove_rules $program nat PREROUTING "-j $chain"
    if $program -w -t nat -S $chain >/dev/null 2>&1; then
      $program -w -t nat -F $chain
      $program -w -t nat -X $chain
    fi
  done
}

add_iptables() {
  program=$(iptables_of "$1")
  if [ "$1" = 4 ]; then
    localhost=127.0.0.1
    $program -w -t raw -A PREROUTING -i "$interface" -d 127.0.0.0/8 -m comment --comment $chain -j DROP
  else
    localhost=::1
  fi
  $program -w -t nat -N $chain
  if ! $program -w -t nat -A $chain -p tcp -m socket --nowildcard -j RETURN 2>/dev/null; then
    echo "expose-localhost: the kernel has no socket matching; services on the address itself are not reached" >&2
  fi
  $program -w -t nat -A $chain -p tcp -j DNAT --to-destination $localhost
  $program -w -t nat -A PREROUTING -i "$interface" -d "$2" -p tcp -j $chain
}

# --- the kernel ----------------------------------------------------------------------------------------------------------

has_local_route() {
  ip -6 route show table local 2>/dev/null | grep -q "^local ::1 dev $interface .*metric $metric"
}

allow() {
  if [ "$1" = 4 ]; then
    echo 1 >"/proc/sys/net/ipv4/conf/$interface/route_localnet"
  elif ! has_local_route; then
    ip -6 route add local ::1 dev "$interface" table local metric $metric
  fi
}

disallow() {
  # The interface may have gone first.
  if [ -e "/proc/sys/net/ipv4/conf/$interface/route_localnet" ]; then
    echo 0 >"/proc/sys/net/ipv4/conf/$interface/route_localnet"
  fi
  if has_local_route; then
    ip -6 route del local ::1 dev "$interface" table local metric $metric
  fi
}

# --- actions -------------------------------------------------------------------------------------------------------------

action=$1
interface=$2
shift 2

case $action in
  start)
    remove_nft
    remove_iptables
    for address; do
      version=$(version_of "$address")
      if ! add_nft "$version" "$address"; then
        have "$(iptables_of "$version")" || {
          echo "expose-localhost: neither nft nor $(iptables_of "$version") works here" >&2
          exit 1
        }
        add_iptables "$version" "$address"
      fi
      allow "$version"
    done
    ;;
  stop)
    remove_nft
    remove_iptables
    disallow
    ;;
  *)
    echo "expose-localhost: unknown action '$action'" >&2
    exit 1
    ;;
esac
