# shellcheck shell=sh disable=SC2154,SC3013 # the activation script sets systemConfig; -ef is in every shell that serves as /bin/sh
# Links and copies the system's files into /etc, and removes those that an earlier system put there.
# Lines of the manifest: MODE USER GROUP PATH, with MODE `symlink` for a link into /etc/static.
# Boot time is spent here, so unchanged files cost no process and new links one a directory.
# One path that cannot be made must not keep the others, the system's units among them, away.
manifest=$systemConfig/etc-manifest
state=/etc/.managed
failed=0
report() {
  echo "/etc/$1 cannot be made" >&2
  failed=1
}
ln -sfn "$systemConfig/etc" /etc/static || report static
if [ -s "$state" ] && ! cmp -s "$manifest" "$state"; then
  gone=$(grep -vxFf "$manifest" "$state" || [ $? -eq 1 ])
  printf '%s\n' "$gone" | while read -r mode _ _ path; do
    if [ -z "$path" ] || is_mounted "/etc/$path"; then continue; fi
    if [ "$mode" != symlink ] || [ -L "/etc/$path" ]; then
      rm -f "/etc/$path" || echo "/etc/$path belongs to the system no more and cannot be removed" >&2
    fi
  done
fi
into=
set --
link_all() {
  if [ $# -eq 0 ] || ln -sfn -t "$into" -- "$@"; then return; fi
  # ln has told the reason.
  for static; do
    if ! [ "$into${static##*/}" -ef "$static" ]; then report "${static#/etc/static/}"; fi
  done
}
# Sets `kept` to why a path stays as it is, if the user's mounts say so.
ask_mounts() {
  kept=
  if is_mounted "/etc/$1"; then
    kept="is a mount point"
  elif is_below_mount "/etc/$1"; then
    # A link into /etc/static, or a copy that an earlier system made here, is ours.
    if [ -L "/etc/$1" ]; then
      case $(readlink "/etc/$1") in /etc/static/*) return ;; esac
    elif [ ! -e "/etc/$1" ] || grep -qxF "$2" "$state" 2>/dev/null; then
      if [ -w "$above" ]; then return; fi
    fi
    kept="is in the mounted directory $above"
  fi
}
# Whether a path below /etc is a directory that cannot be a link, because something is mounted in it, or was once.
is_filled() {
  [ ! -L "/etc/$1" ] && [ -d "/etc/$1" ] && [ -d "/etc/static/$1" ] && { holds_mount "/etc/$1" || [ -e "/etc/$1/.filled" ]; }
}
# Gives such a directory a link for each of its entries.
fill() {
  : >"/etc/$1/.filled"
  for entry in "/etc/$1"/*; do
    if [ -L "$entry" ] && [ ! -e "/etc/static/$1/${entry##*/}" ] && ! is_mounted "$entry"; then rm -f "$entry"; fi
  done
  for static in "/etc/static/$1"/*; do
    entry=/etc/$1/${static##*/}
    if is_mounted "$entry"; then
      echo "warning: $entry is a mount point and is left as it is" >&2
    elif is_filled "$1/${static##*/}"; then
      (
        fill "$1/${static##*/}"
        [ "$failed" -eq 0 ]
      ) || failed=1
    # A link is kept as it is: systemd takes the name of a unit from what it says.
    elif [ -L "$static" ]; then
      { rm -f "$entry" && cp -P "$static" "$entry"; } || report "$1/${static##*/}"
    else
      ln -sfn "$static" "$entry" || report "$1/${static##*/}"
    fi
  done
}
copy() {
  cp -L --remove-destination "/etc/static/$4" "/etc/$4" && chown "${2#+}:${3#+}" "/etc/$4" && chmod "$1" "/etc/$4"
}
foreign=
while read -r mode user group path; do
  if [ "$mount_points" != '|' ]; then
    ask_mounts "$path" "$mode $user $group $path"
    if [ -n "$kept" ]; then
      echo "warning: /etc/$path $kept and is left as it is" >&2
      foreign="$foreign$mode $user $group $path
"
      continue
    fi
  fi
  name=${path##*/}
  dir=/etc/${path%"$name"}
  if [ ! -d "$dir" ] && ! mkdir -p "$dir"; then
    report "$path"
  elif [ "$mode" != symlink ]; then
    copy "$mode" "$user" "$group" "$path" || report "$path"
  elif is_filled "$path"; then
    fill "$path"
  elif [ -d "/etc/$path" ] && [ ! -L "/etc/$path" ]; then
    echo "/etc/$path is a directory of the container and is kept" >&2
  elif [ ! -L "/etc/$path" ] || [ ! "/etc/$path" -ef "/etc/static/$path" ]; then
    if [ "$dir" != "$into" ]; then
      link_all "$@"
      set --
      into=$dir
    fi
    set -- "$@" "/etc/static/$path"
  fi
done <"$manifest"
link_all "$@"
if [ -n "$foreign" ]; then
  if ! { printf %s "$foreign" | grep -vxFf - "$manifest" >"$state.new" && mv -f "$state.new" "$state"; }; then
    report .managed
  fi
elif ! cmp -s "$manifest" "$state"; then
  cp --remove-destination "$manifest" "$state" || report .managed
fi
[ "$failed" -eq 0 ]
