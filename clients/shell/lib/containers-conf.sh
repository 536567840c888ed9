# shellcheck shell=bash
# Podman's configuration for machines whose limits or cgroups its defaults don't suit. To be sourced.

# containers_conf FILE [NETWORK-LINES [ENGINE-LINES]]: written for CONTAINERS_CONF.
containers_conf() {
  local file=$1 network=${2:-} engine=${3:-} nofile nproc pid_max
  # Without CAP_SYS_RESOURCE a limit above the hard one is refused, and podman's defaults are 1048576.
  nofile=$(ulimit -Hn)
  nproc=$(ulimit -Hu)
  pid_max=$(cat /proc/sys/kernel/pid_max)
  [ "$nofile" != unlimited ] || nofile=1048576
  if [ "$nproc" = unlimited ] || [ "$nproc" -gt "$pid_max" ]; then nproc=$pid_max; fi
  {
    printf '[containers]\ndefault_ulimits = ["nofile=%s:%s", "nproc=%s:%s"]\nlog_driver = "k8s-file"\n' \
      "$nofile" "$nofile" "$nproc" "$nproc"
    printf '[network]\nnetwork_backend = "netavark"\n%s\n' "$network"
    printf '[engine]\nevents_logger = "file"\n%s\n' "$engine"
    [ -d /run/systemd/system ] || printf 'cgroup_manager = "cgroupfs"\n'
    # crun 1.8 refuses cgroups v1 with a v2 hierarchy mounted beside them; runc takes every layout.
    printf 'runtime = "runc"\n'
  } >"$file"
}

# containers_conf_needed: whether podman's defaults fail here.
containers_conf_needed() {
  local nofile
  nofile=$(ulimit -Hn)
  [ ! -f /sys/fs/cgroup/cgroup.controllers ] || [ ! -d /run/systemd/system ] ||
    { [ "$nofile" != unlimited ] && [ "$nofile" -lt 1048576 ]; }
}
