# What the profile "hardened" takes away. A container of NixOS boots, is updated and stops without it.
#
# Not here, since a container needs it: capabilities to mount, to change users and to be a network's owner; namespaces; reboot(2),
# with which it ends; set-uid files, which its activation makes. Nor is what a unit could hide by mounts of its own in /proc: with
# one there, the kernel refuses users of their own a /proc (mount_too_revealing).
{
  # Of the container; systemd-nspawn has taken some of them away already.
  capabilities = [
    "CAP_AUDIT_CONTROL"
    "CAP_AUDIT_READ"
    "CAP_IPC_OWNER"
    "CAP_LEASE"
    "CAP_LINUX_IMMUTABLE"
    "CAP_MKNOD"
    "CAP_NET_BROADCAST"
    "CAP_NET_RAW"
    "CAP_SYS_PTRACE"
    "CAP_SYS_TTY_CONFIG"
  ];

  # Of systemd-nspawn and the scripts of the unit, and so of the container.
  unitCapabilities = [
    "CAP_AUDIT_CONTROL"
    "CAP_AUDIT_READ"
    "CAP_BLOCK_SUSPEND"
    "CAP_BPF"
    "CAP_CHECKPOINT_RESTORE"
    "CAP_IPC_LOCK"
    "CAP_IPC_OWNER"
    "CAP_LEASE"
    "CAP_LINUX_IMMUTABLE"
    "CAP_MAC_ADMIN"
    "CAP_MAC_OVERRIDE"
    "CAP_NET_BROADCAST"
    "CAP_PERFMON"
    "CAP_SYSLOG"
    "CAP_SYS_PACCT"
    "CAP_SYS_RAWIO"
    "CAP_SYS_TIME"
    "CAP_WAKE_ALARM"
  ];

  # Groups of systemd, and single ones beside them; a call of these fails with EPERM.
  systemCalls = [
    "@clock"
    "@cpu-emulation"
    "@debug"
    "@keyring"
    "@module"
    "@obsolete"
    "@raw-io"
    "@swap"
    "acct"
    "bpf"
    "fanotify_init"
    "io_uring_enter"
    "io_uring_register"
    "io_uring_setup"
    "kexec_file_load"
    "kexec_load"
    "open_by_handle_at"
    "quotactl"
    "userfaultfd"
  ];

  addressFamilies = [
    "AF_INET"
    "AF_INET6"
    "AF_NETLINK"
    "AF_UNIX"
  ];
}
