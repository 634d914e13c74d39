# From a list of modules to the flat list of all of them: imports followed breadth first, each module once.
{ lib }:
let
  inherit (builtins)
    attrNames
    elem
    filter
    head
    isAttrs
    ;
  # The folder that stands where nixpkgs stands.
  base = "${toString ../.}/";
  isOfBase = lib.hasPrefix base;
  knownKeys = [
    "_class"
    "_file"
    "key"
    "disabledModules"
    "imports"
    "options"
    "config"
    "meta"
    "freeformType"
  ];
in
rec {
  setDefaultModuleLocation = file: module: {
    _file = file;
    imports = [ module ];
  };
  importApply = path: args: setDefaultModuleLocation path (import path args);

  # Brings both forms of a module, plain definitions and `options`/`config`, into one.
  unifyModuleSyntax =
    file: key: module:
    let
      common = {
        _file = toString module._file or file;
        _class = module._class or null;
        key = toString module.key or key;
        disabledModules = module.disabledModules or [ ];
        imports = module.imports or [ ];
      };
      withFreeform =
        config:
        if module ? freeformType then
          lib.mkMerge [
            config
            { _module.freeformType = module.freeformType; }
          ]
        else
          config;
      withMeta =
        config:
        if module ? meta then
          lib.mkMerge [
            config
            { inherit (module) meta; }
          ]
        else
          config;
      bad = attrNames (removeAttrs module knownKeys);
    in
    if module ? config || module ? options then
      if bad != [ ] then
        throw "Module `${common.key}' has an unsupported attribute `${head bad}'. This is caused by introducing a top-level `config' or `options' attribute. Add configuration attributes immediately on the top level instead, or move all of them (namely: ${toString bad}) into the explicit `config' attribute."
      else
        common
        // {
          options = module.options or { };
          config = withFreeform (withMeta (module.config or { }));
        }
    else
      common
      // {
        imports = module.require or [ ] ++ module.imports or [ ];
        options = { };
        config = withFreeform (
          removeAttrs module [
            "_class"
            "_file"
            "key"
            "disabledModules"
            "require"
            "imports"
            "freeformType"
          ]
        );
      };

  # Arguments are looked up in `config` lazily: that is what lets `_module.args` be set by modules.
  applyArgs =
    key: module: args:
    let
      named = builtins.mapAttrs (
        name: _:
        builtins.addErrorContext "while evaluating the module argument `${name}' in \"${key}\":" (
          args.${name} or args.config._module.args.${name}
        )
      ) (lib.functionArgs module);
    in
    if lib.isFunction module then module (args // named) else module;

  loadModule =
    args: fallbackFile: fallbackKey: module:
    if lib.isFunction module then
      unifyModuleSyntax fallbackFile fallbackKey (applyArgs fallbackKey module args)
    else if isAttrs module then
      if module._type or "module" == "module" then
        unifyModuleSyntax fallbackFile fallbackKey module
      else if module._type == "if" || module._type == "override" || module._type == "merge" then
        loadModule args fallbackFile fallbackKey { config = module; }
      else
        throw "Expected a module, but found a value of type ${lib.escapeNixString module._type}, while trying to load a module into ${fallbackFile}."
    else if builtins.isList module then
      throw "Module imports can't be nested lists. Perhaps you meant to remove one level of lists? Definitions: ${
        lib.showDefs [
          {
            file = fallbackFile;
            value = module;
          }
        ]
      }"
    else
      let
        file = toString module;
      in
      if isOfBase file && !builtins.pathExists file then
        throw "The module ${lib.removePrefix base file}, imported in ${fallbackFile}, is not part of the built-in host base. If it is one of NixOS, give a nixpkgs with --nixpkgs-path."
      else
        unifyModuleSyntax file file (applyArgs file (import module) args);

  collectModules =
    class: modulesPath: initialModules: args:
    let
      tree =
        parentFile: parentKey: modules:
        lib.imap1 (
          n: given:
          let
            module = loadModule args parentFile "${parentKey}:anon-${toString n}" given;
          in
          if class != null && module._class != null && module._class != class then
            throw "The module `${module._file}' (class: ${lib.escapeNixString module._class}) cannot be imported into a module evaluation that expects class ${lib.escapeNixString class}."
          else
            {
              inherit (module) key;
              inherit module;
              children = tree module._file module.key module.imports;
            }
        ) modules;
      isPath = key: builtins.substring 0 1 key == "/";
      keyOf =
        disabled:
        if builtins.isString disabled && !isPath disabled then
          "${modulesPath}/${disabled}"
        else if isAttrs disabled && disabled ? key then
          toString disabled.key
        else
          toString disabled;
      all = builtins.genericClosure {
        startSet = tree lib.unknownModule "" initialModules;
        operator = node: node.children;
      };
      disabled = lib.concatMap (node: map keyOf node.module.disabledModules) all;
      # Imports of a disabled module count only if something else imports them too, so the walk is done again without it.
      kept =
        if disabled == [ ] then
          all
        else
          builtins.genericClosure {
            startSet = filter (node: !elem node.key disabled) (tree lib.unknownModule "" initialModules);
            operator = node: filter (child: !elem child.key disabled) node.children;
          };
    in
    map (node: node.module) kept;
}
