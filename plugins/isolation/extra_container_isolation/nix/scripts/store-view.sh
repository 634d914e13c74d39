#!/bin/sh
# shellcheck disable=SC2034,SC2154 # names that the parts of isolation.sh share
# What a container sees of the store: a directory with a mount for each path, which systemd-nspawn puts in place of the store.
#
# The mounts are in a mount namespace of systemd-nspawn's own. So the host's systemd has no thousands of mount units, and nothing is
# left however it ends. From there they reach the container, also those that come while it runs (mount_namespaces(7)).

view=$runtime/store-view/$container
keeper=$view.pid
stage=$view.stage
state=${store%/*}/var/nix
init=/run/extra-container-init

view_fail() {
  fail "storeView: $1" "$2"
}

# Goes on in a mount namespace that the host's mounts still reach.
view_enter() {
  if [ "$store_view" != closure ] || [ "${EXTRA_CONTAINER_OWN_MOUNTS:-}" = "$$" ]; then return; fi
  EXTRA_CONTAINER_OWN_MOUNTS=$$ exec "$util_linux/unshare" --mount --propagation slave "$program" "$@"
}

view_open() {
  if [ "$store_view" != closure ]; then return; fi
  # A name of its own: what is started does not get it.
  unset EXTRA_CONTAINER_OWN_MOUNTS
  mkdir -p "$view"
  "$util_linux/mount" -t tmpfs -o mode=0755,nosuid,nodev extra-container "$view"
  "$util_linux/mount" --make-shared "$view"
  chown "$first_user:$first_user" "$view"
  closure=$(view_closure "${SYSTEM_PATH:-$state/profiles/per-container/$container/system}")
  printf '%s\n' "$closure" | view_fill
  echo "$$ $first_user" >"$keeper"
}

# The host's own Nix knows the schema of its database; the one of the container's nixpkgs may be too old.
nix_store() {
  for directory in /run/current-system/sw/bin /nix/var/nix/profiles/default/bin /root/.nix-profile/bin /usr/local/bin /usr/bin; do
    if [ -x "$directory/nix-store" ]; then
      "$directory/nix-store" "$@"
      return
    fi
  done
  if ! command -v nix-store >/dev/null; then
    view_fail "nix-store was not found, which knows what the system refers to" "Install Nix in one of the usual places."
  fi
  nix-store "$@"
}

view_closure() {
  # shellcheck disable=SC2086 # paths of the store have neither blanks nor patterns
  nix_store --query --requisites "$1" $store_view_paths ||
    view_fail "what $1 refers to is not known" "Create the container again, so that Nix has all of it."
}

# Mounts the paths on stdin that are not there yet. Mounts take over from where they are made of that they are read-only; made
# so afterwards, they would be writable for a moment in a container that runs.
view_fill() {
  mkdir -p "$stage"
  if [ "$first_user" = 0 ]; then
    "$util_linux/mount" --bind "$store" "$stage"
  else
    # Mounts take over that, too.
    "$util_linux/mount" --bind -o "X-mount.idmap=b:0:$first_user:$range" "$store" "$stage"
  fi
  "$util_linux/mount" -o remount,bind,ro,nosuid,nodev "$stage"
  directories=$view.directories
  table=$view.table
  : >"$directories"
  : >"$table"
  while IFS= read -r path; do
    base=${path##*/}
    if [ -e "$view/$base" ] || [ -L "$view/$base" ]; then continue; fi
    if [ -L "$path" ]; then
      cp -P "$path" "$view/$base"
      chown -h "$first_user:$first_user" "$view/$base"
      continue
    elif [ -d "$path" ]; then
      echo "$view/$base" >>"$directories"
    else
      : >"$view/$base"
    fi
    echo "$stage/$base $view/$base none bind 0 0" >>"$table"
  done
  xargs -r mkdir -- <"$directories"
  if [ -s "$table" ]; then
    # One process for all of them.
    "$util_linux/mount" --all --fstab "$table" || view_fail "paths of $store could not be mounted" "The lines above say why."
  fi
  rm "$directories" "$table"
  "$util_linux/umount" --lazy "$stage"
}

view_update() {
  if [ "$store_view" != closure ]; then return; fi
  read -r pid first_user 2>/dev/null <"$keeper" || pid=
  if [ -z "$pid" ] || ! grep -q " $view " "/proc/$pid/mountinfo" 2>/dev/null; then
    view_fail "the container that runs has no view of its closure" "Restart it: extra-container restart $container"
  fi
  closure=$(view_closure "$1")
  printf '%s\n' "$closure" | "$util_linux/nsenter" --mount="/proc/$pid/ns/mnt" -- "$program" fill "$first_user"
}

view_close() {
  rm -f "$keeper"
  for directory in "$view" "$stage"; do
    if [ -d "$directory" ]; then rmdir --ignore-fail-on-non-empty "$directory"; fi
  done
}

# Which paths of the store the system's own files name without that Nix knows: where a definition has a path as a mere string.
view_forgotten() {
  if [ "$store_view" != closure ]; then return; fi
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  view_closure "$1" | sort >"$work/closure"
  reference="$store/[0-9a-df-np-sv-z]{32}-[0-9A-Za-z+._?=-]+"
  # Its own files are small, and packages are not among them.
  find -L "$1/etc" "$1/activate" "$1/init" -maxdepth 5 -type f -size -256k ! -path '*/zoneinfo/*' -print0 2>/dev/null |
    xargs -0 -r grep -IHoE -- "$reference" >"$work/named" || true
  # The scripts of units, which stand beside them.
  cut -d: -f2- "$work/named" | grep -E -- '-unit-script-' | sort -u | while IFS= read -r script; do
    find "$script" -type f -size -256k -print0
  done | xargs -0 -r grep -IHoE -- "$reference" >"$work/named-by-scripts" || true
  cat "$work/named" "$work/named-by-scripts" >"$work/all"
  cut -d: -f2- "$work/all" | sort -u | comm -23 - "$work/closure" | while IFS= read -r path; do
    if [ -e "$path" ]; then
      file=$(grep -F -m 1 -- ":$path" "$work/all")
      printf '%s %s\n' "${file%%:*}" "$path"
    fi
  done
}
