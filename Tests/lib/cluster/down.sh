#!/usr/bin/env bash
# down.sh CACHE STATE [--wipe]: stops what up.sh started (idempotent); --wipe removes STATE too.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$1" && pwd) || exit 2
state=$(cd "$2" 2>/dev/null && pwd) || exit 0
# shellcheck source=Tests/lib/cluster/lib.sh
. "$here/lib.sh"

remove_containers() {
  local container namespace namespaces
  namespaces=$(for container in $(in_containerd containers ls -q); do
    in_containerd containers info "$container" | grep -o '/var/run/netns/cni-[0-9a-f-]*'
  done | sort -u)
  for container in $(in_containerd tasks ls -q); do in_containerd tasks rm -f "$container"; done
  for namespace in $namespaces; do
    umount -l "$namespace"
    rm -f "$namespace"
  done
  for container in $(in_containerd containers ls -q); do in_containerd containers rm "$container"; done
}

end kubelet
if alive containerd; then remove_containers >/dev/null 2>&1; fi
for name in containerd scheduler controllers apiserver etcd; do end "$name"; done
# Deepest first.
awk -v state="$state/" 'index($2, state) == 1 {print $2}' /proc/mounts | sort -r |
  while read -r mount; do umount -l "$mount"; done
rm -rf "$state/var/cni"
ip link del "$BR" 2>/dev/null
ip addr del "$NIP/32" dev lo 2>/dev/null
while read -r folder; do
  find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null
done < <(cgroup_folders)
[ "${3-}" = --wipe ] || exit 0
[ ! -e "$state/podlogs.ours" ] || rm -rf /var/log/pods /var/log/containers
grep -q " $state/" /proc/mounts || rm -rf "$state"
