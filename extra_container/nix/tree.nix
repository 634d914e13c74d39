# A tree to evaluate with.
#
# nixos, nixpkgs: a folder of that name; exactly one of the two is not null.
# label: how messages name where it comes from.
#
# Result: { exists, nixos }: whether something is given at all, and the `nixos` folder, checked. The program recognises errors by
# how they begin; their second line is what to do.
{
  nixos ? null,
  nixpkgs ? null,
  label,
}:

let
  fail = message: hint: throw "no usable nixpkgs: ${message}\n${hint}";

  isNixos = nixos != null;

  # What goes wrong here is not the definition's; the program knows it by this.
  root = builtins.addErrorContext "while evaluating the nixpkgs of ${label}" (if isNixos then nixos else nixpkgs);

  isPlace = builtins.isPath root || builtins.isString root || builtins.isAttrs root && root ? outPath;

  isAbsolute = builtins.substring 0 1 (toString root) == "/";

  folder = if isNixos then root else root + "/nixos";

  hint = "It takes the path of ${if isNixos then "the nixos folder of a nixpkgs" else "a nixpkgs"}, as Nix expression.";

  searched = builtins.tryEval <nixpkgs>;
in
{
  exists =
    (builtins.tryEval root).success
    || searched.success
    && fail "<nixpkgs> is ${toString searched.value}, which has no nixos folder" "Correct NIX_PATH, or choose --base host.";

  nixos =
    if !isPlace then
      fail "${label} is of type ${builtins.typeOf root}" hint
    else if !isAbsolute then
      fail "${label}: ${builtins.toJSON (toString root)} is no absolute path" hint
    else if !builtins.pathExists root then
      fail "${label}: ${toString root} does not exist" hint
    else if !builtins.pathExists (import ./container-module-path.nix folder) then
      fail "${label}: ${toString root} is ${if isNixos then "no nixos folder of a nixpkgs" else "no nixpkgs"}" hint
    else
      folder;
}
