# Packages of which nixpkgs' modules read files beside programs.
{ hostPackage, lib }:
let
  cacert = hostPackage {
    name = "nss-cacert";
    programs = [ ];
    contents = ''
      mkdir -p $out/etc/ssl/certs
      cp /etc/ssl/certs/ca-certificates.crt $out/etc/ssl/certs/ca-bundle.crt
      mkdir -p $out/etc/ssl/trust-source
      cp /etc/ssl/certs/ca-certificates.crt $out/etc/ssl/certs/ca-no-trust-rules-bundle.crt
    '';
    passthru = {
      p11kit = cacert;
      unbundled = cacert;
      hashed = cacert;
    };
  };
in
{
  inherit cacert;
  # Shells at a terminal read it.
  bash-completion = hostPackage {
    name = "bash-completion";
    programs = [ ];
    contents = ''
      mkdir -p $out/etc/profile.d
      touch $out/etc/profile.d/bash_completion.sh
    '';
  };
  dbus = hostPackage {
    name = "dbus";
    programs = [
      "dbus-daemon"
      "dbus-launch"
      "dbus-monitor"
      "dbus-run-session"
      "dbus-send"
    ];
    contents = ''
      mkdir -p $out/libexec $out/share/dbus-1 $out/lib/systemd/{system,user}
      ln -s /usr/lib/dbus-1.0/dbus-daemon-launch-helper $out/libexec
      # The system's configuration is made of these, and must not include itself.
      for file in system session; do
        grep -v 'include ignore_missing="yes">/etc/dbus-1/'$file.conf /usr/share/dbus-1/$file.conf >$out/share/dbus-1/$file.conf
      done
      cp /usr/lib/systemd/system/dbus.{service,socket} $out/lib/systemd/system
      # Users have a bus of their own only where the host has its package.
      for unit in dbus.service dbus.socket; do
        cp /usr/lib/systemd/user/$unit $out/lib/systemd/user || printf '[Unit]\nDescription=Not on this host\n' >$out/lib/systemd/user/$unit
      done
      sed -i '/^ExecStart=/s|--system |--config-file=/etc/dbus-1/system.conf |' $out/lib/systemd/system/dbus.service
    '';
  };
  dbus-broker = hostPackage {
    name = "dbus-broker";
    programs = [
      "dbus-broker"
      "dbus-broker-launch"
    ];
    contents = ''
      mkdir -p $out/lib/systemd/{system,user,catalog}
      cp /usr/lib/systemd/system/dbus-broker.service $out/lib/systemd/system
      cp /usr/lib/systemd/user/dbus-broker.service $out/lib/systemd/user
      sed -i 's|--scope system|& --config-file /etc/dbus-1/system.conf|' $out/lib/systemd/system/dbus-broker.service
    '';
  };
  glibc = hostPackage {
    name = "glibc";
    programs = [
      "getconf"
      "getent"
      "iconv"
      "ldd"
      "locale"
    ];
    contents = ''
      mkdir $out/etc $out/lib
      touch $out/etc/rpc
    '';
  };
  glibcLocales = hostPackage {
    name = "glibc-locales";
    programs = [ ];
    contents = ''
      mkdir -p $out/lib/locale
      touch $out/lib/locale/locale-archive
    '';
  };
  iana-etc = hostPackage {
    name = "iana-etc";
    programs = [ ];
    contents = ''
      mkdir $out/etc
      for file in protocols services; do
        if [[ -e /etc/$file ]]; then cp /etc/$file $out/etc; else touch $out/etc/$file; fi
      done
    '';
  };
  linux-pam = hostPackage {
    name = "linux-pam";
    programs = [ "unix_chkpwd" ];
    contents = ''
      mkdir -p $out/lib/security $out/etc
      ln -s /usr/lib/*/security/*.so $out/lib/security
      # New versions do not have it, and old releases of NixOS name it.
      ln -s pam_permit.so $out/lib/security/pam_lastlog.so
    '';
  };
  ncurses = hostPackage {
    name = "ncurses";
    programs = [
      "clear"
      "infocmp"
      "reset"
      "tic"
      "tput"
    ];
    contents = ''
      mkdir $out/share $out/lib
      ln -s /usr/share/terminfo $out/share/terminfo
    '';
  };
  nix = hostPackage {
    name = "nix";
    # What the modules of all releases in use can configure.
    version = "2.24.0";
    programs = [
      "nix"
      "nix-build"
      "nix-channel"
      "nix-collect-garbage"
      "nix-daemon"
      "nix-env"
      "nix-instantiate"
      "nix-shell"
      "nix-store"
    ];
    contents = ''
      mkdir -p $out/lib/systemd/system $out/lib/tmpfiles.d
      touch $out/lib/tmpfiles.d/nix-daemon.conf
      cat >$out/lib/systemd/system/nix-daemon.service <<'END'
      [Service]
      ExecStart=@/usr/bin/nix-daemon nix-daemon --daemon
      END
      cat >$out/lib/systemd/system/nix-daemon.socket <<'END'
      [Unit]
      ConditionPathIsReadWrite=/nix/var/nix/daemon-socket
      [Socket]
      ListenStream=/nix/var/nix/daemon-socket/socket
      END
    '';
  };
  openssh = hostPackage {
    name = "openssh";
    programs = [
      "scp"
      "sftp"
      "ssh"
      "ssh-add"
      "ssh-agent"
      "ssh-keygen"
      "ssh-keyscan"
      "sshd"
    ];
    contents = ''
      mkdir -p $out/etc/ssh $out/libexec
      ln -s /usr/lib/openssh/sftp-server $out/libexec
      ln -s /etc/ssh/moduli $out/etc/ssh
    '';
  };
  shadow = hostPackage {
    name = "shadow";
    programs = [
      "chfn"
      "chpasswd"
      "chsh"
      "expiry"
      "faillog"
      "gpasswd"
      "groupadd"
      "groupdel"
      "groupmod"
      "groups"
      "login"
      "newgidmap"
      "newgrp"
      "newuidmap"
      "nologin"
      "passwd"
      "sg"
      "su"
      "useradd"
      "userdel"
      "usermod"
      "vipw"
    ];
    stubs = [
      "newgidmap"
      "newuidmap"
    ];
    passthru.shellPath = "/bin/nologin";
  };
  util-linux = hostPackage {
    name = "util-linux";
    programs = (import ../../../extra_container/nix/host-base/pkgs/package-names.nix).util-linux ++ [
      "blkid"
      "fdisk"
      "fsck"
      "fstrim"
      "hwclock"
      "ipcs"
      "lscpu"
      "renice"
      "sulogin"
      "swapoff"
      "swapon"
      "wall"
      "whereis"
    ];
    contents = ''
      mkdir -p $out/lib/systemd/system $out/lib/security $out/lib/tmpfiles.d
      touch $out/lib/tmpfiles.d/uuidd.conf
      printf '[Service]\nExecStart=/usr/sbin/fstrim -a\n' >$out/lib/systemd/system/fstrim.service
      printf '[Timer]\nOnCalendar=weekly\n' >$out/lib/systemd/system/fstrim.timer
      # Who logged in last is of no interest here.
      cp /usr/lib/*/security/pam_permit.so $out/lib/security/pam_lastlog2.so
    '';
  };
  tzdata = hostPackage {
    name = "tzdata";
    programs = [ ];
    contents = ''
      mkdir $out/share
      ln -s /usr/share/zoneinfo $out/share/zoneinfo
    '';
  };
}
