# From evaluated host configurations to the `etc` derivation that is installed, and the names of its containers.
#
# A host configuration is { config, pkgs, … }; of `config` this reads `containers`, `assertions`, `warnings`,
# `systemd.units."container@NAME.service".{unit,wantedBy}`, and `environment.etc."{nixos-,}containers/NAME.conf".source`.
{
  # The configuration that names the containers, and whose packages build the result.
  given,
  # From a container's name to the configuration that its files come from.
  evaluationOf,
  # null, or the list of the container names that are wanted.
  only,
  # From a container's name to what the `part` of another process says about it; such a container is not evaluated again.
  evaluated,
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
        throw "the definition has no container '${builtins.head absent}'"
      else
        builtins.filter (candidate: builtins.elem candidate only) all;

  lines = builtins.concatStringsSep "\n";
  evaluations = map evaluationOf names;

  # Equal texts of several evaluations are shown once.
  unique = builtins.foldl' (seen: text: if builtins.elem text seen then seen else seen ++ [ text ]) [ ];
  collect = select: unique (builtins.concatLists (map select ([ given ] ++ evaluations)));

  nameProblems = import ./names.nix { inherit kernelVersion evaluationOf; };

  # nixpkgs itself defines one assertion as a plain string, present only where it is violated.
  failedOf =
    evaluation:
    map (one: one.message or one) (
      builtins.filter (one: builtins.isString one || !one.assertion) evaluation.config.assertions
    );

  failed = builtins.concatLists (map nameProblems names) ++ collect failedOf;
  warnings = collect (evaluation: evaluation.config.warnings);

  checked =
    value:
    if failed != [ ] then
      throw "\nFailed assertions:\n${lines (map (message: "- ${message}") failed)}"
    else
      builtins.foldl' (rest: warning: builtins.trace "warning: ${warning}" rest) value warnings;

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

  linksOf =
    container:
    let
      inherit (evaluationOf container) config;
      file = "container@${container}.service";
      conf = confOf container;
      unit = config.systemd.units.${file};
    in
    [
      "ln -s '${unit.unit}/${file}' \"$out/etc/systemd/system/${file}\""
      "mkdir -p \"$out/etc/${builtins.dirOf conf}\""
      "ln -s '${config.environment.etc.${conf}.source}' \"$out/etc/${conf}\""
    ]
    ++ builtins.concatLists (
      map (target: [
        "mkdir -p \"$out/etc/systemd/system/${target}.wants\""
        "ln -s '../${file}' \"$out/etc/systemd/system/${target}.wants/${file}\""
      ]) unit.wantedBy
    );

  scriptOf =
    container:
    if evaluated ? ${container} then
      builtins.appendContext evaluated.${container}.script evaluated.${container}.context
    else
      lines (linksOf container);
in
{
  names = checked names;

  # The wanted containers' share of `etc`: a derivation that is never built. Nix keeps what its text refers to, and the text with
  # its context makes the same `etc` as an evaluation of all containers at once.
  part = derivation {
    name = "containers";
    system = "builtin";
    builder = "none";
    containers = builtins.toJSON (
      builtins.listToAttrs (
        map (container: {
          name = container;
          value = rec {
            script = scriptOf container;
            context = builtins.getContext script;
          };
        }) names
      )
    );
  };

  etc = checked (
    given.pkgs.runCommand name
      {
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
      ''
        mkdir -p "$out/etc/systemd/system"
        ${lines (map scriptOf names)}
        ${extraCommands}
      ''
  );
}
