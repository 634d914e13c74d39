# From evaluated host configurations to the `etc` derivation that is installed, and the names of its containers.
#
# A host configuration is { config, pkgs, … }; of `config` this reads `containers`, `assertions`, `warnings`,
# `systemd.units."container@NAME.service".{unit,wantedBy,requiredBy,upheldBy,aliases}`, and
# `environment.etc."{nixos-,}containers/NAME.conf".source`.
{
  # The configuration that names the containers, and whose packages build the result.
  given,
  # From a container's name to the configuration that its files come from.
  evaluationOf,
  # null, or the list of the container names that are wanted.
  only,
  # From a container's name to what the `share` of another process says about it; such a container is not evaluated again.
  evaluated,
  # What this process evaluates for `share`:
  # number, processes: the share of the process `number`, from 0 on; of n containers there are the n-th of `processes` shares, or the
  #   last of them, so that a process needs not be told how many containers there are.
  # frame: whether the first share has what joins all of them.
  # announce: whether to tell, while it is evaluated, what there is and what is done.
  share,
  kernelVersion,
  extraCommands,
  name,
}:

let
  all = builtins.attrNames given.config.containers;

  names =
    if only == null then
      all
    else
      let
        absent = builtins.filter (wanted: !builtins.elem wanted all) only;
      in
      if absent != [ ] then
        # The program reads it.
        throw "the definition has no container '${builtins.concatStringsSep "', '" absent}'; it has ${builtins.toJSON all}"
      else
        builtins.filter (candidate: builtins.elem candidate only) all;

  lines = builtins.concatStringsSep "\n";
  evaluations = map evaluationOf names;

  # Equal texts of several evaluations are shown once.
  unique = builtins.foldl' (seen: text: if builtins.elem text seen then seen else seen ++ [ text ]) [ ];
  collect = select: unique (builtins.concatLists (map select ([ given ] ++ evaluations)));

  nameProblems = import ./names.nix { inherit kernelVersion evaluationOf; };
  wordProblems = import ./words.nix { inherit evaluationOf; };

  # Whoever installs links the unit under its own name only.
  aliasProblems =
    container:
    let
      aliases = (unitOf container).aliases or [ ];
    in
    if aliases == [ ] then
      [ ]
    else
      [
        "systemd.services.\"container@${container}\".aliases: the unit of a container has no other name: ${toString aliases}"
      ];

  problemsOf = container: nameProblems container ++ wordProblems container ++ aliasProblems container;

  # nixpkgs itself defines one assertion as a plain string, present only where it is violated.
  failedOf =
    evaluation:
    map (one: one.message or one) (
      builtins.filter (one: builtins.isString one || !one.assertion) evaluation.config.assertions
    );

  failed = builtins.concatLists (map problemsOf names) ++ collect failedOf;
  warnings = collect (evaluation: evaluation.config.warnings);

  required =
    value:
    if failed != [ ] then throw "\nFailed assertions:\n${lines (map (message: "- ${message}") failed)}" else value;

  checked =
    value: required (builtins.foldl' (rest: warning: builtins.trace "warning: ${warning}" rest) value warnings);

  confOf =
    container:
    let
      files = (evaluationOf container).config.environment.etc;
      current = "nixos-containers/${container}.conf";
      legacy = "containers/${container}.conf";
    in
    if files ? ${current} then
      current
    else if files ? ${legacy} then
      legacy
    else
      throw "containers.${container}: nixpkgs made no conf file; boot.enableContainers must not be false";

  unitFile = container: "container@${container}.service";
  unitOf = container: (evaluationOf container).config.systemd.units.${unitFile container} or { };

  # From the option of a unit to what the directories of links are called that say the same; systemd.unit(5).
  dependencies = {
    wantedBy = "wants";
    requiredBy = "requires";
    # Since 23.11.
    upheldBy = "upholds";
  };

  linksOf =
    container:
    let
      inherit (evaluationOf container) config;
      file = unitFile container;
      conf = confOf container;
      unit = unitOf container;
      directories = builtins.concatLists (
        map (option: map (target: "${target}.${dependencies.${option}}") (unit.${option} or [ ])) (
          builtins.attrNames dependencies
        )
      );
    in
    [
      "ln -s '${unit.unit}/${file}' \"$out/etc/systemd/system/${file}\""
      "mkdir -p \"$out/etc/${builtins.dirOf conf}\""
      "ln -s '${config.environment.etc.${conf}.source}' \"$out/etc/${conf}\""
    ]
    ++ builtins.concatLists (
      map (directory: [
        "mkdir -p \"$out/etc/systemd/system/${directory}\""
        "ln -s '../${file}' \"$out/etc/systemd/system/${directory}/${file}\""
      ]) directories
    );

  # The program reads it; it is printed as soon as `facts` are known.
  announce =
    facts: value: if share.announce then builtins.trace "extra-container: ${builtins.toJSON facts}" value else value;

  isDerivation = path: builtins.match ".*\\.drv" path != null;

  scriptOf =
    container:
    if evaluated ? ${container} then
      builtins.appendContext evaluated.${container}.text evaluated.${container}.context
    else
      let
        script = lines (linksOf container);
      in
      announce {
        derivations = builtins.filter isDerivation (builtins.attrNames (builtins.getContext script));
      } script;

  # `scripts` is the text of all containers.
  etcOf =
    scripts:
    given.pkgs.runCommand name
      {
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
      ''
        mkdir -p "$out/etc/systemd/system"
        ${scripts}
        ${extraCommands}
      '';

  etc = checked (etcOf (lines (map scriptOf names)));

  # A derivation that is never built. Nix keeps what its text refers to, and the texts with their context make the same `etc` as an
  # evaluation of all containers at once.
  found =
    containers: frame:
    derivation {
      name = "containers";
      system = "builtin";
      builder = "none";
      found = builtins.toJSON {
        inherit frame;
        containers = builtins.listToAttrs (
          map (container: {
            name = container;
            value = withContext (scriptOf container);
          }) containers
        );
      };
    };

  withContext = text: builtins.seq text {
    inherit text;
    context = builtins.getContext text;
  };

  count = builtins.length names;
  known = builtins.length share.processes;
  processes = if count == 0 then 1 else builtins.elemAt share.processes ((if count < known then count else known) - 1);

  # Every so-many-th, as the program counts them, too.
  own =
    if share.number >= processes then
      [ ]
    else
      builtins.genList (index: builtins.elemAt names (share.number + index * processes)) (
        (count - share.number + processes - 1) / processes
      );

  # What `etc` is made of but for the containers' scripts, as join.nix takes it; null where it is not known how that would be.
  frame =
    let
      attributes = (etcOf scriptsHere).drvAttrs;
      text = builtins.toJSON attributes;
      places = builtins.length (builtins.filter builtins.isList (builtins.split scriptsHere text));
    in
    if share.frame && !(attributes.__structuredAttrs or false) && places == 1 then withContext text else null;

  scriptsHere = "@scripts@";
in
{
  names = checked names;

  inherit etc;

  # What one of several processes evaluates: `etc` itself if there is no other one that has containers.
  share = announce { inherit processes names; } (
    if share.number > 0 then
      found own null
    else if processes == 1 then
      etc
    else if frame == null then
      required (found own null)
    else
      checked (found own frame)
  );
}
