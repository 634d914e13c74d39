# shellcheck shell=sh disable=SC2154,SC3013 # the activation script sets systemConfig; -ef is in every shell that serves as /bin/sh
# Links and copies the system's files into /etc, and removes those that an earlier system put there.
# Lines of the manifest: MODE USER GROUP PATH, with MODE `symlink` for a link into /etc/static.
# Boot time is spent here, so unchanged files cost no process and new links one a directory.
manifest=$systemConfig/etc-manifest
state=/etc/.managed
ln -sfn "$systemConfig/etc" /etc/static
if [ -s "$state" ] && ! cmp -s "$manifest" "$state"; then
  gone=$(grep -vxFf "$manifest" "$state" || [ $? -eq 1 ])
  printf '%s\n' "$gone" | while read -r mode user group path; do
    if [ -n "$path" ] && { [ "$mode" != symlink ] || [ -L "/etc/$path" ]; }; then rm -f "/etc/$path"; fi
  done
fi
failed=0
into=
set --
link_all() {
  if [ $# -gt 0 ]; then ln -sfn -t "$into" -- "$@"; fi
}
while read -r mode user group path; do
  name=${path##*/}
  dir=/etc/${path%"$name"}
  [ -d "$dir" ] || mkdir -p "$dir"
  if [ "$mode" != symlink ]; then
    # One file that cannot be made must not keep the others, the system's units among them, away.
    if ! { cp -L --remove-destination "/etc/static/$path" "/etc/$path" \
      && chown "${user#+}:${group#+}" "/etc/$path" && chmod "$mode" "/etc/$path"; }; then
      failed=1
    fi
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
if ! cmp -s "$manifest" "$state"; then cp --remove-destination "$manifest" "$state"; fi
[ "$failed" -eq 0 ]
