# Memory of the virtual machines, in MiB. A 32-bit qemu has no 2047 (nixos/modules/virtualisation/qemu-vm.nix).
platform: if platform.is32bit then 2046 else 2048
