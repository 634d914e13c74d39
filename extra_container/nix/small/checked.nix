# The configuration of a small evaluation, once every option that it defines is known to exist.
#
# Until 20.09 the library looks for unknown options in one set of options after the other, and only where such a set is asked for.
# A whole NixOS asks for all of them; what containers are made of does not, and `services.nginx` at the top would be passed over.
#
# evaluated: what the library's evalModules returned.
{ lib, evaluated }:

let
  # Since 21.03 the library looks by itself, and does not keep the names for it.
  looksInParts = evaluated.options ? _definedNames;

  look =
    options: config: rest:
    builtins.foldl' (
      rest: name: if lib.isOption options.${name} then rest else look options.${name} config.${name} rest
    ) (builtins.seq config rest) (builtins.attrNames (removeAttrs options [ "_definedNames" "_module" ]));
in
if looksInParts then look evaluated.options evaluated.config evaluated.config else evaluated.config
