#!/bin/bash
# shellcheck disable=SC1007,SC1091,SC2034,SC2086,SC2153
# down.sh CACHE STATE [--wipe] : stops what up.sh started (idempotent); --wipe also removes STATE.
set -uo pipefail
HERE=$(cd "$(dirname "$0")" && pwd); B=$(cd "$1" && pwd); K=$(cd "$2" 2>/dev/null && pwd) || exit 0
. "$HERE/lib.sh"
stop kubelet
if alive containerd; then
  ns=$(for c in $($CTR containers ls -q); do $CTR containers info "$c" | grep -o '/var/run/netns/cni-[0-9a-f-]*'; done | sort -u)
  for c in $($CTR tasks ls -q); do $CTR tasks rm -f "$c"; $CTR containers rm "$c"; done >/dev/null 2>&1
  for n in $ns; do umount -l "$n"; rm -f "$n"; done 2>/dev/null
  for c in $($CTR containers ls -q); do $CTR containers rm "$c"; done >/dev/null 2>&1
fi
for n in containerd sched kcm apiserver etcd; do stop $n; done
awk -v k="$K/" 'index($2, k) == 1 {print $2}' /proc/mounts | sort -r | while read -r m; do umount -l "$m"; done
rm -rf "$K/var/cni"; ip link del "$BR" 2>/dev/null; ip addr del "$NIP/32" dev lo 2>/dev/null
find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null
[ "${3-}" = --wipe ] || exit 0
[ ! -e "$K/podlogs.ours" ] || rm -rf /var/log/pods /var/log/containers
grep -q " $K/" /proc/mounts || rm -rf "$K"
