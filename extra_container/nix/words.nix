# What a container's options say that does not survive the way to systemd-nspawn; a list of messages.
#
# nixpkgs writes flags and bind mounts into one line of the conf, in double quotes, and the start script splits it at blanks.
# systemd reads the line first (systemd.exec(5), EnvironmentFile=): a quote ends it, and some backslashes are eaten.
{ evaluationOf }:

name:

let
  inherit (evaluationOf name) config;
  container = config.containers.${name};

  show = builtins.toJSON;
  has = pattern: text: builtins.length (builtins.split pattern text) > 1;

  blank = "[[:space:]]";
  quote = "[\"']";
  # Systemd-nspawn takes a colon after a backslash as part of a path; every other one systemd changes or nspawn drops.
  backslash = "\\\\[^:]|\\\\$";
  # Bash, whose text the paths of `tmpfs` become.
  special = "[][$`;&|<>(){}*?!#\\]";

  complain =
    option: value: problems:
    map (problem: "containers.${name}.${option}: ${show value} ${problem}") problems;

  when = condition: problem: if condition then [ problem ] else [ ];

  cannot = "which the start script of the container cannot hand on to systemd-nspawn";

  path =
    more: text:
    if has blank text then
      [ "has a blank, ${cannot}: choose a path without it, or a symbolic link" ]
    else if has quote text then
      [ "has a quote, ${cannot}: choose a path without it, or a symbolic link" ]
    else if has more text then
      [ "has a character with a meaning of its own, ${cannot}: choose a path without it, or a symbolic link" ]
    else
      [ ];

  bindMounts = builtins.concatLists (
    map (
      key:
      let
        mount = container.bindMounts.${key};
        option = "bindMounts.${show key}";
      in
      complain "${option}.mountPoint" mount.mountPoint (path backslash mount.mountPoint)
      ++ (if mount.hostPath == null then [ ] else complain "${option}.hostPath" mount.hostPath (path backslash mount.hostPath))
    ) (builtins.attrNames (container.bindMounts or { }))
  );

  tmpfs = builtins.concatLists (map (text: complain "tmpfs" text (path special text)) (listOf "tmpfs"));

  # systemd splits the line DeviceAllow= of the unit at blanks.
  devices = builtins.concatLists (
    map (
      device:
      complain "allowedDevices" device.node (
        when (has blank device.node) "has a blank, which a unit of systemd cannot have in DeviceAllow="
      )
    ) (listOf "allowedDevices")
  );

  listOf = option: if container.${option} or null == null then [ ] else container.${option};

  # Long options of systemd-nspawn that take no value, or take one only behind "=". The first word that is neither an option nor
  # the value of one is the program that the container runs, instead of its system.
  withoutValue = [
    "--as-pid2"
    "--boot"
    "--ephemeral"
    "--keep-unit"
    "--network-veth"
    "--no-ask-password"
    "--no-pager"
    "--pipe"
    "--private-network"
    "--private-users"
    "--private-users-chown"
    "--quiet"
    "--read-only"
    "--share-system"
    "--version"
    "--volatile"
  ];

  words = text: builtins.filter (word: builtins.isString word && word != "") (builtins.split "${blank}+" text);

  # Whether the word after this one can be its value.
  takesNext =
    word:
    builtins.match "--[a-z0-9-]+" word != null && !builtins.elem word withoutValue
    || builtins.match "-[DEiLMpSuZ]" word != null;

  # From what was seen to what was seen with one more flag: whether a value may follow, and the messages.
  addFlag =
    seen: flag:
    let
      addWord =
        state: word:
        if state.open then
          {
            open = false;
            wrong = state.wrong;
          }
        else
          {
            open = takesNext word;
            wrong = state.wrong ++ when (builtins.substring 0 1 word != "-") word;
          };
      end = builtins.foldl' addWord {
        inherit (seen) open;
        wrong = [ ];
      } (words flag);
      problems =
        if has "\"" flag then
          [ "has a double quote, ${cannot}" ]
        else if has backslash flag then
          [ "has a backslash, ${cannot}" ]
        else if end.wrong != [ ] then
          [
            "is split at blanks, and systemd-nspawn would take ${show (builtins.head end.wrong)} for the program to run"
          ]
        else
          [ ];
    in
    {
      inherit (end) open;
      messages = seen.messages ++ complain "extraFlags" flag problems;
    };

  flags = builtins.foldl' addFlag {
    open = false;
    messages = [ ];
  } (listOf "extraFlags");
in
flags.messages
++ bindMounts
++ tmpfs
++ devices
