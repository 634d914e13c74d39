#!/bin/sh
# The names of the other containers that run, in this container's /etc/hosts.
#
#   peer-names.sh NAMES OWN
#
# NAMES is the host's directory with a file for each container that runs, OWN this container's name. /etc/hosts becomes a link
# to a file that holds the system's own lines and then theirs. An activation of the system links /etc/hosts anew, so this runs
# after each one, and whenever NAMES changes.
set -eu

PATH="${PATH:+$PATH:}/run/current-system/sw/bin:/usr/bin:/bin"

names=$1
own=$2
hosts=/etc/hosts
state=/run/extra-container-hosts
merged=$state/hosts

# The option is on unasked, so it must not fail the activation of a system whose /etc is read-only.
if [ ! -w "${hosts%/*}" ]; then
  echo "extra-container: containers.$own.extra.resolvePeers: ${hosts%/*} cannot be written; no names are added" >&2
  exit 0
fi
mkdir -p "$state"
if [ "$(readlink "$hosts" || echo)" != "$merged" ]; then
  # What the system says, whether it is a link into the store or a file.
  cat "$hosts" >"$state/base.new" 2>/dev/null || : >"$state/base.new"
  mv -f "$state/base.new" "$state/base"
fi
lines() {
  cat "$state/base"
  for file in "$names"/*; do
    if [ "${file##*/}" != "$own" ]; then
      # It may go meanwhile.
      cat "$file" 2>/dev/null || :
    fi
  done
}
# While this runs, changes wake nobody.
text=
until [ "$text" = "$(lines)" ]; do
  text=$(lines)
  printf '%s\n' "$text" >"$merged.new"
  mv -f "$merged.new" "$merged"
done
if [ "$(readlink "$hosts" || echo)" != "$merged" ]; then
  ln -s "$merged" "$hosts.new"
  mv -f "$hosts.new" "$hosts"
fi
