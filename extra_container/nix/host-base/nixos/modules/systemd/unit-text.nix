# Text of units from their options.
{ lib, utils, pkgs }:
let
  inherit (lib) concatLines concatStringsSep optionalAttrs optionalString;
  lines =
    section:
    lib.concatStrings (
      lib.mapAttrsToList (
        name: value: lib.concatMapStrings (item: "${name}=${show item}\n") (lib.remove null (lib.toList value))
      ) section
    );
  show = value: if builtins.isBool value then lib.boolToString value else toString value;
  words = concatStringsSep " ";
  sectionText = name: section: "[${name}]\n${lines section}";
in
rec {
  # Merges the named options with unitConfig: unitConfig is what people use to set what has no name of its own.
  unitSection =
    unit:
    let
      named =
        lib.mapAttrs (_: words) (
          lib.filterAttrs (_: names: names != [ ]) {
            Requires = unit.requires;
            Requisite = unit.requisite;
            Wants = unit.wants;
            Upholds = unit.upholds;
            BindsTo = unit.bindsTo;
            PartOf = unit.partOf;
            Conflicts = unit.conflicts;
            After = unit.after;
            Before = unit.before;
            OnFailure = unit.onFailure;
            OnSuccess = unit.onSuccess;
            Documentation = unit.documentation;
          }
        )
        // optionalAttrs (unit.description != "") { Description = unit.description; }
        // optionalAttrs (unit.restartTriggers != [ ]) { X-Restart-Triggers = words (map toString unit.restartTriggers); }
        // optionalAttrs (unit.reloadTriggers != [ ]) { X-Reload-Triggers = words (map toString unit.reloadTriggers); }
        // optionalAttrs (unit.startLimitBurst != null) { StartLimitBurst = unit.startLimitBurst; }
        // optionalAttrs (unit.startLimitIntervalSec != null) { StartLimitIntervalSec = unit.startLimitIntervalSec; };
    in
    # Both may name units: the lines add up, as systemd reads them.
    lib.zipAttrsWith (_: values: lib.concatMap lib.toList values) [
      named
      unit.unitConfig
    ];

  # A container's own units have no store path each: their directory holds the text.
  install = name: unit: text: {
    inherit text;
    inherit (unit)
      enable
      overrideStrategy
      wantedBy
      requiredBy
      upheldBy
      aliases
      ;
  };

  # Lines of the [Service] section that run the scripts of a service's options. As in NixOS, what a service can have several of is
  # a list, to which definitions add; anything else must not be defined twice.
  scriptLines =
    name: service:
    let
      safe = utils.shellSafeName name;
      texts = lib.filterAttrs (_: text: text != "") {
        start = service.script;
        pre-start = service.preStart;
        post-start = service.postStart;
        reload = service.reload;
        pre-stop = service.preStop;
        post-stop = service.postStop;
      };
      files = pkgs.writeTree "unit-script-${utils.pathSafeName name}" (
        lib.mapAttrs' (
          kind: text:
          lib.nameValuePair "bin/${safe}-${kind}" {
            executable = true;
            text = "#!${pkgs.runtimeShell}\nset -e\n${text}\n";
          }
        ) texts
      ) { };
      scripts = lib.mapAttrs (kind: _: "${files}/bin/${safe}-${kind}") texts;
    in
    optionalAttrs (scripts ? start) {
      ExecStart = scripts.start + optionalString (service.scriptArgs != "") " ${service.scriptArgs}";
    }
    // optionalAttrs (scripts ? pre-start) { ExecStartPre = [ scripts.pre-start ]; }
    // optionalAttrs (scripts ? post-start) { ExecStartPost = [ scripts.post-start ]; }
    // optionalAttrs (scripts ? reload) { ExecReload = scripts.reload; }
    // optionalAttrs (scripts ? pre-stop) { ExecStop = scripts.pre-stop; }
    // optionalAttrs (scripts ? post-stop) { ExecStopPost = scripts.post-stop; };

  serviceText =
    name: service: defaultEnvironment:
    let
      hostPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
      packagesPath = lib.concatMapStrings (item: "${item}/bin:${item}/sbin:") service.path;
      environment = defaultEnvironment // { PATH = packagesPath + hostPath; } // service.environment;
    in
    sectionText "Unit" (unitSection service)
    + "\n[Service]\n"
    + concatLines (
      lib.mapAttrsToList (var: value: "Environment=${builtins.toJSON "${var}=${value}"}") (
        lib.filterAttrs (_: value: value != null) environment
      )
    )
    + (
      if service.reloadIfChanged then
        "X-ReloadIfChanged=true\n"
      else if !service.restartIfChanged then
        "X-RestartIfChanged=false\n"
      else
        ""
    )
    + optionalString (!service.stopIfChanged) "X-StopIfChanged=false\n"
    + lines service.serviceConfig;
  timerText = _: timer: sectionText "Unit" (unitSection timer) + "\n" + sectionText "Timer" timer.timerConfig;
  targetText = _: target: sectionText "Unit" (unitSection target);
  pathText = _: path: sectionText "Unit" (unitSection path) + "\n" + sectionText "Path" path.pathConfig;
  sliceText = _: slice: sectionText "Unit" (unitSection slice) + "\n" + sectionText "Slice" slice.sliceConfig;
  socketText =
    _: socket:
    sectionText "Unit" (unitSection socket)
    + "\n[Socket]\n"
    + lib.concatMapStrings (address: "ListenStream=${address}\n") socket.listenStreams
    + lib.concatMapStrings (address: "ListenDatagram=${address}\n") socket.listenDatagrams
    + lines socket.socketConfig;
  mountText =
    _: mount:
    sectionText "Unit" (unitSection mount)
    + "\n"
    + sectionText "Mount" (
      lib.filterAttrs (_: value: value != "") {
        What = mount.what;
        Where = mount.where;
        Type = mount.type;
        Options = mount.options;
      }
      // mount.mountConfig
    );
}
