# shellcheck shell=bash disable=SC2034,SC2086,SC2164
# lib.sh: sourced by up.sh and down.sh, which set B (get.sh's CACHE) and K (the cluster's state directory)
P=$K/pki NODE=${NODE:-ci-node} NIP=${NIP:-10.241.0.1} PORT=${PORT:-16443} ETCD=${ETCD:-12379} PODS=${PODS:-10.245.0.0/24} BR=${BR:-k8sci0}
SERVER=https://127.0.0.1:$PORT
export PATH=$B/bin:$B/root/usr/sbin:$B/root/usr/bin:$B/root/bin:$PATH
unset KUBECONFIG http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
KC="$B/bin/kubectl --kubeconfig=$K/kubeconfig"
CTR="ctr -a $K/run/containerd.sock -n k8s.io"
since() { awk '{sub(/.*\) /, ""); print $20}' "/proc/$1/stat" 2>/dev/null; }   # a process's start time: pid and start time name it for good
alive() { local p t; [ -s "$K/run/$1.pid" ] && read -r p t < "$K/run/$1.pid" && [ -n "$t" ] && [ "$(since "$p")" = "$t" ]; }
start() { local n=$1 p; shift; alive "$n" && return
  ( cd "$K/run"; exec setsid env -i HOME="$K/var" PATH="$PATH" "$@" > "$K/log/$n.log" 2>&1 < /dev/null ) & p=$!
  sleep 0.1; echo "$p $(since $p)" > "$K/run/$n.pid"; }
stop() { local p t i; alive "$1" && { read -r p t < "$K/run/$1.pid"; kill "$p"; for i in $(seq 100); do alive "$1" || break; sleep 0.1; done; alive "$1" && kill -KILL "$p"; }
  rm -f "$K/run/$1.pid"; }
waitfor() { local n=$1 s=$2 i; shift 2; for i in $(seq $((s*5))); do "$@" >/dev/null 2>&1 && return; alive "$n" || break; sleep 0.2; done
  echo "$n: not ready, see $K/log/$n.log" >&2; tail -n3 "$K/log/$n.log" >&2; return 1; }
