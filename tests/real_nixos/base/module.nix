# What containers on programs of a Debian need beside nixpkgs' own modules.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  # Options that not every release has.
  optional = path: value: lib.optionalAttrs (lib.hasAttrByPath path options) (lib.setAttrByPath path value);
in
{
  config = lib.mkIf config.boot.isContainer (
    lib.mkMerge [
      {
        # PID 1 is the host's, which would take the host's units from below /usr.
        boot.systemdExecutable = "${pkgs.systemd}/lib/systemd/start";
        # /usr is the host's: it has an env, which the snippet would remove.
        system.activationScripts.usrbinenv = lib.mkForce "";
        # Modules of NSS have to fit the C library, which is the host's.
        services.nscd.enable = false;
        system.nssModules = lib.mkForce [ ];
        # The locale that the host's C library has built in.
        i18n.defaultLocale = "C.UTF-8";
        i18n.supportedLocales = lib.mkForce [ "C.UTF-8/UTF-8" ];
        # Debian's su has a PAM service of its own for a login.
        security.pam.services.su-l = {
          rootOK = true;
          startSession = true;
        };
        # What would run programs that the host lacks while it is built, or is of no use here.
        nix.checkConfig = false;
        services.logrotate.checkConfig = false;
        system.fsPackages = lib.mkForce [ ];
        system.disableInstallerTools = true;
        documentation.enable = false;
        programs.command-not-found.enable = false;
        # Nothing in a container is shown on a screen.
        fonts.fontconfig.enable = lib.mkDefault false;
        xdg.autostart.enable = lib.mkDefault false;
        xdg.icons.enable = lib.mkDefault false;
        xdg.menus.enable = lib.mkDefault false;
        xdg.mime.enable = lib.mkDefault false;
        xdg.sounds.enable = lib.mkDefault false;
      }
      # It is made of the configuration of a kernel, which containers do not have.
      (lib.optionalAttrs (lib.versionAtLeast lib.trivial.release "25.05") {
        environment.etc."sysctl.d/55-nixos-aslr-entropy.conf".source = lib.mkForce (pkgs.writeText "no-kernel" "");
      })
      # Debian's nginx has its temporary files there.
      (lib.mkIf config.services.nginx.enable { systemd.services.nginx.serviceConfig.StateDirectory = "nginx"; })
      # The loader of programs that are not NixOS' stands below /lib64, which is the host's.
      (optional [ "environment" "ldso" ] (lib.mkForce null))
      (optional [ "environment" "ldso32" ] (lib.mkForce null))
      (optional [ "environment" "stub-ld" "enable" ] false)
      (optional [ "services" "postgresql" "checkConfig" ] false)
      # From 25.05 on there is only the one in Rust, which cannot be built here. A system can do without.
      {
        system.switch =
          if lib.versionOlder lib.trivial.release "25.05" then
            { enableNg = false; }
          else
            { enable = lib.mkDefault false; };
      }
    ]
  );
}
