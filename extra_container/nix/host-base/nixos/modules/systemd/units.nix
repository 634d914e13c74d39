# Units of every kind, and the directory that holds them.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mapAttrs' mkOption nameValuePair types;
  cfg = config.systemd;
  kinds = import ./unit-options.nix { inherit lib pkgs; };
  text = import ./unit-text.nix { inherit lib utils pkgs; };
  unitsOf =
    options: description:
    mkOption {
      type = types.attrsOf (types.submodule { inherit options; });
      default = { };
      inherit description;
    };

  defaultEnvironment =
    lib.optionalAttrs config.boot.isContainer { LANG = config.i18n.defaultLocale; }
    // lib.filterAttrs (_: value: value != null) cfg.globalEnvironment;
  named =
    kind: toText: units:
    mapAttrs' (name: unit: nameValuePair "${name}.${kind}" (text.install name unit (toText name unit))) units;
  timersOfServices = lib.concatMapAttrs (
    name: service:
    lib.optionalAttrs (service.startAt != [ ] && service.enable) {
      ${name} = {
        wantedBy = [ "timers.target" ];
        timerConfig.OnCalendar = service.startAt;
      };
    }
  ) cfg.services;

  # Where a unit stands in the directory: its file, or a drop-in if systemd brings a unit of that name.
  upstream = cfg.upstreamUnits;
  isDropin = name: unit: unit.overrideStrategy == "asDropin" || upstream ? ${name};
  fileOf =
    name: unit:
    if isDropin name unit && unit.enable then
      lib.optionalAttrs (unit.text != null) { "${name}.d/overrides.conf" = { inherit (unit) text; }; }
      // lib.optionalAttrs (upstream ? ${name}) { ${name}.link = upstream.${name}; }
    else if !unit.enable then
      { ${name}.link = "/dev/null"; }
    else
      { ${name} = if config.boot.isContainer then { inherit (unit) text; } else { link = "${unit.unit}/${name}"; }; };
  linksOf =
    name: unit:
    let
      into = suffix: targets: map (target: nameValuePair "${target}.${suffix}/${name}" { link = "../${name}"; }) targets;
    in
    builtins.listToAttrs (
      lib.optionals unit.enable (
        into "wants" unit.wantedBy
        ++ into "requires" unit.requiredBy
        ++ into "upholds" unit.upheldBy
        ++ map (alias: nameValuePair alias { link = name; }) unit.aliases
      )
    );
in
{
  options.systemd = {
    units = mkOption {
      type = types.attrsOf (
        types.submodule (
          { name, config, ... }:
          {
            options = kinds.installation // {
              text = mkOption {
                type = types.nullOr types.str;
                default = null;
                description = "Text of the unit.";
              };
              unit = mkOption {
                type = types.package;
                internal = true;
                description = "Derivation that holds the unit under its name.";
              };
            };
            config.unit = lib.mkDefault (
              pkgs.writeTree "unit-${utils.pathSafeName name}" {
                ${name} = if config.enable then { text = config.text; } else { link = "/dev/null"; };
              } { }
            );
          }
        )
      );
      default = { };
      description = "Units by full name.";
    };
    upstreamUnits = mkOption {
      type = types.attrsOf types.str;
      internal = true;
      default = { };
      description = "Units that systemd brings, with the path each is linked to.";
    };
    globalEnvironment = mkOption {
      type = types.attrsOf (types.nullOr (types.oneOf [ types.str types.path types.package ]));
      default = { };
      description = "Environment variables of all services.";
    };
    services = mkOption {
      type = types.attrsOf (
        types.submodule (
          { name, config, ... }:
          {
            options = kinds.service;
            config.serviceConfig = text.scriptLines name config;
          }
        )
      );
      default = { };
      description = "Services.";
    };
    timers = unitsOf kinds.timer "Timers.";
    targets = unitsOf kinds.target "Targets.";
    sockets = unitsOf kinds.socket "Sockets.";
    paths = unitsOf kinds.path "Path watches.";
    slices = unitsOf kinds.slice "Slices.";
    mounts = mkOption {
      type = types.listOf (types.submodule { options = kinds.mount; });
      default = [ ];
      description = "Mounts.";
    };
  };

  config = {
    systemd.timers = timersOfServices;
    system.ignoredOptions = lib.concatLists (
      lib.mapAttrsToList (
        name: service:
        let
          option = key: lib.showOption [ "systemd" "services" name key ];
        in
        lib.optional service.enableStrictShellChecks (option "enableStrictShellChecks")
        ++ lib.optional (!service.enableDefaultPath) (option "enableDefaultPath")
      ) cfg.services
    );
    systemd.units =
      named "service" (name: service: text.serviceText name service defaultEnvironment) cfg.services
      // named "timer" text.timerText cfg.timers
      // named "target" text.targetText cfg.targets
      // named "socket" text.socketText cfg.sockets
      // named "path" text.pathText cfg.paths
      // named "slice" text.sliceText cfg.slices
      // builtins.listToAttrs (
        map (
          mount:
          let
            name = "${utils.escapeSystemdPath mount.where}.mount";
          in
          nameValuePair name (text.install name mount (text.mountText name mount))
        ) cfg.mounts
      );
    system.build.units = pkgs.writeTree "system-units" (
      lib.mapAttrs (_: link: { inherit link; }) upstream
      // lib.concatMapAttrs fileOf cfg.units
      // lib.concatMapAttrs linksOf cfg.units
    ) { };
    environment.etc."systemd/system".source = config.system.build.units;
  };
}
