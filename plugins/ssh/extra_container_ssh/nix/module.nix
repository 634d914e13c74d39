# containers.NAME.extra.enableSSH: sshd in the container, with the key of the program that builds it.
{ config, lib, ... }:

let
  extraContainer = config._module.args.extraContainer or { };

  # From the program: whether --ssh was given, and the public key.
  inputs = (extraContainer.inputs or { }).ssh or { };
  wanted = inputs.enable or false;
  publicKey = inputs.publicKey or null;

  # Whether a module can be added to the system of a container: one that is given by `path` or `flake` has none.
  hasConfig = extraContainer.hasConfig or (_: true);

  # `--ssh` asks for what can be had; the option of a container asks for this one.
  insists = container: container.extra.enableSSH && !wanted;

  # The condition stands inside of the system, so that it may be taken from there.
  serverIf = isActive: {
    _file = ./module.nix;
    config = lib.mkIf isActive {
      services.openssh.enable = true;
      # NixOS' own default for containers is sshd for each connection, and the first ones race for making the host key. Weaker than
      # what a definition says.
      services.openssh.startWhenNeeded = lib.mkOverride 900 false;
      users.users.root.openssh.authorizedKeys.keys = [ publicKey ];
    };
  };

  checks = name: container: [
    {
      assertion = !insists container || container.privateNetwork;
      message = "containers.${name}.extra.enableSSH needs an address of the container's own: set containers.${name}.privateNetwork, or extra.addressPrefix.";
    }
    {
      assertion = !insists container || hasConfig name;
      message = "containers.${name}.extra.enableSSH changes the container's system: it needs containers.${name}.config.";
    }
    {
      assertion = !container.extra.enableSSH || publicKey != null;
      message =
        if inputs ? publicKey then
          "containers.${name}.extra.enableSSH needs a key, and ssh-keygen to make it was not found."
        else
          "containers.${name}.extra.enableSSH is for definitions that the program extra-container builds; set services.openssh in containers.${name}.config.";
    }
  ];
in
{
  options.containers = lib.mkOption {
    type = lib.types.attrsOf (
      lib.types.submodule (
        { config, name, ... }:
        {
          options.extra.enableSSH = lib.mkOption {
            type = lib.types.bool;
            default = wanted;
            description = ''
              Run sshd in the container and let root of the host in with a key that the program makes; by default if the
              program was called with --ssh. Only active with privateNetwork.
            '';
          };

          config = lib.mkIf (publicKey != null && hasConfig name) {
            config = serverIf (config.privateNetwork && config.extra.enableSSH);
          };
        }
      )
    );
  };

  config.assertions = lib.concatLists (lib.mapAttrsToList checks config.containers);
}
