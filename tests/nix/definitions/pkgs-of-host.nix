{ pkgs, ... }: { containers.demo.config.nixpkgs.pkgs = pkgs; }
