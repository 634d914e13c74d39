# What NixOS' test machines have beside the options of a system, for nodes that are containers. What a container has no use for (memory
# and disks of a virtual machine) is ignored; what it cannot have (a screen, a kernel, networks apart) is listed.
#
# name: what the test calls the node.
name:

{
  config,
  lib,
  options,
  ...
}:

let
  inherit (lib) mkOption types;

  # Without type and default it is no conflict with a declaration of nixpkgs' own, of which each release has others.
  option = mkOption { };

  # Options of nixpkgs' qemu-vm.nix that a container follows by being one, or has no use for.
  ignored = [
    "additionalPaths"
    "bios"
    "cores"
    "diskImage"
    "diskSize"
    "graphics"
    "host"
    "memorySize"
    "mountHostNixStore"
    "msize"
    "nixStore9pCache"
    "qemu"
    "resolution"
    "restrictNetwork"
    "useDefaultFilesystems"
    "useHostCerts"
    "useNixStoreImage"
    "writableStore"
    "writableStoreUseTmpfs"
  ];

  # Those that ask for what it cannot have.
  refused = {
    bootLoaderDevice = "it has no disks";
    bootPartition = "it has no disks";
    credentials = "give them by containers.NAME.extra.credentials";
    directBoot = "the kernel is the host's";
    efi = "it has no firmware";
    emptyDiskImages = "it has no disks";
    fileSystems = "it has no disks";
    forwardPorts = "tests reach its address";
    installBootLoader = "the kernel is the host's";
    interfaces = "all machines are on one network, as eth0";
    rootDevice = "it has no disks";
    sharedDirectories = "use copy_from_host and copy_from_machine";
    tpm = "it has no hardware";
    useBIOSBoot = "it has no firmware";
    useBootLoader = "the kernel is the host's";
    useEFIBoot = "it has no firmware";
    useSecureBoot = "it has no firmware";
  };

  # Saying that something is not wanted is all right, and so are defaults.
  asksFor =
    name:
    let
      given = options.virtualisation.${name};
    in
    given.isDefined
    && given.highestPrio or 100 < 1500
    && !(lib.elem given.value [
      false
      null
      [ ]
      { }
    ]);

  # The hosts file of the group has one address for each of its machines.
  address = mkOption {
    type = types.str;
    default = lib.head (lib.attrNames (lib.filterAttrs (_: lib.elem name) config.networking.hosts) ++ [ "" ]);
    description = "The machine's address on the network that all machines of the test are on.";
  };

  # Whether somebody sets an option of the system, beside nixpkgs' own defaults.
  isSet =
    path:
    let
      option = lib.attrByPath path null options;
    in
    option != null && option.isDefined && option.highestPrio or 1500 < 1000;

  isOn = path: lib.attrByPath path false config == true;

  # NixOS' machines have one card more, eth0 being that of QEMU, and tests that set up their networks name those.
  otherCards = lib.filter (card: builtins.match "eth[1-9][0-9]*" card != null) (
    lib.attrNames (config.networking.interfaces or { })
  );

  say = condition: text: lib.optional condition text;
in
{
  options = {
    virtualisation = lib.genAttrs (ignored ++ lib.attrNames refused) (_: option) // {
      vlans = mkOption {
        type = types.listOf types.int;
        default = [ 1 ];
        description = "Networks that the machine is on: one.";
      };
    };
    networking.primaryIPAddress = address;
    networking.primaryIPv6Address = mkOption {
      type = types.str;
      default = "";
      description = "None.";
    };
    testing = mkOption {
      type = types.attrs;
      default = { };
      description = "How NixOS looks into virtual machines.";
    };
    extraContainerTest.cannot = mkOption {
      type = types.listOf types.str;
      internal = true;
      default = [ ];
      description = "What of the node's options a container cannot do.";
    };
  };

  config.extraContainerTest.cannot =
    say (
      !(lib.elem config.virtualisation.vlans [
        [ ]
        [ 1 ]
      ])
    ) "virtualisation.vlans = ${builtins.toJSON config.virtualisation.vlans}: all machines are on one network"
    ++ say (
      isOn [
        "services"
        "xserver"
        "enable"
      ]
    ) "services.xserver.enable: there is no screen"
    ++
      say
        (isSet [
          "boot"
          "kernelPackages"
        ])
        "boot.kernelPackages: the kernel is the host's"
    ++
      say
        (isSet [
          "boot"
          "kernelPatches"
        ])
        "boot.kernelPatches: the kernel is the host's"
    ++ say (config.testing.initrdBackdoor or false == true) "testing.initrdBackdoor: it has no initial RAM disk"
    ++ map (card: "networking.interfaces.${card}: all machines are on one network, as eth0") otherCards
    ++ lib.concatMap (
      name: say (asksFor name) "virtualisation.${name}: ${refused.${name}}"
    ) (lib.attrNames refused);
}
