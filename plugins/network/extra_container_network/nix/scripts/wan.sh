#!/bin/sh
# Internet access of a container: NAT of its addresses, and passage through the host's firewall.
#
#   wan.sh start NAME INTERFACE ADDRESS...   before the container starts
#   wan.sh stop NAME                         after it ended, however it ended
#   wan.sh look -                            what a start would use: lines `nat PROGRAM` and `filter WHICH`; changes nothing
#
# INTERFACE is the host's side of the container: `ve-*` for interfaces with that prefix, or a bridge.
#
# The evaluation knows nothing of the host, so what the host uses is found out here. All rules carry the container's name, and
# stop removes by name: a changed address leaves nothing behind. NAT has an nftables table of its own, which the host's own
# rules, nftables or iptables, do not notice; without nft, or with a kernel whose nftables cannot do it, it is an iptables rule.
# A packet must pass every filter, though. So where a filter of the host may drop what it forwards, a rule goes to its head.
# It is iptables for the chains that iptables made, because it refuses chains with rules that it cannot read.
set -eu

PATH="${PATH:+$PATH:}/run/current-system/sw/bin:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin${EXTRA_CONTAINER_TOOLS:+:$EXTRA_CONTAINER_TOOLS}"

have() {
  command -v "$1" >/dev/null 2>&1
}

fail() {
  echo "extra-container: $mark: $1" >&2
  exit 1
}

warn() {
  echo "extra-container: $mark: $1" >&2
}

# --- iptables: families are 4 and 6 --------------------------------------------------------------------------------------

iptables_of() {
  if [ "$1" = 4 ]; then echo iptables; else echo ip6tables; fi
}

is_nft_variant() {
  case $("$1" --version 2>/dev/null) in *nf_tables*) true ;; *) false ;; esac
}

# The iptables programs whose rules are in force. Both kernel interfaces can be in use at once; /proc names the tables of the
# older one.
iptables_in_force() {
  program=$(iptables_of "$1")
  have "$program" || return 0
  echo "$program"
  tables=/proc/net/ip_tables_names
  [ "$1" = 4 ] || tables=/proc/net/ip6_tables_names
  if [ -r $tables ] && have "$program-legacy" && grep -qx "$2" $tables && is_nft_variant "$program"; then
    echo "$program-legacy"
  fi
}

remove_iptables() {
  for family in 4 6; do
    for where in "nat POSTROUTING" "filter FORWARD"; do
      table=${where% *}
      chain=${where#* }
      for program in $(iptables_in_force $family "$table"); do
        "$program" -w -t "$table" -S "$chain" 2>/dev/null | tr -d '"' | while read -r kind_of_line rule; do
          case "$kind_of_line $rule " in
            "-A "*" --comment $comment "*)
              # shellcheck disable=SC2086 # a rule without quotes is its words
              "$program" -w -t "$table" -D $rule
              ;;
          esac
        done
      done
    done
  done
}

nat_iptables() {
  program=$(iptables_of "$1")
  pattern=${interface%\*}
  [ "$pattern" = "$interface" ] || pattern=$pattern+
  "$program" -w -t nat -A POSTROUTING -s "$2" ! -o "$pattern" -m comment --comment "$comment" -j MASQUERADE
}

may_drop() {
  "$1" -w -S FORWARD 2>/dev/null | grep -Eq -e '^-P FORWARD DROP' -e '-j (DROP|REJECT)( |$)'
}

pass_iptables() {
  pattern=${interface%\*}
  [ "$pattern" = "$interface" ] || pattern=$pattern+
  for program in $(iptables_in_force "$1" filter); do
    if may_drop "$program"; then
      "$program" -w -I FORWARD -i "$pattern" -s "$2" -m comment --comment "$comment" -j ACCEPT
      "$program" -w -I FORWARD -o "$pattern" -d "$2" -m conntrack --ctstate RELATED,ESTABLISHED \
        -m comment --comment "$comment" -j ACCEPT
    fi
  done
}

# --- nftables: families are ip and ip6 -----------------------------------------------------------------------------------

nft_family() {
  if [ "$1" = 4 ]; then echo ip; else echo ip6; fi
}

nat_nft() {
  kind=$(nft_family "$1")
  nft -f /dev/stdin <<EOF
table $kind $table_name {}
delete table $kind $table_name
table $kind $table_name {
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    $kind saddr $2 oifname != "$interface" masquerade
  }
}
EOF
}

