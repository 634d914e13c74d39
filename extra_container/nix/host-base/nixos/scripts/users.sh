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
for file in /etc/passwd /etc/group /etc/shadow /var/lib/nixos/ids /var/lib/nixos/declared; do
  if [ -e "$file" ] && cmp -s "$file.new" "$file"; then rm -f "$file.new"; else mv -f "$file.new" "$file"; fi
done
while IFS=: read -r kind name _ group _ home _ _ homeMode _; do
  if [ "$kind" = user ] && [ "$homeMode" != - ] && [ ! -e "$home" ]; then
    mkdir -p "$(dirname "$home")"
    mkdir -m "$homeMode" "$home"
    chown "$name:$group" "$home"
  fi
done <"$systemConfig/users"
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
