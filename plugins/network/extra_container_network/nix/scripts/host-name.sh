#!/bin/sh
# The container's name in the host's /etc/hosts, for hosts that do not ask systemd-machined for it (nss-mymachines).
#
#   host-name.sh start NAME ADDRESS...
#   host-name.sh stop NAME
#
# The file is the host's. Every line of ours ends in a comment that names the container, only such lines are touched, and the
# file is replaced as a whole. Which containers run, and with which addresses, is kept where a reboot forgets it; other
# containers read it (peer-names.sh). The lines are those of all that run, or none if the host asks machined: so the next call
# puts right what a crash left behind, and what changed on the host meanwhile. A host on which this cannot work is told about
# it; the container runs all the same.
set -eu

PATH="${PATH:+$PATH:}/run/current-system/sw/bin:/usr/sbin:/sbin:/usr/bin:/bin"

action=$1
name=$2
shift 2

hosts=/etc/hosts
running=/run/extra-container/names
tag="# extra-container:"

give_up() {
  echo "extra-container: containers.$name.extra.registerName: $1" >&2
  exit 0
}

uses_mymachines() {
  [ -r /etc/nsswitch.conf ] && grep -Eq '^[[:space:]]*hosts:.*[[:space:]]mymachines([[:space:]]|$)' /etc/nsswitch.conf
}

others() {
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      *"$tag"*) ;;
      *) printf '%s\n' "$line" ;;
    esac
  done <"$hosts"
}

ours() {
  uses_mymachines || for file in "$running"/*; do
    [ ! -f "$file" ] || cat "$file"
  done
}

is_current() {
  [ "$(grep -Fs -- "$tag" "$hosts")" = "$(ours)" ]
}

own() {
  for address; do
    printf '%s %s %s%s\n' "$address" "$name" "$tag" "$name"
  done
}

# Containers that run see the directory, so a file in it is never half written.
announce() {
  own "$@" >"$running/.$name"
  mv -f "$running/.$name" "$running/$name"
}

# The unit must not fail with this, whatever goes wrong.
finish() {
  code=$?
  [ -z "$new" ] || rm -f "$new"
  [ $code = 0 ] || give_up "$hosts was not changed"
}

replace() {
  new=$(mktemp "$hosts.XXXXXX")
  # A copy keeps owner and mode; its text is replaced.
  cp -p "$hosts" "$new"
  {
    others
    ours
  } >"$new"
  # A file that is mounted there cannot be replaced.
  mv -f "$new" "$hosts" 2>/dev/null || cat "$new" >"$hosts"
}

new=
trap finish EXIT

mkdir -p "$running"
case $action in
  start) announce "$@" ;;
  stop) rm -f "$running/$name" ;;
  *) give_up "unknown action '$action'" ;;
esac

! is_current || exit 0
[ ! -L "$hosts" ] || give_up "$hosts is a link; its names are not changed"
[ -w "$hosts" ] || give_up "$hosts cannot be written; its names are not changed"
command -v flock >/dev/null 2>&1 || give_up "flock is not installed; the names in $hosts are not changed"

exec 9>"$running.lock"
flock 9
is_current || replace
