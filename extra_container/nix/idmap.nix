# Writable bind mounts of containers with a user namespace: their files belong to the users of the container, by an idmapped mount,
# as nixpkgs has it for the Nix store. Without it they belong to nobody there.
#
# Couples to nixpkgs: the conf has `--bind=HOSTPATH:MOUNTPOINT` for each in EXTRA_NSPAWN_FLAGS, which `script` splits at blanks.
# What the file system of a path can do is known only on the host, so the script looks and the conf says nothing. A mount
# point with options of its own (`/x:idmap`) is left as it is.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  # Its name until 20.09.
  utilLinux = lib.getBin (pkgs.util-linux or pkgs.utillinux);

  hasUserNamespace =
    container:
    let
      users = container.privateUsers or "no";
    in
    users == "pick" || builtins.isInt users && users > 0;

  flagOf = mount: "--bind=${lib.optionalString (mount.hostPath != null) "${mount.hostPath}:"}${mount.mountPoint}";
  pathOf = mount: if mount.hostPath == null then mount.mountPoint else mount.hostPath;

  case =
    mount:
    "'${flagOf mount}') path='${pathOf mount}' mapped='--bind=${pathOf mount}:${mount.mountPoint}:idmap' ;;";

  writable =
    container:
    builtins.filter (mount: !mount.isReadOnly && builtins.match ".*:.*" mount.mountPoint == null) (
      builtins.attrValues container.bindMounts
    );

  # Flags and paths have neither blanks nor quotes, see words.nix.
  mapping = mounts: ''
    # Whether a mount of a path can have its own users. Before 2.39 mount(8) ignores the option.
    can_map() {
      case $(${utilLinux}/bin/mount --version) in
        *' 2.'[0-9][!0-9]* | *' 2.'[12][0-9][!0-9]* | *' 2.3'[0-8][!0-9]*)
          case $(stat --file-system --format=%T "$1") in
            btrfs | ext2/ext3 | xfs) return 0 ;;
            *) return 1 ;;
          esac
          ;;
      esac
      ${utilLinux}/bin/unshare --mount ${utilLinux}/bin/mount --bind -o X-mount.idmap=b:0:1:1 "$1" "$1" 2>/dev/null
    }
    words=
    set -f
    for word in ''${EXTRA_NSPAWN_FLAGS:-}; do
      path=
      case $word in
        ${lib.concatMapStringsSep "\n    " case mounts}
      esac
      if [ -n "$path" ]; then
        # What is not there yet is systemd-nspawn's to complain about.
        if [ ! -e "$path" ] || can_map "$path"; then
          word=$mapped
        else
          echo "$path: the file system cannot map users, so its files belong to nobody in the container" >&2
        fi
      fi
      words="$words $word"
    done
    set +f
    EXTRA_NSPAWN_FLAGS=$words
  '';

  wanting = lib.filterAttrs (_: container: hasUserNamespace container && writable container != [ ]) config.containers;
in
{
  _file = "extra-container: bind mounts of user namespaces";

  config.systemd.services = lib.mapAttrs' (
    name: container: lib.nameValuePair "container@${name}" { script = lib.mkBefore (mapping (writable container)); }
  ) wanting;
}
