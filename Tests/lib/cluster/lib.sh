# shellcheck shell=bash
# To be sourced by up.sh and down.sh, which set cache (of get.sh) and state (the cluster's folder).
# shellcheck disable=SC2034,SC2154 # what is set here is used there, and the other way round

pki=$state/pki
NODE=${NODE:-ci-node} NIP=${NIP:-10.241.0.1} PORT=${PORT:-16443} ETCD=${ETCD:-12379}
PODS=${PODS:-10.245.0.0/24} BR=${BR:-k8sci0}
# A kubelet ends whatever runs below its root that it doesn't know: each cluster has a root of its own.
CGROUP=${CGROUP:-dh-cluster-$PORT}
server=https://127.0.0.1:$PORT
export PATH=$cache/bin:$cache/root/usr/sbin:$cache/root/usr/bin:$cache/root/bin:$PATH
unset KUBECONFIG http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY

as_admin() { "$cache/bin/kubectl" --kubeconfig="$state/kubeconfig" "$@"; }
in_containerd() { ctr -a "$state/run/containerd.sock" -n k8s.io "$@"; }

# started_at PID: a process's start time; pid and start time together name it for good.
started_at() { awk '{sub(/.*\) /, ""); print $20}' "/proc/$1/stat" 2>/dev/null; }

# alive NAME: whether the process that keep has started still runs.
alive() {
  local pid start
  [ -s "$state/run/$1.pid" ] && read -r pid start <"$state/run/$1.pid" && [ -n "$start" ] &&
    [ "$(started_at "$pid")" = "$start" ]
}

# keep NAME COMMAND...: starts it in a session of its own, unless it runs.
keep() {
  local name=$1 pid
  shift
  alive "$name" && return
  (cd "$state/run" && exec setsid env -i HOME="$state/var" PATH="$PATH" "$@" >"$state/log/$name.log" 2>&1 </dev/null) &
  pid=$!
  sleep 0.1
  echo "$pid $(started_at $pid)" >"$state/run/$name.pid"
}

# end NAME: SIGTERM, after ten seconds SIGKILL.
end() {
  local pid
  if alive "$1"; then
    read -r pid _ <"$state/run/$1.pid"
    kill "$pid"
    for _ in $(seq 100); do
      alive "$1" || break
      sleep 0.1
    done
    alive "$1" && kill -KILL "$pid"
  fi
  rm -f "$state/run/$1.pid"
}

# cgroup_folders: the cluster's root in every hierarchy, whether or not it is there.
cgroup_folders() {
  local hierarchy
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    echo "/sys/fs/cgroup/$CGROUP"
  else
    for hierarchy in /sys/fs/cgroup/*/; do echo "$hierarchy$CGROUP"; done
  fi
}

# ready NAME SECONDS COMMAND...: until the command succeeds; not beyond the process's own end.
ready() {
  local name=$1 seconds=$2
  shift 2
  for _ in $(seq $((seconds * 5))); do
    "$@" >/dev/null 2>&1 && return
    alive "$name" || break
    sleep 0.2
  done
  echo "$name is not ready; its log, $state/log/$name.log, ends so:" >&2
  tail -n 5 "$state/log/$name.log" >&2
  return 1
}
