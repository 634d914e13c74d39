# `containers.NAME`: from the options to the unit container@NAME.service and the conf file that it reads.
# The layout of both is the one of nixpkgs, since tools for NixOS containers read them.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkIf mkOption optionalString types;
  scripts = import ./container-scripts.nix { inherit lib pkgs; };
  networks = import ./container-networks.nix { inherit lib pkgs; };
  # Releases before 22.05 used directories that podman uses too.
  prefix = if lib.versionAtLeast config.system.stateVersion "22.05" then "nixos-" else "";
  confDirectory = "${prefix}containers";
  stateDirectory = "/var/lib/${prefix}containers";

  hostIsPlain = config.nixpkgs.pkgs == null && config.nixpkgs.overlays == [ ] && config.nixpkgs.config == { };
  evalContainer =
    name: cfg: defs:
    (import ../../lib/eval-config.nix {
      inherit lib;
      # As on NixOS, what the definition does to its own packages is not done to those of its containers.
      pkgs = if hostIsPlain then pkgs else null;
      system = config.nixpkgs.hostPlatform.system;
      prefix = [
        "containers"
        name
        "config"
      ];
      inherit (cfg) specialArgs;
      modules = [
        {
          _file = "module at ${toString ./nixos-containers.nix}";
          config = {
            boot.isContainer = true;
            boot.isNspawnContainer = true;
            networking.hostName = lib.mkDefault name;
            networking.useDHCP = false;
            # Also checked where only the container's system is built.
            assertions = assertionsOf name cfg;
          };
        }
        {
          _file = "extra-container: names in warnings";
          key = "extra-container: names in warnings";
          options.warnings = lib.mkOption { apply = map (warning: "containers.${name}.config: ${warning}"); };
        }
        (networks.module cfg)
      ]
      ++ map (def: lib.setDefaultModuleLocation def.file def.value) defs;
    }).config;

  # In a user namespace of its own, the container's root needs the node to make tun interfaces.
  hasUserNamespace =
    cfg:
    !builtins.elem cfg.privateUsers [
      "no"
      "identity"
      0
    ];
  usesTun = cfg: cfg.enableTun || (cfg.privateNetwork && hasUserNamespace cfg);
  serviceOf =
    name: cfg:
    {
      description = "Container '%i'";
      unitConfig.RequiresMountsFor =
        lib.optional (!cfg.ephemeral) "${stateDirectory}/%i"
        ++ map (mount: if mount.hostPath == null then mount.mountPoint else mount.hostPath) (builtins.attrValues cfg.bindMounts);
      environment = {
        INSTANCE = "%i";
        root = if cfg.ephemeral then "/run/nixos-containers/%i" else "${stateDirectory}/%i";
      };
      preStart = scripts.preStart cfg + networks.preStart cfg;
      script = scripts.start {
        inherit cfg;
        init = scripts.init cfg;
      };
      postStart = scripts.postStart cfg;
      postStop = networks.postStop cfg;
      reload = scripts.reload;
      restartIfChanged = cfg.autoStart && cfg.restartIfChanged;
      serviceConfig = {
        Type = "notify";
        EnvironmentFile = "-/etc/${confDirectory}/%i.conf";
        SyslogIdentifier = "container %i";
        Slice = "machine.slice";
        Delegate = true;
        KillMode = "mixed";
        KillSignal = "TERM";
        Restart = "on-failure";
        # nspawn's exit code when the container asked for a reboot.
        RestartForceExitStatus = "133";
        SuccessExitStatus = "133";
        TimeoutStartSec = cfg.timeoutStartSec;
        DevicePolicy = "closed";
        DeviceAllow =
          lib.optional (usesTun cfg) "/dev/net/tun rwm" ++ map (device: "${device.node} ${device.modifier}") cfg.allowedDevices;
        RuntimeDirectory = lib.optional cfg.ephemeral "${prefix}containers/%i";
      };
    }
    // lib.optionalAttrs cfg.autoStart {
      wantedBy = [ "machines.target" ];
      wants = [ "network.target" ];
      after = [ "network.target" ] ++ deviceUnits cfg;
      bindsTo = deviceUnits cfg;
      restartTriggers = [
        cfg.path
        config.environment.etc."${confDirectory}/${name}.conf".source
      ];
    };
  deviceUnits =
    cfg: map (iface: "sys-subsystem-net-devices-${lib.replaceStrings [ "-" ] [ "\\x2d" ] iface}.device") cfg.interfaces;

  bindFlag =
    mount:
    "--bind${optionalString mount.isReadOnly "-ro"}=${
      optionalString (mount.hostPath != null) "${mount.hostPath}:"
    }${mount.mountPoint}";
  port =
    forward:
    let
      inside = if forward.containerPort == null then forward.hostPort else forward.containerPort;
    in
    "${forward.protocol}:${toString forward.hostPort}:${toString inside}";
  setting = key: value: optionalString (value != null) "${key}=${value}\n";
  confOf =
    cfg:
    # The empty lines are those of nixpkgs' conf files: unchanged containers stay byte for byte the same.
    ''
      SYSTEM_PATH=${cfg.path}


      ${optionalString cfg.privateNetwork ''
        PRIVATE_NETWORK=1
        ${setting "HOST_BRIDGE" cfg.hostBridge}
        ${optionalString (cfg.forwardPorts != [ ]) (setting "HOST_PORT" (lib.concatMapStringsSep "," port cfg.forwardPorts))}
        ${setting "HOST_ADDRESS" cfg.hostAddress}
        ${setting "HOST_ADDRESS6" cfg.hostAddress6}
        ${setting "LOCAL_ADDRESS" cfg.localAddress}
        ${setting "LOCAL_ADDRESS6" cfg.localAddress6}
      ''}
      ${setting "NETWORK_NAMESPACE_PATH" (if cfg.networkNamespace == null then null else toString cfg.networkNamespace)}
      PRIVATE_USERS=${toString cfg.privateUsers}
      INTERFACES="${toString cfg.interfaces}"
      MACVLANS="${toString cfg.macvlans}"
      ${optionalString cfg.autoStart "AUTO_START=1\n"}
      EXTRA_NSPAWN_FLAGS="${
        optionalString (cfg.bindMounts != { }) " ${lib.concatMapStringsSep " " bindFlag (builtins.attrValues cfg.bindMounts)}"
      }${optionalString (cfg.extraFlags != [ ]) " ${lib.concatStringsSep " " cfg.extraFlags}"}"
    '';
  assertionsOf = name: cfg: [
    {
      assertion = cfg.flake == null;
      message = "containers.${name}.flake: the built-in host base cannot build flakes: give a nixpkgs with --nixpkgs-path";
    }
    {
      assertion =
        cfg.networkNamespace == null
        || !cfg.privateNetwork
        && cfg.hostBridge == null
        && cfg.interfaces == [ ]
        && cfg.macvlans == [ ]
        && cfg.extraVeths == { };
      message = "containers.${name}.networkNamespace excludes privateNetwork, hostBridge, interfaces, macvlans and extraVeths";
    }
  ];
in
{
  options.boot.enableContainers = mkOption {
    type = types.bool;
    default = true;
    description = "Whether containers are made.";
  };
  options.containers = mkOption {
    type = types.attrsOf (
      types.submodule (
        import ./container-options.nix {
          inherit lib evalContainer;
          hostSystemPath = pkgs.path;
        }
      )
    );
    default = { };
    description = "Containers by name.";
  };
  config = mkIf (config.boot.enableContainers && config.containers != { }) {
    assertions =
      lib.concatLists (lib.mapAttrsToList assertionsOf config.containers)
      ++ lib.optional config.boot.isContainer {
        assertion = false;
        message = "containers: the built-in host base does not support containers inside a container";
      };
    systemd.services = lib.mapAttrs' (name: cfg: lib.nameValuePair "container@${name}" (serviceOf name cfg)) config.containers;
    environment.etc = lib.mapAttrs' (
      name: cfg:
      lib.nameValuePair "${confDirectory}/${name}.conf" {
        text = confOf cfg;
        inline = false;
      }
    ) config.containers;
  };
}
