# What one definition becomes: with each of the two evaluations, and on a whole NixOS host that has the definition merged in.
{
  # The `nixos` folder of a tree.
  nixos,
  # Absolute path of the definition.
  definition,
  # The folder of the evaluation code.
  evaluation,
  # Modules of plugins, as paths.
  pluginModules,
}:

let
  evaluated =
    mode:
    (import (evaluation + "/eval.nix") {
      inherit mode;
      nixos = /. + nixos;
      definitionFile = definition;
      pluginModules = builtins.toJSON pluginModules;
    }).config;

  # What every NixOS says of itself, beside the definition. Definitions may use the options of the plugins.
  host =
    { lib, ... }:
    {
      imports = [
        (/. + definition)
        (import (evaluation + "/shared.nix") {
          inputs = { };
          legacyInstallDirs = false;
          release = lib.fileContents (nixos + "/../.version");
        })
      ]
      ++ map (path: /. + path) pluginModules;
      fileSystems."/" = {
        device = "none";
        fsType = "tmpfs";
      };
      boot.loader.grub.enable = false;
    };

  onHost = (import (/. + nixos) { configuration = host; }).config;

  scripts = [
    "preStart"
    "script"
    "postStart"
    "reload"
    "preStop"
    "postStop"
  ];

  installed = [
    "wantedBy"
    "requiredBy"
    "upheldBy"
    "aliases"
  ];

  pick =
    names: values:
    builtins.listToAttrs (
      map (name: {
        inherit name;
        value = values.${name};
      }) (builtins.filter (name: values ? ${name}) names)
    );

  container =
    config: name:
    let
      service = config.systemd.services."container@${name}";
      unit = config.systemd.units."container@${name}.service";
      files = config.environment.etc;
      conf = files."nixos-containers/${name}.conf" or files."containers/${name}.conf" or null;
    in
    # With boot.enableContainers = false there are no containers on a host.
    if conf == null then
      null
    else
      {
        unit = unit.text;
        inherit (unit) enable;
        conf = conf.text;
        system = config.containers.${name}.path;
        scripts = pick scripts service;
        installed = pick installed unit;
        strictShellChecks = service.enableStrictShellChecks or false;
      };

  facts = config: {
    containers = builtins.listToAttrs (
      map (name: {
        inherit name;
        value = container config name;
      }) (builtins.attrNames config.containers)
    );
    assertions = map (one: one.message or one) (
      builtins.filter (one: builtins.isString one || !one.assertion) config.assertions
    );
    inherit (config) warnings;
  };
in
{
  small = facts (evaluated "small");
  full = facts (evaluated "full");
  host = facts onHost;
}
