# shellcheck shell=sh disable=SC2154 # the activation script sets systemConfig
# Writes /etc/passwd, group and shadow from the system's list of accounts, keeping ids, passwords and (with mutableUsers)
# accounts made in the container.
mkdir -p /var/lib/nixos
umask 077
for file in passwd group shadow; do
  [ -e "/etc/$file" ] || : >"/etc/$file"
done
[ -e /var/lib/nixos/declared ] || : >/var/lib/nixos/declared
[ -e /var/lib/nixos/ids ] || : >/var/lib/nixos/ids
awk -F: -v today="$(($(date +%s) / 86400))" -f "$systemConfig/users.awk" \
  /etc/passwd /etc/group /etc/shadow /var/lib/nixos/ids /var/lib/nixos/declared "$systemConfig/users"
chmod 0644 /etc/passwd.new /etc/group.new
failed=0
for file in /etc/passwd /etc/group /etc/shadow /var/lib/nixos/ids /var/lib/nixos/declared; do
  if [ -e "$file" ] && cmp -s "$file.new" "$file"; then
    rm -f "$file.new"
  elif is_mounted "$file"; then
    echo "warning: $file is a mount point and is left as it is" >&2
    rm -f "$file.new"
  else
    mv -f "$file.new" "$file"
  fi
done
# The directories that lead to a home are for everybody; the home itself is its user's, as on NixOS also if it was there before.
while IFS=: read -r kind name _ group _ home _ _ homeMode _; do
  if [ "$kind" != user ] || [ "$homeMode" = - ] || [ "$home" = /var/empty ]; then continue; fi
  # shellcheck disable=SC2174 # only the home itself has the mode
  if [ ! -d "$home" ] && ! (umask 022 && mkdir -p -m "$homeMode" -- "$home"); then
    echo "the home directory $home of $name cannot be made" >&2
    failed=1
  elif ! { chown "$name:$group" "$home" && chmod "$homeMode" "$home"; }; then
    echo "warning: the home directory $home of $name is left as it is" >&2
  fi
done <"$systemConfig/users"
if is_mounted /etc/shadow; then exit "$failed"; fi
# Clear-text passwords are hashed here, so that the hash is salted anew for each container.
while IFS=: read -r kind name value; do
  case $kind in
    password) printf '%s:%s\n' "$name" "$value" | chpasswd -c SHA512 ;;
    passwordFile) printf '%s:%s\n' "$name" "$(cat "$value")" | chpasswd -e ;;
    initialPassword)
      if grep -q "^$name:\*:" /etc/shadow; then printf '%s:%s\n' "$name" "$value" | chpasswd -c SHA512; fi
      ;;
  esac
done <"$systemConfig/users"
[ "$failed" -eq 0 ]
