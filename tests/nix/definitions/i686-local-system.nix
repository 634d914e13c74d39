{ containers.demo.config = { lib, ... }: { nixpkgs.localSystem = lib.mkForce { system = "i686-linux"; }; }; }
