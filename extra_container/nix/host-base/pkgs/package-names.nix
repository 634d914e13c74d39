# Package names of nixpkgs, each with the programs looked for on the host. The first must be there, the others may be.
{
  acl = [ "getfacl" "setfacl" ];
  apacheHttpd = [ "apache2" "httpd" ];
  bash = [ "bash" "sh" ];
  bashInteractive = [ "bash" "sh" ];
  bat = [ "bat" "batcat" ];
  bind = [ "named" "dig" "host" "nslookup" ];
  bzip2 = [ "bzip2" "bunzip2" "bzcat" ];
  cacert = [ "update-ca-certificates" ];
  caddy = [ "caddy" ];
  cargo = [ "cargo" ];
  coreutils = [
    "base32" "base64" "basename" "cat" "chgrp" "chmod" "chown" "chroot" "cksum" "comm" "cp" "cut" "date" "dd" "df" "dirname" "du" "echo"
    "env" "expand" "expr" "factor" "false" "fmt" "fold" "groups" "head" "hostid" "id" "install" "join" "kill" "link"
    "ln" "logname" "ls" "md5sum" "mkdir" "mkfifo" "mknod" "mktemp" "mv" "nice" "nl" "nohup" "nproc" "numfmt" "od"
    "paste" "pathchk" "pr" "printenv" "printf" "pwd" "readlink" "realpath" "rm" "rmdir" "seq" "sha1sum" "sha256sum"
    "sha512sum" "shred" "shuf" "sleep" "sort" "split" "stat" "stdbuf" "stty" "sum" "sync" "tac" "tail" "tee" "test"
    "timeout" "touch" "tr" "true" "truncate" "tsort" "tty" "uname" "unexpand" "uniq" "unlink" "uptime" "users" "wc"
    "who" "whoami" "yes"
  ];
  cron = [ "cron" "crontab" ];
  curl = [ "curl" ];
  dbus = [ "dbus-daemon" "dbus-send" "dbus-monitor" ];
  diffutils = [ "diff" "cmp" "diff3" "sdiff" ];
  dnsmasq = [ "dnsmasq" ];
  dnsutils = [ "dig" "host" "nslookup" ];
  docker = [ "docker" ];
  emacs = [ "emacs" ];
  ethtool = [ "ethtool" ];
  fd = [ "fd" "fdfind" ];
  ffmpeg = [ "ffmpeg" ];
  file = [ "file" ];
  findutils = [ "find" "xargs" ];
  fzf = [ "fzf" ];
  gawk = [ "awk" "gawk" ];
  gcc = [ "gcc" ];
  git = [ "git" ];
  gnugrep = [ "grep" "egrep" "fgrep" ];
  gnumake = [ "make" ];
  gnupg = [ "gpg" "gpg-agent" ];
  gnused = [ "sed" ];
  gnutar = [ "tar" ];
  go = [ "go" ];
  gzip = [ "gzip" "gunzip" "zcat" ];
  haproxy = [ "haproxy" ];
  hello = [ "hello" ];
  host = [ "host" ];
  hostname = [ "hostname" ];
  htop = [ "htop" ];
  imagemagick = [ "convert" "magick" ];
  inetutils = [ "hostname" "ftp" "telnet" "traceroute" ];
  iperf3 = [ "iperf3" ];
  iproute2 = [ "ip" "ss" "bridge" "tc" ];
  iptables = [ "iptables" "ip6tables" "iptables-save" "iptables-restore" "ip6tables-save" "ip6tables-restore" ];
  iptables-legacy = [ "iptables-legacy" "ip6tables-legacy" ];
  iputils = [ "ping" "arping" "tracepath" ];
  jq = [ "jq" ];
  kmod = [ "modprobe" "lsmod" "insmod" "rmmod" ];
  less = [ "less" ];
  libcap = [ "setcap" "getcap" "capsh" ];
  lighttpd = [ "lighttpd" ];
  lsof = [ "lsof" ];
  man = [ "man" ];
  mariadb = [ "mariadbd" "mariadb" ];
  mosquitto = [ "mosquitto" ];
  mount = [ "mount" ];
  mtr = [ "mtr" ];
  nano = [ "nano" ];
  ncdu = [ "ncdu" ];
  neovim = [ "nvim" ];
  netcat = [ "nc" ];
  netcat-gnu = [ "nc" ];
  netcat-openbsd = [ "nc" ];
  nettools = [ "ifconfig" "netstat" "hostname" "route" "arp" ];
  nftables = [ "nft" ];
  nginx = [ "nginx" ];
  nix = [ "nix-store" "nix" "nix-build" "nix-instantiate" "nix-env" "nix-shell" "nix-daemon" ];
  nmap = [ "nmap" ];
  nodejs = [ "node" "npm" ];
  openssh = [ "ssh" "scp" "sftp" "sshd" "ssh-keygen" "ssh-add" "ssh-agent" "ssh-keyscan" ];
  openssl = [ "openssl" ];
  patch = [ "patch" ];
  perl = [ "perl" ];
  php = [ "php" ];
  podman = [ "podman" ];
  postgresql = [ "psql" "postgres" "pg_ctl" "initdb" ];
  procps = [ "ps" "free" "kill" "pgrep" "pidof" "pkill" "pmap" "sysctl" "top" "uptime" "vmstat" "w" "watch" ];
  psmisc = [ "killall" "fuser" "pstree" ];
  python = [ "python3" ];
  python3 = [ "python3" "pip3" ];
  redis = [ "redis-server" "redis-cli" ];
  ripgrep = [ "rg" ];
  rsync = [ "rsync" ];
  ruby = [ "ruby" ];
  runit = [ "runsv" ];
  rustc = [ "rustc" ];
  screen = [ "screen" ];
  shadow = [ "passwd" "chpasswd" "groupadd" "useradd" "usermod" "nologin" ];
  socat = [ "socat" ];
  sqlite = [ "sqlite3" ];
  strace = [ "strace" ];
  stress = [ "stress" ];
  su = [ "su" ];
  sudo = [ "sudo" ];
  systemd = [ "systemctl" "journalctl" "machinectl" "systemd-nspawn" "systemd-run" "systemd-tmpfiles" "systemd-notify" "systemd-cat" "loginctl" "busctl" "networkctl" ];
  systemdMinimal = [ "systemctl" "journalctl" "systemd-tmpfiles" ];
  tcpdump = [ "tcpdump" ];
  tmux = [ "tmux" ];
  tree = [ "tree" ];
  unbound = [ "unbound" ];
  unzip = [ "unzip" ];
  util-linux = [
    "mount" "umount" "su" "nsenter" "unshare" "flock" "findmnt" "lsblk" "logger" "losetup" "login" "more" "mountpoint"
    "setsid" "setpriv" "taskset" "dmesg" "hexdump" "kill" "rev" "runuser" "script" "getopt" "uuidgen" "agetty" "prlimit"
  ];
  vim = [ "vim" "vi" ];
  wget = [ "wget" ];
  which = [ "which" ];
  whois = [ "whois" ];
  wireguard-tools = [ "wg" "wg-quick" ];
  xz = [ "xz" "unxz" "xzcat" ];
  yq = [ "yq" ];
  zip = [ "zip" ];
  zsh = [ "zsh" ];
  zstd = [ "zstd" "unzstd" ];
}
