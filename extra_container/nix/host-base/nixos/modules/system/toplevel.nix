# The built system: what a container boots and what a live update switches to.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  failed = map (item: item.message) (builtins.filter (item: !item.assertion) config.assertions);
  checked =
    if failed != [ ] then
      throw "\nFailed assertions:\n${lib.concatMapStringsSep "\n" (message: "- ${message}") failed}"
    else
      builtins.seq typesAreRight (lib.showWarnings config.warnings);
  # A definition of the wrong type is a mistake also where nothing reads it. Only options of this base: what users declare may be
  # meant to be read under conditions of theirs.
  own = toString ../..;
  optionsIn =
    isOwn: tree:
    builtins.filter (option: builtins.all isOwn option.declarations) (
      lib.collect lib.isOption (removeAttrs tree [ "_module" ])
    );
  typesAreRight = builtins.all (option: !option.isDefined || check option.type option.value) (
    optionsIn (lib.hasPrefix own) options
  );
  # Evaluates as much of a value as the type of its option says: the types' own messages come from there. Without a value to
  # apply it to, a check costs once for a type what it needs to know of it.
  check =
    type:
    let
      ofElement = check type.nestedTypes.elemType;
      left = check type.nestedTypes.left;
      right = check type.nestedTypes.right;
      # Not every type tells its submodules where they are declared. What has no default may be left out where it is not read.
      parts = map (option: {
        inherit (option) loc;
        check = check option.type;
      }) (builtins.filter (option: option ? default) (
        optionsIn (file: file == lib.unknownModule || lib.hasPrefix own file) (type.getSubOptions [ ])
      ));
    in
    if type.name == "listOf" then
      builtins.all ofElement
    else if type.name == "attrsOf" then
      value: builtins.all ofElement (builtins.attrValues value)
    else if type.name == "nullOr" then
      value: value == null || ofElement value
    else if type.name == "either" then
      value: if type.nestedTypes.left.check value then left value else right value
    else if type.name == "coercedTo" then
      check type.nestedTypes.finalType
    else if type.name == "submodule" then
      value: builtins.all (part: part.check (lib.getAttrFromPath part.loc value)) parts
    else
      value: if builtins.isList value then builtins.all (item: builtins.seq item true) value else builtins.seq value true;
  read = name: builtins.readFile (../../scripts + "/${name}");
  withOut = text: lib.replaceStrings [ "@out@" ] [ (builtins.placeholder "out") ] text;
  etc = config.system.build.etc;
in
{
  config.system.build.toplevel = checked (
    pkgs.writeTree "nixos-system-${config.system.name}-${config.system.nixos.label}" {
      init = {
        text = withOut (read "init.sh");
        executable = true;
      };
      activate = {
        text = withOut config.system.build.activate;
        executable = true;
      };
      "bin/switch-to-configuration" = {
        text = withOut (read "switch-to-configuration.sh");
        executable = true;
      };
      etc.link = "${etc}/etc";
      etc-manifest.link = "${etc}/manifest";
      users.text = config.system.build.usersSpec;
      "users.awk".text = read "users.awk";
      sw.link = "${config.system.path}";
      system.text = config.nixpkgs.hostPlatform.system;
      nixos-version.text = config.system.nixos.label;
      # A different value means that a running container cannot be updated in place.
      init-interface-version.text = "host-base 1";
    } { }
  );
}
