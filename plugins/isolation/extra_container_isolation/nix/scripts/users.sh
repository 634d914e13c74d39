#!/bin/sh
# shellcheck disable=SC2034,SC2154 # names that the parts of isolation.sh share
# Users of the container's own: which, and whether the host can do it.
#
# systemd-nspawn would pick them itself, but only after everything that has to belong to them is there.

range=65536
users=$runtime/users/$container
# 0 is the host's root: the container has no users of its own.
first_user=0

# What the command line of systemd-nspawn says. The last of its words counts, as there.
users_read() {
  wanted=no
  for word in "$@"; do
    case $word in --private-users=*) wanted=${word#*=} ;; esac
  done
  case $wanted in
    pick) users_pick ;;
    [1-9]*) first_user=${wanted%%:*} ;;
  esac
}

# The same ones each time, if nobody else has them: from what systemd sets apart for containers (https://systemd.io/UIDS-GIDS).
users_pick() {
  owner=$(stat -c %u "$root" 2>/dev/null) || owner=0
  if [ "$owner" -ge 524288 ] && [ $((owner % range)) -eq 0 ]; then
    # The files of its root have been given to them.
    first_user=$owner
  else
    sum=$(printf %s "$container" | cksum)
    number=${sum%% *}
    while
      first_user=$((524288 + number % 28663 * range))
      users_taken
    do
      number=$((number + 1))
    done
  fi
  mkdir -p "$runtime/users"
  echo "$first_user" >"$users"
}

users_taken() {
  for file in "$runtime"/users/*; do
    if [ "$file" != "$users" ] && [ "$(cat "$file" 2>/dev/null)" = "$first_user" ]; then return 0; fi
  done
  getent passwd "$first_user" >/dev/null
}

# Refuses a host that cannot mount what the container has of it with other users, with which systemd-nspawn would fail.
users_check() {
  if [ "$private_users" != 1 ]; then return; fi
  for path in $mapped_paths; do
    if ! users_can_map "$path"; then
      fail "privateUsers: the file system of $path ($(stat -f -c %T "$path")) cannot be mounted with other users" \
        "That takes ext4, xfs or btrfs with Linux 5.12, or tmpfs with Linux 6.3; an overlay cannot."
    fi
  done
  if [ "$store_view" = closure ] && ! mount_can_map; then
    fail "privateUsers: together with storeView it takes mount(8) of util-linux 2.39" "Update the host, or remove one of the two."
  fi
}

mount_can_map() {
  case $("$util_linux/mount" --version) in
    # Older ones ignore the option.
    *' 2.'[0-9][!0-9]* | *' 2.'[12][0-9][!0-9]* | *' 2.3'[0-8][!0-9]*) return 1 ;;
  esac
}

users_can_map() {
  if mount_can_map; then
    "$util_linux/unshare" --mount "$util_linux/mount" --bind -o X-mount.idmap=b:0:1:1 "$1" "$1" 2>/dev/null
  else
    case $(stat -f -c %T "$1") in
      btrfs | ext2/ext3 | xfs) ;;
      *) return 1 ;;
    esac
  fi
}

users_close() {
  rm -f "$users"
}
