#!/bin/sh
# shellcheck disable=SC2034,SC2154 # names that the parts of isolation.sh share
# Secrets of the host, in a directory that the container sees where systemd looks for credentials (systemd.exec(5)). It is in
# memory, for root only, and the files in it are replaced while the container runs.

credentials=$runtime/credentials/$container
credentials_inside=/run/host/credentials

credentials_fail() {
  fail "credentials.$1" "$2"
}

# Refuses what cannot be read. Commands are not run: they may ask, or count how often they are.
credentials_check() {
  for name in $credential_names; do
    source=$(credential_source "$name")
    if [ -z "$source" ]; then continue; fi
    if [ ! -e "$source" ]; then
      credentials_fail "$name: $source does not exist" "Make the file, or name another one in the definition."
    elif [ ! -f "$source" ]; then
      credentials_fail "$name: $source is no regular file" "Name a file with the secret in it."
    elif ! head -c 1 "$source" >/dev/null 2>&1; then
      credentials_fail "$name: $source cannot be read" "Look at its file system; root's rights were not enough."
    fi
  done
}

# All of them, or none: those that are there stay until the last one is read. The argument is the user that they belong to.
credentials_write() {
  credentials_check
  (
    umask 077
    rm -rf "$credentials.new"
    mkdir -p "$credentials" "$credentials.new"
    trap 'rm -rf "$credentials.new"' EXIT
    for name in $credential_names; do
      if ! credential "$name" >"$credentials.new/$name"; then
        credentials_fail "$name: its command failed" "Run it by hand, as root: it is in $program."
      fi
      chmod 0400 "$credentials.new/$name"
    done
    chown -R "$1:$1" "$credentials" "$credentials.new"
    for name in $credential_names; do
      mv -f "$credentials.new/$name" "$credentials/$name"
    done
  )
}

credentials_open() {
  # Those of a definition before this one.
  rm -rf "$credentials"
  if [ -n "$credential_names" ]; then credentials_write "$1"; fi
}

credentials_update() {
  # A container that does not run has none.
  if [ -d "$credentials" ]; then credentials_write "$(stat -c %u "$credentials")"; fi
}

credentials_close() {
  rm -rf "$credentials" "$credentials.new"
}
