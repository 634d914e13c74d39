# Option sets of the kinds of units. Names are those of NixOS; the text they become is in unit-text.nix.
{ lib, pkgs }:
let
  inherit (lib) mkOption types;
  opt = type: default: description: mkOption { inherit type default description; };
  strings = opt (types.listOf types.str) [ ];
  flag = opt types.bool;
  # A directive may stand several times in a section: lists of several definitions are joined, single values must agree.
  directive = lib.mkOptionType {
    name = "systemd option";
    merge =
      loc: defs:
      if builtins.any (def: builtins.isList def.value) defs then
        lib.concatMap (def: lib.toList def.value) defs
      else
        lib.mergeEqualOption loc defs;
  };
  section = opt (types.attrsOf directive) { };
in
rec {
  inherit directive section;
  installation = {
    enable = flag true "Whether the unit is there; false masks it.";
    overrideStrategy = opt (types.enum [
      "asDropinIfExists"
      "asDropin"
    ]) "asDropinIfExists" "Whether the unit becomes a drop-in of an existing one.";
    requiredBy = strings "Units that need this one.";
    wantedBy = strings "Units that start this one.";
    upheldBy = strings "Units that keep this one running.";
    aliases = strings "Other names of the unit.";
  };
  common = installation // {
    description = opt types.singleLineStr "" "What the unit is, in words.";
    documentation = strings "Links to documentation.";
    requires = strings "Units started with this one that must not fail.";
    requisite = strings "Units that must be running already.";
    wants = strings "Units started with this one.";
    upholds = strings "Units kept running as long as this one runs.";
    bindsTo = strings "Units this one stops with.";
    partOf = strings "Units whose stop and restart reach this one.";
    conflicts = strings "Units that cannot run together with this one.";
    after = strings "Units that start earlier.";
    before = strings "Units that start later.";
    onFailure = strings "Units started when this one fails.";
    onSuccess = strings "Units started when this one ends well.";
    startLimitBurst = opt (types.nullOr types.int) null "Starts allowed within the interval.";
    startLimitIntervalSec = opt (types.nullOr types.int) null "Length of that interval in seconds.";
    unitConfig = section "Lines of the [Unit] section.";
    restartTriggers = opt (types.listOf types.unspecified) [ ] "A live update restarts the unit when one of these changes.";
    reloadTriggers = opt (types.listOf types.unspecified) [ ] "A live update reloads the unit when one of these changes.";
  };
  exec = {
    environment = opt (types.attrsOf (types.nullOr (types.either types.str types.path))) { } "Environment variables of the service.";
    path =
      opt (types.listOf (types.either types.package types.str)) [ ]
        "Packages whose programs are on the service's PATH, before the host's.";
  };
  service = common // exec // {
    serviceConfig = section "Lines of the [Service] section.";
    script = opt types.lines "" "Shell text that is the service's main process.";
    scriptArgs = opt types.str "" "Arguments of `script`.";
    preStart = opt types.lines "" "Shell text run before the main process.";
    postStart = opt types.lines "" "Shell text run after the main process has started.";
    reload = opt types.lines "" "Shell text that reloads the service.";
    preStop = opt types.lines "" "Shell text run to stop the service.";
    postStop = opt types.lines "" "Shell text run after the service has stopped.";
    restartIfChanged = flag true "Whether a live update restarts the service when its unit changed.";
    reloadIfChanged = flag false "Whether a live update reloads it instead.";
    stopIfChanged = flag true "Whether a live update stops it before and starts it after the activation.";
    startAt =
      opt (types.coercedTo types.str lib.singleton (types.listOf types.str)) [ ]
        "Calendar times at which a timer starts the service.";
    enableStrictShellChecks = flag false "Without effect: scripts are not checked.";
    enableDefaultPath = flag true "Without effect: the host's programs are always on PATH.";
  };
  timer = common // { timerConfig = section "Lines of the [Timer] section."; };
  target = common;
  path = common // { pathConfig = section "Lines of the [Path] section."; };
  slice = common // { sliceConfig = section "Lines of the [Slice] section."; };
  socket = common // {
    socketConfig = section "Lines of the [Socket] section.";
    listenStreams = strings "ListenStream= lines.";
    listenDatagrams = strings "ListenDatagram= lines.";
  };
  mount = common // {
    what = opt types.str "" "What is mounted.";
    where = opt types.str "" "Where it is mounted.";
    type = opt types.str "" "File system type.";
    options = opt types.commas "" "Mount options.";
    mountConfig = section "Lines of the [Mount] section.";
  };
}
