# containers.NAME.extra.limits: what a container may use, as settings of its unit (systemd.resource-control(5)).
{ config, lib, ... }:

let
  inherit (lib) types;
  inputs = (config._module.args.extraContainer or { }).inputs or { };

  optional =
    type: default: description:
    lib.mkOption {
      type = types.nullOr type;
      inherit default description;
    };

  settings =
    limits:
    lib.filterAttrs (_: value: value != null) {
      MemoryMax = limits.memory;
      CPUQuota = if limits.cpus == null then null else "${toString (builtins.floor (limits.cpus * 100))}%";
      TasksMax = if limits.tasks == null then null else toString limits.tasks;
    };
in
{
  options.containers = lib.mkOption {
    type = types.attrsOf (
      types.submodule {
        options.extra.limits = {
          memory = optional types.str (inputs.limits.memory or null) "Most memory, like 512M, 2G or 25%.";
          cpus = optional (types.either types.int types.float) null "Most processor time, in processors: 1.5.";
          tasks = optional types.ints.positive null "Most processes and threads.";
        };
      }
    );
  };

  config.systemd.services = lib.mapAttrs' (
    name: container: lib.nameValuePair "container@${name}" { serviceConfig = settings container.extra.limits; }
  ) config.containers;
}
