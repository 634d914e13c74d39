# Lets systemd's own restart (Restart=on-failure) succeed after a systemd-nspawn that had no time to clean up, for instance
# because the kernel was out of memory. Two things of it stay behind:
#
# * From systemd 256 on, the mount /run/systemd/nspawn/unix-export/NAME (with 262, /run/systemd/nspawn/NAME/unix-export), with
#   which the next systemd-nspawn refuses to start.
# * What machined knows of the machine. It forgets a machine when its unit has ended, and a unit that is being restarted has
#   not; `machinectl terminate`, which nixpkgs runs, asks systemd to stop the very unit that is starting.
#
# Couples to nixpkgs: the service is called container@NAME, and its `preStart` runs as root before systemd-nspawn, with
# systemd in PATH. Couples to systemd: those paths, and machined's method UnregisterMachine, which systemd-nspawn itself calls
# when it ends.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  # Its name until 20.09.
  utilLinux = lib.getBin (pkgs.util-linux or pkgs.utillinux);

  # The names of containers need no quoting, see names.nix.
  clear = name: ''
    # Hosts without systemd have no machined, and their managers unmount what is left.
    if [ -d /run/systemd/system ]; then
      if [ "$(machinectl show --property=Unit ${name} 2>/dev/null)" = Unit=container@${name}.service ]; then
        busctl call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager \
          UnregisterMachine s ${name} || echo "machined still knows the machine ${name}" >&2
      fi
      for mount in unix-export/${name} ${name}/unix-export; do
        if ${utilLinux}/bin/mountpoint -q "/run/systemd/nspawn/$mount"; then
          ${utilLinux}/bin/umount -l "/run/systemd/nspawn/$mount"
          rmdir "/run/systemd/nspawn/$mount"
        fi
      done
    fi
  '';
in
{
  _file = "extra-container: recovery of containers";

  config.systemd.services = lib.mapAttrs' (
    name: _: lib.nameValuePair "container@${name}" { preStart = lib.mkBefore (clear name); }
  ) config.containers;
}
