{ containers.demo.config = ./parts/inner.nix; }
