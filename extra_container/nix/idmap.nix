# Files of containers with a user namespace belong to the users of the container.
#
# Those of writable bind mounts do by an idmapped mount, as nixpkgs has it for the Nix store. Without it they belong to nobody there.
# Those of the container itself do by systemd-nspawn, which looks after that only where it picks the users: with a first user that
# the definition names, the container could not write to its own root.
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

  usersOf = container: container.privateUsers or "no";
  namesFirstUser = container: builtins.isInt (usersOf container) && usersOf container > 0;
  hasUserNamespace = container: usersOf container == "pick" || namesFirstUser container;

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
    # systemd-nspawn (257) binds the mounts in it along, and then cannot put the mapped one in its place.
    has_mounts() {
      real=$(realpath "$1")
      while read -r _ _ _ _ point _; do
        case $point in "$real"/*) return 0 ;; esac
      done </proc/self/mountinfo
      return 1
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
        if [ ! -e "$path" ]; then
          word=$mapped
        elif has_mounts "$path"; then
          echo "$path: there are other mounts in it, so its files belong to nobody in the container" >&2
        elif can_map "$path"; then
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

  # Flags of the definition come later and win. A root that belongs to somebody else has been given its users.
  owning = ''
    # A root that belongs to the host's root has files that the container's users do not own.
    case $(stat --format=%u "$root" 2>/dev/null || echo 0) in
      0) EXTRA_NSPAWN_FLAGS="--private-users-ownership=auto ''${EXTRA_NSPAWN_FLAGS:-}" ;;
    esac
  '';

  scriptOf =
    container:
    lib.optionalString (namesFirstUser container) owning
    + lib.optionalString (hasUserNamespace container && writable container != [ ]) (mapping (writable container));

  wanting = lib.filterAttrs (_: container: scriptOf container != "") config.containers;
in
{
  _file = "extra-container: files of user namespaces";

  config.systemd.services = lib.mapAttrs' (
    name: container: lib.nameValuePair "container@${name}" { script = lib.mkBefore (scriptOf container); }
  ) wanting;
}
