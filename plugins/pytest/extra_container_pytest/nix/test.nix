# A NixOS test as a definition: its nodes are containers, and the first of them carries the test script, for the program that runs
# it. The file is read as it is, also one that calls nixpkgs' make-test-python.nix.
#
# nodes: the evaluated systems by the test's names.
{
  lib,
  file,
  nodes,
}:

{ pkgs, ... }:

let
  # Until 2022 a test was `import ./make-test-python.nix (FUNCTION OR SET)`, and many are. In the file's scope, what it imports under
  # that name is the test itself, instead of the derivation that runs it in machines of QEMU.
  value = builtins.scopedImport {
    import =
      path:
      if builtins.isPath path && builtins.match "make-test(-python)?\\.nix" (baseNameOf path) != null then
        test: test
      else
        import path;
  } file;

  arguments = {
    inherit lib pkgs;
    inherit (pkgs.stdenv.hostPlatform) system;
    config = { };
  };

  call =
    value:
    if builtins.isFunction value then
      value (builtins.intersectAttrs (lib.functionArgs value) arguments // { inherit pkgs lib; })
    else
      value;

  isModule = evaluated.config ? testScript;

  evaluated = lib.evalModules {
    modules = [
      ./test-options.nix
      { _module.args = { inherit pkgs nodes; hostPkgs = pkgs; }; }
      (if builtins.isFunction value then value else { imports = [ value ]; })
    ];
  };

  test = evaluated.config;

  # NixOS calls the machines of a test nodes, and since 26.05 those that are containers containers.
  declared = test.nodes // test.containers;
  names = lib.attrNames declared;

  script = if builtins.isFunction test.testScript then test.testScript { inherit nodes; containers = nodes; } else test.testScript;

  system = name: {
    imports = [
      (import ./node-options.nix name)
      test.defaults
      declared.${name}
    ];
    _module.args = {
      inherit nodes;
      containers = nodes;
    };
    networking.firewall.enable = lib.mkOverride 1400 true;
  };

  cannot =
    lib.concatMap (
      name:
      map (what: "node ${name}: ${what}") (nodes.${name}.extraContainerTest.cannot or [ ])
    ) names;
in
assert isModule;
{
  containers = lib.mapAttrs (name: _: {
    config = {
      imports = [ (system name) ] ++ lib.optional (name == lib.head names) {
        environment.etc."nixos-test.json".text = builtins.toJSON {
          inherit (test) name;
          inherit script cannot;
          machines = names;
        };
      };
    };
  }) declared;
}
