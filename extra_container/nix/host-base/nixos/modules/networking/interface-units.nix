# The units that set addresses and routes, under the names of NixOS: network-addresses-INTERFACE, network-setup for the gateways,
# network-local-commands. They note what takes back what they did, so that a live update leaves nothing of the system before it.
{ config, lib, ... }:
let
  inherit (lib) concatLines escapeShellArg optional optionals;
  cfg = config.networking;

  # Words of `ip` from names and values; null leaves a word out.
  words = pairs: lib.concatMap (pair: optionals (pair.value != null) [ pair.name (toString pair.value) ]) pairs;
  word = lib.nameValuePair;
  line = list: lib.concatMapStringsSep " " (item: escapeShellArg (toString item)) list;
  apply = list: "apply ${line list}";
  # `undo` is what takes it back.
  reversibly = list: undo: "if ${apply list}; then undo ${line undo}; fi";

  addressLine =
    family: name: item:
    let
      cidr = "${item.address}/${toString item.prefixLength}";
    in
    # `replace` and not `add`: an address may be there already. nodad, since the container's services are to use it at once.
    reversibly ([ "-${family}" "addr" "replace" cidr "dev" name ] ++ optional (family == "6") "nodad") [
      "-${family}" "addr" "del" cidr "dev" name
    ];
  routeLine =
    family: name: route:
    let
      target = optional (route.type != null) route.type ++ [ "${route.address}/${toString route.prefixLength}" ];
      # A value may be empty, as for `onlink`, or have several words.
      options = lib.concatLists (
        lib.mapAttrsToList (option: value: [ option ] ++ lib.remove "" (lib.splitString " " value)) route.options
      );
      # A route that leads nowhere has no interface.
      device = if builtins.elem route.type [ "blackhole" "unreachable" "prohibit" "throw" ] then null else name;
      rest = options ++ words [ (word "via" route.via) (word "dev" device) (word "proto" "static") ];
    in
    reversibly ([ "-${family}" "route" "replace" ] ++ target ++ rest) ([ "-${family}" "route" "del" ] ++ target ++ rest);
  gatewayLines =
    family: gateway:
    optionals (gateway != null && gateway.address != "") (
      let
        replace = [ "-${family}" "route" "replace" ];
        del = [ "-${family}" "route" "del" ];
        common = words [ (word "proto" "static") (word "metric" gateway.metric) (word "dev" gateway.interface) ];
        default = [ "default" "via" gateway.address ] ++ common
          ++ words [ (word "window" cfg.defaultGatewayWindowSize) (word "src" gateway.source) ];
      in
      # A gateway outside the networks of its interface is reached by a route of its own.
      optional (gateway.interface != null) (
        reversibly (replace ++ [ gateway.address ] ++ common) (del ++ [ gateway.address ] ++ common)
      )
      ++ [ (reversibly (replace ++ default) (del ++ default)) ]
    );

  # In reverse, since a route may need an address. What is gone already went with something else.
  takeBack = unit: ''
    done=/run/nixos/network/${unit}
    if [ -e "$done" ]; then
      tac "$done" | while read -r words; do ip $words 2>/dev/null || :; done
      rm "$done"
    fi
  '';
  # One line that fails is told, and the others are done all the same.
  scriptOf = unit: lines: ''
    set +e
    failed=0
    ${takeBack unit}
    mkdir -p /run/nixos/network
    apply() {
      if ip "$@"; then return; fi
      echo "failed: ip $*" >&2
      failed=1
      return 1
    }
    undo() { printf '%s\n' "$*" >>"$done"; }
    ${concatLines lines}
    exit "$failed"
  '';
  unitOf =
    unit:
    {
      description,
      script,
      # Units whose addresses this one needs: what it sets is lost when they take theirs back.
      needs ? [ ],
    }:
    lib.nameValuePair unit {
      inherit description script;
      wantedBy = [ "network.target" ];
      before = [ "network.target" ];
      after = [ "network-pre.target" ] ++ needs;
      partOf = needs;
      unitConfig = {
        DefaultDependencies = false;
        ConditionCapability = "CAP_NET_ADMIN";
      };
      # Restarted, and not stopped until the new system is active, so that the network is away for a moment only.
      stopIfChanged = false;
      preStop = takeBack unit;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
      };
    };

  interfaceLines =
    iface:
    optional (iface.macAddress != null) (apply [ "link" "set" "dev" iface.name "address" iface.macAddress ])
    ++ optional (iface.mtu != null) (apply [ "link" "set" "dev" iface.name "mtu" iface.mtu ])
    ++ [ (apply [ "link" "set" "dev" iface.name "up" ]) ]
    ++ map (addressLine "4" iface.name) iface.ipv4.addresses
    ++ optionals cfg.enableIPv6 (map (addressLine "6" iface.name) iface.ipv6.addresses)
    ++ map (routeLine "4" iface.name) iface.ipv4.routes
    ++ optionals cfg.enableIPv6 (map (routeLine "6" iface.name) iface.ipv6.routes);
  isConfigured =
    iface:
    iface.macAddress != null
    || iface.mtu != null
    || iface.ipv4.addresses ++ iface.ipv6.addresses ++ iface.ipv4.routes ++ iface.ipv6.routes != [ ];
  interfaces = builtins.filter isConfigured (builtins.attrValues cfg.interfaces);
  addressUnit =
    iface:
    let
      unit = "network-addresses-${iface.name}";
    in
    unitOf unit {
      description = "Address configuration of ${iface.name}";
      script = scriptOf unit (interfaceLines iface);
    };
  addressUnits = map addressUnit interfaces;
  needs = map (unit: "${unit.name}.service") addressUnits;
  gateways = gatewayLines "4" cfg.defaultGateway ++ optionals cfg.enableIPv6 (gatewayLines "6" cfg.defaultGateway6);
in
{
  config = lib.mkIf config.boot.isContainer {
    # The units do nothing there.
    system.ignoredOptions = optionals cfg.isUnalterable (
      optional (interfaces != [ ]) "networking.interfaces"
      ++ optional (cfg.defaultGateway != null) "networking.defaultGateway"
      ++ optional (cfg.defaultGateway6 != null) "networking.defaultGateway6"
      ++ optional (cfg.localCommands != "") "networking.localCommands"
    );
    systemd.services = builtins.listToAttrs (
      addressUnits
      ++ optional (gateways != [ ]) (
        unitOf "network-setup" {
          inherit needs;
          description = "Networking Setup";
          script = scriptOf "network-setup" gateways;
        }
      )
      ++ optional (cfg.localCommands != "") (
        unitOf "network-local-commands" {
          needs = needs ++ optional (gateways != [ ]) "network-setup.service";
          description = "Extra networking commands.";
          script = cfg.localCommands;
        }
      )
    );
  };
}