# Lines "FAMILY TABLE CHAIN" of the chains that filter forwarded packets and that iptables does not look after.
nft_filters() {
  [ "$nft_works" = yes ] || return 0
  nft list chains 2>/dev/null | while read -r word a b c _; do
    case "$word" in
      table) place="$a $b" ;;
      chain) chain_name=$a ;;
      type)
        [ "$a $b $c" = "filter hook forward" ] || continue
        case "$place $chain_name" in
          "ip filter FORWARD") ! { have iptables && is_nft_variant iptables; } || continue ;;
          "ip6 filter FORWARD") ! { have ip6tables && is_nft_variant ip6tables; } || continue ;;
          # It owns its table; firewalld.sh asks it.
          inet\ firewalld\ *) ! have firewall-cmd || continue ;;
          ip\ * | ip6\ * | inet\ *) ;;
          *) continue ;;
        esac
        echo "$place $chain_name"
        ;;
    esac
  done
}

remove_nft() {
  [ "$nft_works" = yes ] || return 0
  nft list tables | while read -r _ kind table; do
    if [ "$table" = "$table_name" ]; then
      nft delete table "$kind" "$table"
    fi
  done
  nft_filters | while read -r kind table chain; do
    nft -a list chain "$kind" "$table" "$chain" | while read -r line; do
      case $line in
        *" comment \"$comment\" # handle "*)
          nft delete rule "$kind" "$table" "$chain" handle "${line##* }"
          ;;
      esac
    done
  done
}

may_drop_nft() {
  nft list chain "$1" "$2" "$3" | grep -Eqw 'drop|reject'
}

pass_nft() {
  wanted=$(nft_family "$1")
  nft_filters | while read -r kind table chain; do
    case $kind in inet | "$wanted") ;; *) continue ;; esac
    may_drop_nft "$kind" "$table" "$chain" || continue
    # A table can belong to a process, and then nobody else may change it.
    nft -f /dev/stdin <<EOF || warn "the firewall '$kind $table $chain' may block the container; it let no rule be added"
insert rule $kind $table $chain iifname "$interface" $wanted saddr $2 accept comment "$comment"
insert rule $kind $table $chain oifname "$interface" $wanted daddr $2 ct state established,related accept comment "$comment"
EOF
  done
}

# --- the kernel ----------------------------------------------------------------------------------------------------------

# Forwarding is the host's property and others come to rely on it, so it stays on.
forward() {
  if [ "$1" = 4 ]; then
    switch=/proc/sys/net/ipv4/ip_forward
  else
    switch=/proc/sys/net/ipv6/conf/all/forwarding
  fi
  [ -e $switch ] || fail "this host has no IPv$1"
  [ "$(cat $switch)" != 1 ] || return 0
  if [ "$1" = 6 ]; then
    # A router ignores router advertisements unless the value is 2: the host would lose its own way to the internet.
    for accept in /proc/sys/net/ipv6/conf/*/accept_ra; do
      if [ "$(cat "$accept")" = 1 ]; then echo 2 >"$accept"; fi
    done
  fi
  echo 1 >$switch || fail "$switch is 0 and cannot be written"
}

# --- actions -------------------------------------------------------------------------------------------------------------

remove() {
  remove_nft
  remove_iptables
}

admit() {
  case $1 in *:*) version=6 ;; *) version=4 ;; esac
  forward $version
  if [ "$nft_works" = yes ] && nat_nft $version "$1"; then
    :
  elif have "$(iptables_of $version)"; then
    nat_iptables $version "$1"
  else
    fail "neither nft nor $(iptables_of $version) does NAT on this host; install one"
  fi
  pass_nft $version "$1"
  pass_iptables $version "$1"
}

look() {
  [ "$nft_works" = no ] || echo "nat nft"
  for family in 4 6; do
    program=$(iptables_of $family)
    [ "$nft_works" = yes ] || ! have "$program" || echo "nat $program"
    for program in $(iptables_in_force $family filter); do
      ! may_drop "$program" || echo "filter $program"
    done
  done
  nft_filters | while read -r kind table chain; do
    ! may_drop_nft "$kind" "$table" "$chain" || echo "filter nft $kind $table $chain"
  done
}

action=$1
name=$2
mark="containers.$name.extra.enableWAN"
comment="extra-container:$name"
table_name="extra-container-$name"
nft_works=no
if have nft && nft list tables >/dev/null 2>&1; then nft_works=yes; fi

case $action in
  start)
    interface=$3
    shift 3
    remove
    for address; do
      admit "$address"
    done
    ;;
  stop)
    remove
    ;;
  look)
    look
    ;;
  *)
    fail "unknown action '$action'"
    ;;
esac
