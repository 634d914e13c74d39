# The module system: collects modules, matches definitions to options, gives `config` and `options`.
{ lib }:
let
  inherit (builtins)
    attrNames
    concatLists
    concatMap
    head
    isAttrs
    mapAttrs
    ;
  inherit (lib) showOption showDefs showFiles;
  properties = import ./properties.nix { inherit lib; };
  collecting = import ./module-collection.nix { inherit lib; };
  declaring = import ./option-declarations.nix { inherit lib; };
  renaming = import ./module-renaming.nix { inherit lib; };
in
properties
// renaming
// {
  inherit (collecting) setDefaultModuleLocation unifyModuleSyntax importApply;
  inherit (declaring) mergeOptionDecls;
}
// rec {
  # Ends every message about an option that does not exist: the modules here are far fewer than those of NixOS.
  missingOptionHint = "The built-in host base has no such option. If it is one of NixOS, give a nixpkgs with --nixpkgs-path.";

  evalModules =
    evalArgs@{
      modules,
      prefix ? [ ],
      specialArgs ? { },
      class ? null,
      args ? { },
      check ? true,
    }:
    let
      internalModule = {
        _file = "lib/modules.nix";
        key = "lib/modules.nix";
        options._module = {
          args = lib.mkOption {
            type = lib.types.lazyAttrsOf lib.types.raw;
            internal = prefix != [ ];
            description = "Additional arguments passed to each module.";
          };
          check = lib.mkOption {
            type = lib.types.bool;
            internal = true;
            default = check;
            description = "Whether to check that all definitions match an option.";
          };
          freeformType = lib.mkOption {
            type = lib.types.nullOr lib.types.optionType;
            internal = true;
            default = null;
            description = "Type of the definitions that match no option.";
          };
          specialArgs = lib.mkOption {
            readOnly = true;
            internal = true;
            type = lib.types.raw;
            description = "Arguments that are available already while modules are imported.";
          };
        };
        config._module = {
          args = {
            inherit extendModules;
          }
          // args;
          inherit specialArgs;
        };
      };

      collected = collecting.collectModules class (toString (specialArgs.modulesPath or "")) (modules ++ [ internalModule ]) (
        {
          inherit
            lib
            options
            config
            specialArgs
            ;
          _class = class;
          _prefix = prefix;
        }
        // specialArgs
      );
      merged = mergeModules prefix (lib.reverseList collected);
      options = merged.matchedOptions;
      inherit (merged) unmatchedDefns;

      declared = lib.mapAttrsRecursiveCond (value: !lib.isOption value) (_: option: option.value) options;
      config =
        if declared._module.freeformType == null then
          declared
        else
          lib.recursiveUpdate (
            if unmatchedDefns == [ ] then
              { }
            else
              declared._module.freeformType.merge prefix (
                map (def: {
                  inherit (def) file;
                  value = lib.setAttrByPath def.prefix def.value;
                }) unmatchedDefns
              )
          ) declared;
      checked =
        if config._module.check && config._module.freeformType == null && unmatchedDefns != [ ] then
          throw (unmatchedMessage {
            inherit prefix options;
            def = head unmatchedDefns;
          })
        else
          config;
      extendModules =
        {
          modules ? [ ],
          specialArgs ? { },
          prefix ? evalArgs.prefix or [ ],
        }:
        evalModules (
          evalArgs
          // {
            modules = evalArgs.modules ++ modules;
            specialArgs = evalArgs.specialArgs or { } // specialArgs;
            inherit prefix;
          }
        );
    in
    {
      _type = "configuration";
      options = builtins.seq checked options;
      config = removeAttrs checked [ "_module" ];
      _module = builtins.seq checked config._module;
      inherit extendModules class;
      type = lib.types.submoduleWith { inherit modules specialArgs class; };
    };

  unmatchedMessage =
    {
      prefix,
      options,
      def,
    }:
    let
      parent = lib.init def.prefix;
      name = lib.last def.prefix;
      siblings = attrNames (lib.attrByPath parent { } options);
      candidates = lib.remove "_module" siblings;
      # Names that share little with what was written would only mislead.
      isNear = sibling: lib.levenshtein name sibling <= lib.max 2 (lib.stringLength name / 3);
      nearest = lib.take 3 (lib.sortOn (lib.levenshtein name) (builtins.filter isNear candidates));
      shown = map (sibling: "`${showOption (prefix ++ parent ++ [ sibling ])}'") nearest;
      suggestion =
        if shown == [ ] then
          ""
        else if lib.length shown == 1 then
          "\n\nDid you mean ${head shown}?"
        else
          "\n\nDid you mean ${lib.concatStringsSep ", " (lib.init shown)} or ${lib.last shown}?";
      undeclared =
        if attrNames options != [ "_module" ] then
          ""
        else if prefix == [ ] then
          "\n\nIt seems as if you're trying to declare an option by placing it into `config' rather than `options'!\n"
        else
          "\n\nHowever there are no options defined in `${showOption prefix}'. Are you sure you've\ndeclared your options properly? This can happen if you e.g. declared your options in `types.submodule'\nunder `config' rather than `options'.\n";
    in
    "The option `${showOption (prefix ++ def.prefix)}' does not exist. Definition values:${showDefs [ def ]}${suggestion}${undeclared}\n\n${missingOptionHint}";

  mergeModules =
    prefix: modules:
    mergeLevel prefix modules (
      concatMap (
        module:
        map (config: {
          file = module._file;
          inherit config;
        }) (lib.pushDownProperties module.config)
      ) modules
    );

  # One level of the option tree: `modules` declare below `prefix`, `configs` define below it.
  mergeLevel =
    prefix: modules: configs:
    let
      declarations = builtins.zipAttrsWith (_: concatLists) (
        map (
          module:
          if !isAttrs module.options then
            throw "An option declaration for `${showOption prefix}' has type `${builtins.typeOf module.options}' rather than an attribute set.\nDid you mean to define this outside of `options'?"
          else
            mapAttrs (_: options: [
              {
                inherit (module) _file;
                inherit options;
              }
            ]) module.options
        ) modules
      );
      definitionsOf = wrap: builtins.zipAttrsWith (_: concatLists) (
        map (
          def:
          if !isAttrs def.config then
            throw "You're trying to define a value of type `${builtins.typeOf def.config}'\nrather than an attribute set for the option\n`${showOption prefix}'!\n\nThis usually happens if `${showOption prefix}' has option\ndefinitions inside that are not matched. Please check how to properly define\nthis option by e.g. referring to `man 5 configuration.nix'!\n"
          else
            mapAttrs (_: wrap def.file) def.config
        ) configs
      );
      nested = definitionsOf (
        file: value:
        map (config: { inherit file config; }) (lib.pushDownProperties value)
      );
      direct = definitionsOf (
        file: value: [ { inherit file value; } ]
      );
      results = mapAttrs (
        name: decls:
        let
          loc = prefix ++ [ name ];
          options = builtins.filter (decl: lib.isOption decl.options) decls;
          sets = builtins.filter (decl: !lib.isOption decl.options) decls;
          bad = builtins.filter (decl: decl.options ? _type) sets;
          # Options declared below one that is a submodule become part of that submodule.
          asSubmodule =
            decl:
            decl
            // {
              options = lib.mkOption {
                type = lib.types.submoduleWith {
                  shorthandOnlyDefinesConfig = true;
                  modules = [ { inherit (decl) options; } ];
                };
              };
            };
        in
        if options == [ ] then
          if bad != [ ] then
            throw "Expected an option declaration at option path `${showOption loc}' but got an attribute set with type ${(head bad).options._type}"
          else
            mergeLevel loc decls (nested.${name} or [ ])
        else if sets == [ ] then
          {
            matchedOptions = declaring.evalOption loc (declaring.mergeOptionDecls loc options) (direct.${name} or [ ]);
            unmatchedDefns = [ ];
          }
        else if lib.all (decl: decl.options.type.name or "" == "submodule") options then
          {
            matchedOptions = declaring.evalOption loc (declaring.mergeOptionDecls loc (options ++ map asSubmodule sets)) (
              direct.${name} or [ ]
            );
            unmatchedDefns = [ ];
          }
        else
          throw "The option `${showOption loc}' in module `${(head options)._file}' would be a parent of the following options, but its type `${
            (head options).options.type.description or "<no description>"
          }' does not support nested options.\n${
            lib.concatMapStrings (decl: "- option(s) with prefix `${showOption loc}' in module `${decl._file}'\n") sets
          }"
      ) declarations;
      unmatchedHere = concatLists (
        lib.mapAttrsToList (name: defs: map (def: def // { prefix = [ name ]; }) defs) (
          removeAttrs direct (attrNames results)
        )
      );
    in
    {
      matchedOptions = mapAttrs (_: result: result.matchedOptions) results;
      unmatchedDefns =
        concatLists (
          lib.mapAttrsToList (
            name: result: map (def: def // { prefix = [ name ] ++ def.prefix; }) result.unmatchedDefns
          ) results
        )
        ++ unmatchedHere;
    };
}
