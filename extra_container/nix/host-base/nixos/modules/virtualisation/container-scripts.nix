# The shell scripts around a container: before, at, and after its start, and what runs first inside.
# Values of the conf file arrive as environment variables; what is baked in is what nixpkgs bakes in too.
{ lib, pkgs }:
let
  inherit (lib) concatLines concatMapStrings escapeShellArg optionalString;
  nixState = "${dirOf builtins.storeDir}/var/nix";
  withoutMask = address: builtins.head (lib.splitString "/" address);

  # Adds an address or a route on the host: known now, or only when the conf is read.
  hostSide =
    device: cfg:
    let
      add =
        command: variable: strip: value: extra:
        if value != null then
          "${command} add ${if strip then withoutMask value else value} dev ${device}${extra}"
        else if variable != null then
          ''
            if [ -n "''${${variable}:-}" ]; then
              ${command} add "''${${variable}${optionalString strip "%/*"}}" dev ${device}${extra}
            fi''
        else
          "";
      variable = name: if cfg ? bindMounts then name else null;
    in
    concatLines (
      lib.remove "" [
        (add "ip addr" (variable "HOST_ADDRESS") false cfg.hostAddress "")
        (add "ip -6 addr" (variable "HOST_ADDRESS6") false cfg.hostAddress6 " nodad")
        (add "ip route" (variable "LOCAL_ADDRESS") true cfg.localAddress "")
        (add "ip -6 route" (variable "LOCAL_ADDRESS6") true cfg.localAddress6 "")
      ]
    );
in
{
  init =
    cfg:
    pkgs.writeScript "container-init" ''
      #!/bin/sh -e
      # SIGRTMIN+3 is how nspawn asks for a shutdown; until systemd runs, nothing else would answer.
      trap 'exit 0' 37
      # Asked by what must not touch the network of the host, such as the packet filter. No mark can be left from before: /run is new.
      if [ "$(readlink /proc/self/ns/net)" != "''${HOST_NETWORK_NAMESPACE:-}" ]; then
        touch /run/extra-container-own-network
      fi
      if [ -n "''${HOST_ADDRESS:-}''${HOST_ADDRESS6:-}''${LOCAL_ADDRESS:-}''${LOCAL_ADDRESS6:-}''${HOST_BRIDGE:-}" ]; then
        ip link set host0 name eth0
        ip link set dev eth0 up
        if [ -n "''${LOCAL_ADDRESS:-}" ]; then ip addr add "$LOCAL_ADDRESS" dev eth0; fi
        if [ -n "''${LOCAL_ADDRESS6:-}" ]; then ip -6 addr add "$LOCAL_ADDRESS6" dev eth0 nodad; fi
        if [ -n "''${HOST_ADDRESS:-}" ]; then
          ip route add "''${HOST_ADDRESS%/*}" dev eth0
          ip route add default via "''${HOST_ADDRESS%/*}"
        fi
        if [ -n "''${HOST_ADDRESS6:-}" ]; then
          ip -6 route add "''${HOST_ADDRESS6%/*}" dev eth0
          ip -6 route add default via "''${HOST_ADDRESS6%/*}"
        fi
      fi
      ${concatLines (
        lib.mapAttrsToList (
          name: veth:
          concatLines (
            [ "ip link set dev ${name} up" ]
            ++ lib.optional (veth.localAddress != null) "ip addr add ${veth.localAddress} dev ${name}"
            ++ lib.optional (veth.localAddress6 != null) "ip -6 addr add ${veth.localAddress6} dev ${name} nodad"
            ++ lib.optional (veth.hostAddress != null) "ip route add ${withoutMask veth.hostAddress} dev ${name}"
            ++ lib.optional (veth.hostAddress6 != null) "ip -6 route add ${withoutMask veth.hostAddress6} dev ${name}"
          )
        ) cfg.extraVeths
      )}
      exec "$@"
    '';

  preStart = cfg: ''
    # A registration left over from a crash blocks the name. Without a service manager there is no machined to ask.
    if [ -d /run/systemd/system ] && machinectl show "$INSTANCE" >/dev/null 2>&1; then
      machinectl terminate "$INSTANCE" || echo "machined still knows the machine $INSTANCE" >&2
    fi
    drop_link() {
      if ip link show dev "$1" >/dev/null 2>&1; then ip link del dev "$1"; fi
    }
    if [ -n "''${HOST_ADDRESS:-}''${HOST_ADDRESS6:-}''${LOCAL_ADDRESS:-}''${LOCAL_ADDRESS6:-}''${HOST_BRIDGE:-}" ]; then
      drop_link "ve-$INSTANCE"
      drop_link "vb-$INSTANCE"
    fi
    ${concatMapStrings (name: "drop_link ${escapeShellArg name}\n") (builtins.attrNames cfg.extraVeths)}
  '';

  start =
    { cfg, init }:
    ''
      parent=''${root%/*}
      if [ ! -d "$parent" ]; then mkdir -p -m 0700 "$parent"; fi
      # The container's root user owns what is below $root: never walk through a link planted there.
      for dir in "$root" "$root/etc" "$root/usr" "$root/var" "$root/var/lib" "$root/var/lib/private" "$root/root"; do
        if [ -L "$dir" ]; then echo "$dir is a symbolic link, refusing to start the container" >&2; exit 1; fi
      done
      mkdir -p "$root/etc" "$root/usr" "$root/var/lib/private" "$root/root" /run/nixos-containers \
        "${nixState}/profiles/per-container/$INSTANCE" "${nixState}/gcroots/per-container/$INSTANCE"
      chmod 0755 "$root" "$root/etc" "$root/usr" "$root/var" "$root/var/lib" \
        "${nixState}/profiles/per-container/$INSTANCE" "${nixState}/gcroots/per-container/$INSTANCE"
      chmod 0700 "$root/var/lib/private" "$root/root" /run/nixos-containers
      for dir in bin sbin lib lib32 lib64 libx32; do
        if [ -L "/$dir" ] && [ ! -L "$root/$dir" ]; then ln -s "usr/$dir" "$root/$dir"; fi
      done
      rm -f "$root/etc/os-release"
      if [ -e /etc/os-release ]; then cp /etc/os-release "$root/etc/os-release"; else : >"$root/etc/os-release"; fi
      if [ ! -e "$root/etc/machine-id" ] && [ ! -L "$root/etc/machine-id" ]; then : >"$root/etc/machine-id"; fi
      if [ -e /etc/resolv.conf ]; then
        rm -f "$root/etc/resolv.conf"
        cp /etc/resolv.conf "$root/etc/resolv.conf"
      fi

      # SOURCE[:TARGET[:OPTIONS]] of a bind mount. Where the container's system last put a link, nspawn would follow it.
      drop_managed_link() {
        rest=''${1#*:}
        rest=''${rest%%:*}
        rest=''${rest#/}
        here=$root
        while [ -n "$rest" ]; do
          here=$here/''${rest%%/*}
          case $rest in */*) rest=''${rest#*/} ;; *) rest= ;; esac
          if [ -L "$here" ]; then
            case $(readlink "$here") in /etc/static/*) rm "$here" ;; esac
            return
          fi
        done
      }
      # shellcheck disable=SC2086 # EXTRA_NSPAWN_FLAGS is a list of words by contract
      for flag in ''${EXTRA_NSPAWN_FLAGS:-}; do
        case $flag in
          --bind=* | --bind-ro=*) drop_managed_link "''${flag#*=}" ;;
        esac
      done

      set --
      idmap=
      case "''${PRIVATE_USERS:-no}" in
        no | identity | 0) ;;
        *) idmap=:idmap ;;
      esac
      # systemd-nspawn (257) cannot give other users to a mount with another one in it, such as a /usr/local of its own.
      usr=/usr:/usr
      if [ -n "$idmap" ]; then usr=$usr$idmap,norbind; fi
      set -- "$@" --private-users="''${PRIVATE_USERS:-no}"
      if [ "''${PRIVATE_NETWORK:-}" = 1 ]; then set -- "$@" --private-network; fi
      if [ -n "''${HOST_ADDRESS:-}''${HOST_ADDRESS6:-}''${LOCAL_ADDRESS:-}''${LOCAL_ADDRESS6:-}" ]; then
        set -- "$@" --network-veth
      fi
      if [ -n "''${HOST_PORT:-}" ]; then
        for port in $(echo "$HOST_PORT" | tr , ' '); do set -- "$@" --port="$port"; done
      fi
      if [ -n "''${HOST_BRIDGE:-}" ]; then set -- "$@" --network-bridge="$HOST_BRIDGE"; fi
      if [ -n "''${NETWORK_NAMESPACE_PATH:-}" ]; then set -- "$@" --network-namespace-path="$NETWORK_NAMESPACE_PATH"; fi
      for iface in ''${INTERFACES:-}; do set -- "$@" --network-interface="$iface"; done
      for iface in ''${MACVLANS:-}; do set -- "$@" --network-macvlan="$iface"; done
      # Where the host's programs look for the host's own choices, certificates and libraries.
      for path in /etc/alternatives /etc/ssl/certs /etc/pki /etc/ca-certificates /etc/ld.so.cache; do
        if [ -e "$path" ]; then set -- "$@" --bind-ro="$path"; fi
      done
      for path in "${nixState}/db" "${nixState}/daemon-socket"; do
        if [ -e "$path" ]; then set -- "$@" --bind-ro="$path:$path$idmap"; fi
      done
      systemPath=''${SYSTEM_PATH:-${nixState}/profiles/system}

      export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
      # shellcheck disable=SC2086 # EXTRA_NSPAWN_FLAGS is a list of words by contract
      exec systemd-nspawn \
        --keep-unit \
        -M "$INSTANCE" -D "$root" \
        --notify-ready=yes \
        --kill-signal=SIGRTMIN+3 \
        --resolv-conf=off --timezone=off \
        --bind-ro="$usr" \
        --bind-ro="${builtins.storeDir}:${builtins.storeDir}$idmap" \
        --bind="${nixState}/profiles/per-container/$INSTANCE:${nixState}/profiles$idmap" \
        --bind="${nixState}/gcroots/per-container/$INSTANCE:${nixState}/gcroots$idmap" \
        ${if cfg.ephemeral then "--ephemeral" else "--link-journal=try-guest"} \
        ${concatMapStrings (flag: "${escapeShellArg flag} \\\n        ") (
          lib.optional (cfg.additionalCapabilities != [ ]) "--capability=${lib.concatStringsSep "," cfg.additionalCapabilities}"
          ++ lib.optional cfg.enableTun "--capability=CAP_NET_ADMIN"
          ++ map (path: "--tmpfs=${path}") cfg.tmpfs
          ++ map (name: "--network-veth-extra=${name}") (builtins.attrNames cfg.extraVeths)
        )}"$@" \
        --setenv PRIVATE_NETWORK="''${PRIVATE_NETWORK:-}" \
        --setenv PRIVATE_USERS="''${PRIVATE_USERS:-}" \
        --setenv HOST_BRIDGE="''${HOST_BRIDGE:-}" \
        --setenv HOST_ADDRESS="''${HOST_ADDRESS:-}" \
        --setenv LOCAL_ADDRESS="''${LOCAL_ADDRESS:-}" \
        --setenv HOST_ADDRESS6="''${HOST_ADDRESS6:-}" \
        --setenv LOCAL_ADDRESS6="''${LOCAL_ADDRESS6:-}" \
        --setenv HOST_PORT="''${HOST_PORT:-}" \
        --setenv HOST_NETWORK_NAMESPACE="$(readlink /proc/self/ns/net)" \
        --setenv PATH="$PATH" \
        ''${EXTRA_NSPAWN_FLAGS:-} \
        ${init} "$systemPath/init"
    '';

  postStart =
    cfg:
    lib.optionalString (cfg.privateNetwork && cfg.hostBridge == null) ''
      if [ -n "''${HOST_ADDRESS:-}''${HOST_ADDRESS6:-}''${LOCAL_ADDRESS:-}''${LOCAL_ADDRESS6:-}" ]; then
        ip link set dev "ve-$INSTANCE" up
        ${hostSide ''"ve-$INSTANCE"'' cfg}
      fi
    ''
    + concatLines (
      lib.mapAttrsToList (
        name: veth:
        if veth.hostBridge != null then
          "ip link set dev ${name} master ${veth.hostBridge} up"
        else
          "ip link set dev ${name} up\n${hostSide name veth}"
      ) cfg.extraVeths
    );

  # Run by `systemctl reload`: the same live update that the controlling program does itself.
  reload = ''
    leader=$(machinectl show "$INSTANCE" -p Leader --value)
    exec nsenter --all -t "$leader" -- /run/current-system/sw/bin/su root -l -c "$SYSTEM_PATH/bin/switch-to-configuration test"
  '';
}
