# Contents of systemd, after `modules`, the folder whose modules name units.
mkdir -p $out/lib/systemd/{system-generators,user-generators,system-shutdown,catalog} $out/example $out/lib/{tmpfiles.d,sysctl.d,sysusers.d,udev/rules.d} \
  $out/example/{tmpfiles.d,sysctl.d,sysusers.d} $out/share/dbus-1/{system.d,system-services} $out/lib/modprobe.d $out/etc
# A link: at every switch PID 1 would be executed again if it were another file.
ln -s /usr/lib/systemd/systemd $out/lib/systemd/systemd
for program in /usr/lib/systemd/systemd-*; do ln -s $program $out/lib/systemd/; done
cp -a /usr/share/dbus-1/system.d/org.freedesktop.*.conf $out/share/dbus-1/system.d
cp -a /usr/share/dbus-1/system-services/org.freedesktop.*.service $out/share/dbus-1/system-services
mkdir -p $out/example/systemd
cp -a /usr/lib/systemd/system /usr/lib/systemd/user $out/example/systemd
# Units that are named somewhere and that this systemd does not have.
grep -rhoE '[a-zA-Z0-9@_.-]+\.(service|socket|target|mount|automount|slice|path|timer)\b' $modules --include=*.nix | sort -u | while read -r unit; do
  for kind in system user; do
    [[ -e $out/example/systemd/$kind/$unit || -L $out/example/systemd/$kind/$unit ]] || printf '[Unit]\nDescription=Not on this host\n' >$out/example/systemd/$kind/$unit
  done
done
for wants in $(grep -rhoE '[a-z0-9-]+\.target\.wants' $modules --include=*.nix | sort -u); do
  mkdir -p $out/example/systemd/{system,user}/$wants
  # A directory with nothing in it is copied with its pattern.
  ln -sf ../basic.target $out/example/systemd/system/$wants/basic.target
done
for file in $(grep -rhoE '(tmpfiles|sysctl)\.d/[a-z0-9-]+\.conf' $modules --include=*.nix | sort -u); do
  for place in $out/example/$file $out/lib/$file; do
    # Modules replace the path of the package in some.
    echo "# $out/lib/systemd" >$place
    if [[ -e /usr/lib/$file ]]; then cat /usr/lib/$file >>$place; fi
  done
done
for file in /usr/lib/tmpfiles.d/*.conf; do cp -n $file $out/example/tmpfiles.d/; done
cat >$out/lib/systemd/start <<'END'
#!/usr/bin/bash
# The units and generators of the system alone: those of the host are below /usr, which is here, too.
export SYSTEMD_UNIT_PATH=/etc/systemd/system SYSTEMD_GENERATOR_PATH=/etc/systemd/system-generators
export SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/etc/systemd/system-environment-generators
exec /usr/lib/systemd/systemd "$@"
END
cat >$out/bin/systemd-nspawn <<'END'
#!/usr/bin/bash
# The host's programs come along. NixOS' own systemd-nspawn is patched to take a root without /usr.
words=("$@")
for ((number = 0; number < $#; number++)); do
  if [[ ${words[number]} == -D ]]; then root=${words[number + 1]}; fi
done
mkdir -p "$root/usr" "$root/bin"
for link in lib lib64; do
  if [[ ! -e $root/$link && ! -L $root/$link ]]; then ln -s "usr/$link" "$root/$link"; fi
done
exec /usr/bin/systemd-nspawn --bind-ro=/usr --bind-ro=/etc/alternatives "$@"
END
chmod 0755 $out/lib/systemd/start $out/bin/systemd-nspawn
