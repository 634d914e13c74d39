{ containers.demo.config = { lib, ... }: { nixpkgs.system = lib.mkForce "i686-linux"; }; }
