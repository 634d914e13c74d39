# containers.NAME.extra.healthCheck: whether what the container is for works, found out by a timer of its own.
#
# All of it is in the system inside, so that a live update brings a changed check, and going back brings the earlier one.
{ config, lib, ... }:

let
  inherit (lib) mkOption types;

  extraContainer = config._module.args.extraContainer or { };

  # Whether a module can be added to the system of a container: one that is given by `path` or `flake` has none.
  hasConfig = extraContainer.hasConfig or (_: true);

  # Hours, minutes and seconds, all optional.
  parts = builtins.match "(([0-9]{1,6})h)? *(([0-9]{1,6})(m|min))? *(([0-9]{1,6})s?)?";

  isSpan = value: builtins.isInt value && value >= 0 || builtins.isString value && value != "" && parts value != null;

  # A number with leading zeros is none of JSON.
  number =
    text: if text == null then 0 else builtins.fromJSON (builtins.head (builtins.match "0*([0-9]+)" text));

  seconds =
    value:
    if builtins.isInt value then
      value
    else
      let
        part = builtins.elemAt (parts value);
      in
      number (part 1) * 3600 + number (part 3) * 60 + number (part 6);

  span =
    default: description:
    mkOption {
      type = types.either types.int types.str;
      inherit default description;
    };

  commandLine = command: if builtins.isList command then "exec ${lib.concatMapStringsSep " " lib.escapeShellArg command}" else command;

  # The condition stands inside of the system, so that it may be taken from there.
  checkOf =
    extra:
    { pkgs, ... }:
    let
      check = extra.healthCheck;
      has = check.command != null;
      # Its name until 20.09.
      utilLinux = lib.getBin (pkgs.util-linux or pkgs.utillinux);
      path = [
        "/run/wrappers/bin"
        "/run/current-system/sw/bin"
        "${lib.getBin pkgs.coreutils}/bin"
        "${utilLinux}/bin"
        "/usr/local/sbin"
        "/usr/local/bin"
        "/usr/sbin"
        "/usr/bin"
        "/sbin"
        "/bin"
      ];
      program = pkgs.writeScript "extra-container-health" ''
        #!/bin/sh
        set -eu
        command=${pkgs.writeText "health-check" (commandLine check.command)}
        timeout=${toString (seconds check.timeout)}
        retries=${toString check.retries}
        start_period=${toString (seconds check.startPeriod)}
        export PATH=${lib.concatStringsSep ":" path}
        . ${./health.sh}
      '';
    in
    {
      _file = ./module.nix;
      config = {
        environment.etc = lib.mkIf (has || extra.rollbackOnFailure) {
          "extra-container/health.json".text = builtins.toJSON (
            {
              inherit (extra) rollbackOnFailure;
              program = null;
            }
            // lib.optionalAttrs has {
              program = "${program}";
              inherit (check) retries;
              interval = seconds check.interval;
              timeout = seconds check.timeout;
              startPeriod = seconds check.startPeriod;
            }
          );
        };
        systemd.services = lib.mkIf has {
          extra-container-health = {
            description = "Health check of the container";
            # A job that waits for the end of the boot, or for the command, would be part of the boot: so it is no one-shot.
            after = [ "multi-user.target" ];
            restartIfChanged = false;
            serviceConfig.ExecStart = "${program} timer";
          };
        };
        systemd.timers = lib.mkIf has {
          extra-container-health = {
            description = "Health checks of the container";
            wantedBy = [ "timers.target" ];
            timerConfig = {
              OnActiveSec = seconds check.startPeriod;
              OnUnitInactiveSec = seconds check.interval;
              AccuracySec = "1s";
            };
          };
        };
      };
    };

  checks =
    name: container:
    let
      check = container.extra.healthCheck;
      option = "containers.${name}.extra.healthCheck";
      spanOf = part: {
        assertion = isSpan check.${part};
        message = "${option}.${part} is ${builtins.toJSON check.${part}}; it is a number of seconds, or a text like \"30s\", \"5min\" or \"1h 30min\".";
      };
      positive = part: {
        assertion = !isSpan check.${part} || seconds check.${part} > 0;
        message = "${option}.${part} must not be 0.";
      };
    in
    [
      {
        assertion = check.command == null && !container.extra.rollbackOnFailure || hasConfig name;
        message = "${option} and rollbackOnFailure are parts of the container's system: they need containers.${name}.config.";
      }
      {
        assertion = check.command != [ ] && check.command != "";
        message = "${option}.command is empty.";
      }
      {
        assertion = check.retries > 0;
        message = "${option}.retries must be 1 or more.";
      }
    ]
    ++ map spanOf [
      "interval"
      "timeout"
      "startPeriod"
    ]
    ++ map positive [
      "interval"
      "timeout"
    ];
in
{
  options.containers = mkOption {
    type = types.attrsOf (
      types.submodule (
        { config, name, ... }:
        {
          options.extra.healthCheck = {
            command = mkOption {
              type = types.nullOr (types.either types.str (types.listOf types.str));
              default = null;
              example = "curl -fsS http://localhost";
              description = ''
                Command that ends with 0 if the container does what it is for: text for sh, or a list of words. The container's
                root runs it inside.
              '';
            };
            interval = span "30s" "How long to wait between checks.";
            timeout = span "30s" "How long a check may take; one that takes longer has failed.";
            startPeriod = span 0 "How long after a start, or an update, nothing is checked.";
            retries = mkOption {
              type = types.int;
              default = 3;
              description = "How many checks in a row fail until the container is unhealthy.";
            };
          };
          options.extra.rollbackOnFailure = mkOption {
            type = types.bool;
            default = false;
            description = ''
              Go back to what was healthy last if the container does not start, is not updated or is not healthy, as
              `create --rollback-on-failure` does.
            '';
          };

          config = lib.mkIf (hasConfig name) { config = checkOf config.extra; };
        }
      )
    );
  };

  config.assertions = lib.concatLists (lib.mapAttrsToList checks config.containers);
}
