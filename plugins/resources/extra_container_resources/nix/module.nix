# containers.NAME.extra.resources: what a container may use, as settings of its unit (systemd.resource-control(5)). They hold
# for all that runs in it, what `extra-container run` starts included.
{ config, lib, ... }:

let
  inherit (lib) types;

  optional =
    type: description:
    lib.mkOption {
      type = types.nullOr type;
      default = null;
      inherit description;
    };

  # types.strMatching, types.ints and types.float came after NixOS 16.09.
  matching =
    pattern: types.addCheck types.str (text: builtins.match pattern text != null)
    // {
      description = "string matching ${pattern}";
    };

  number = lib.mkOptionType {
    name = "number";
    description = "number from 0.01 on";
    check = value: (builtins.isInt value || builtins.isFloat value) && value >= 0.01;
    merge = lib.mergeOneOption;
  };

  positive = types.addCheck types.int (value: value > 0) // {
    description = "positive integer";
  };

  set = value: lib.mkIf (value != null) value;
in
{
  options.containers = lib.mkOption {
    type = types.attrsOf (
      types.submodule {
        options.extra.resources = {
          memory = optional (matching "[1-9][0-9]*[KMGT]?|(100|[1-9][0-9]?)%") ''
            Most memory, like "512M", "2G" or "25%" of the host's. What needs more is ended by the kernel.
          '';
          cpu = optional number ''
            Most processor time, in processors, like 0.5 or 2.
          '';
          tasks = optional (types.either positive (matching "(100|[1-9][0-9]?)%")) ''
            Most processes and threads, like 200, or "10%" of those that the host can have.
          '';
        };
      }
    );
  };

  config.systemd.services = lib.mapAttrs' (
    name: container:
    let
      inherit (container.extra.resources) memory cpu tasks;
    in
    lib.nameValuePair "container@${name}" {
      serviceConfig = {
        MemoryMax = set memory;
        CPUQuota = lib.mkIf (cpu != null) "${toString (builtins.floor (cpu * 100 + 0.5))}%";
        TasksMax = lib.mkIf (tasks != null) (toString tasks);
      };
    }
  ) config.containers;
}
