# All option types, and what makes one.
{ lib }:
let
  core = rec {
    isOptionType = lib.isType "option-type";
    # Types of one name merge when neither carries a payload, or when their payloads do.
    defaultFunctor = name: {
      inherit name;
      type = allTypes.${name} or null;
      wrapped = null;
      payload = null;
      binOp = _: _: null;
    };
    defaultTypeMerge =
      functor: other:
      if functor.name != other.name then
        null
      else if functor.wrapped != null && other.wrapped != null then
        let
          inner = functor.wrapped.typeMerge other.wrapped.functor;
        in
        if inner == null then null else functor.type inner
      else if functor.payload != null && other.payload != null then
        let
          payload = functor.binOp functor.payload other.payload;
        in
        if payload == null then null else functor.type payload
      else if functor.wrapped == null && other.wrapped == null && functor.payload == null && other.payload == null then
        functor.type
      else
        null;
    mkOptionType =
      {
        name,
        description ? name,
        descriptionClass ? null,
        check ? _: true,
        merge ? lib.mergeDefaultOption,
        emptyValue ? { },
        getSubOptions ? _: { },
        getSubModules ? null,
        substSubModules ? _: null,
        typeMerge ? defaultTypeMerge functor,
        functor ? defaultFunctor name,
        deprecationMessage ? null,
        nestedTypes ? { },
      }:
      {
        _type = "option-type";
        inherit
          name
          description
          descriptionClass
          check
          merge
          emptyValue
          getSubOptions
          getSubModules
          substSubModules
          typeMerge
          deprecationMessage
          nestedTypes
          ;
        functor = if functor ? wrapped then functor else functor // { wrapped = null; };
      };
    # Compound types put the descriptions of their parts into their own, in brackets where words would run together.
    phrase =
      keepBare: type:
      if type.descriptionClass or null == null || builtins.elem type.descriptionClass keepBare then
        type.description
      else
        "(${type.description})";
    optionDescriptionPhrase =
      unparenthesize: type:
      if unparenthesize type.descriptionClass or null then type.description else "(${type.description})";
  };
  scalar = import ./types-scalar.nix { inherit lib core; };
  compound = import ./types-compound.nix { inherit lib core; };
  submodules = import ./types-submodule.nix { inherit lib core; };
  notations = import ./types-notations.nix { inherit lib core; };
  allTypes =
    core
    // scalar
    // compound
    // submodules
    // notations
    // {
      inherit (lib) isType setType;
      types = allTypes;
    };
in
allTypes
