# systemd: the host's, with the units that nixpkgs' modules name.
{ hostPackage, tree }:
let
  systemd = hostPackage {
    name = "systemd";
    programs = [
      "busctl"
      "hostnamectl"
      "journalctl"
      "localectl"
      "loginctl"
      "machinectl"
      "networkctl"
      "resolvectl"
      "systemctl"
      "systemd-analyze"
      "systemd-ask-password"
      "systemd-cat"
      "systemd-cgls"
      "systemd-cgtop"
      "systemd-creds"
      "systemd-detect-virt"
      "systemd-escape"
      "systemd-firstboot"
      "systemd-id128"
      "systemd-inhibit"
      "systemd-machine-id-setup"
      "systemd-mount"
      "systemd-notify"
      "systemd-path"
      "systemd-run"
      "systemd-socket-activate"
      "systemd-stdio-bridge"
      "systemd-sysusers"
      "systemd-tmpfiles"
      "systemd-tty-ask-password-agent"
      "timedatectl"
      "udevadm"
      "halt"
      "init"
      "poweroff"
      "reboot"
      "shutdown"
    ];
    contents = ''
      # shellcheck disable=SC2016
      modules=${builtins.toString tree}/nixos
    ''
    + builtins.readFile ./systemd.sh;
    passthru = rec {
      interfaceVersion = 2;
      kmod = kbd;
      kbd = hostPackage {
        name = "kbd";
        programs = [ "loadkeys" ];
        passthru.gzip = hostPackage { name = "gzip"; };
      };
      util-linux = hostPackage {
        name = "util-linux";
        programs = [
          "mount"
          "umount"
          "sulogin"
          "swapon"
          "swapoff"
          "fsck"
          "agetty"
          "login"
        ];
      };
      withHostnamed = true;
      withImportd = false;
      withMachined = true;
      withLogind = true;
      withLocaled = true;
      withPortabled = false;
      withTimedated = true;
      withTimesyncd = false;
      withCryptsetup = false;
      withBootloader = false;
      withEfi = false;
      withTpm2Tss = false;
      withTpm2Units = false;
      withUtmp = true;
      withFido2 = false;
      withSysupdate = false;
      withUkify = false;
      withNspawn = true;
      withOomd = false;
      withHomed = false;
      withNetworkd = true;
      withResolved = false;
      withRepart = false;
      withVmspawn = false;
      withNspawnd = false;
      withNss = true;
      withVConsole = false;
      withRemote = false;
      withSysusers = true;
      withApparmor = false;
      withAudit = false;
      withAnalyze = true;
      withCoredump = false;
      withUserDb = false;
      withPasswordQuality = false;
      withPCRELock = false;
      withStorageTm = false;
    };
  };
in
{
  inherit systemd;
  systemdMinimal = systemd;
  systemdLibs = systemd;
  systemdUkify = systemd;
  udev = systemd;
}
