# shellcheck shell=bash
# A private lab: a real Podman service, a real dockerd and a real registry in one folder, each with its own storage,
# socket and configuration. Nothing under /etc, nothing of the machine's own engines. To be sourced after
# clients/shell/lib/containers-conf.sh; runs as root.

# free_port: a TCP port of 127.0.0.1 that nobody listens on.
free_port() {
  /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -ge "$end" ]; then
      echo "$what did not come up." >&2
      return 1
    fi
    sleep 0.05
  done
}

# lab_keep DIR NAME COMMAND...: starts it in a session of its own and notes its pid.
lab_keep() {
  local dir=$1 name=$2
  shift 2
  # Inside the lab: Podman's monitor leaves a file "oom" where it stands.
  (cd "$dir" && exec setsid "$@" >"$dir/$name.log" 2>&1 </dev/null) &
  echo $! >"$dir/$name.pid"
}

lab_ping() { curl -sf --unix-socket "$1" http://engine/_ping; }

# lab_rootfs DIR: a root of busybox, its links, two users.
lab_rootfs() {
  local root=$1 applet
  mkdir -p "$root"/{bin,etc,tmp,proc,sys,dev,root,www}
  cp /bin/busybox "$root/bin/"
  for applet in $(/bin/busybox --list); do
    [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"
  done
  printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/tmp:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\napp:x:1000:\n' >"$root/etc/group"
  chmod 1777 "$root/tmp"
}

# lab_start DIR: all three, the test image in the registry and in both engines; exports what tests read.
lab_start() {
  local dir=$1 port auth_port image
  mkdir -p "$dir"/{networks,podman-tmp}
  containers_conf "$dir/containers.conf" \
    "$(printf 'network_config_dir = "%s/networks"\ndefault_subnet = "10.91.7.0/24"' "$dir")" \
    "$(printf 'tmp_dir = "%s/podman-tmp"\nlock_type = "file"' "$dir")"
  port=$(free_port)
  auth_port=$(free_port)
  echo 'unqualified-search-registries = []' >"$dir/registries.conf"
  printf '[[registry]]\nlocation = "127.0.0.1:%s"\ninsecure = true\n' "$port" "$auth_port" >>"$dir/registries.conf"
  printf '[storage]\ndriver = "overlay"\ngraphroot = "%s/graph"\nrunroot = "%s/run"\n' "$dir" "$dir" >"$dir/storage.conf"
  export CONTAINERS_CONF=$dir/containers.conf CONTAINERS_REGISTRIES_CONF=$dir/registries.conf
  export CONTAINERS_STORAGE_CONF=$dir/storage.conf
  unset DOCKER_HOST CONTAINER_HOST DOCKER_CONTEXT
  cat >"$dir/registry.yml" <<YML
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: $dir/registry}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$port"}
YML
  # Another one that wants to know who asks: user "lab", password "s3cret-of-the-lab", hashed by bcrypt.
  # shellcheck disable=SC2016 # no variables
  echo 'lab:$2b$05$abcdefghijklmnopqrstuu.FHsGI67e4M.3i1EwS16iJebjpzAusS' >"$dir/htpasswd"
  cat >"$dir/auth-registry.yml" <<YML
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: $dir/auth-registry}}
auth: {htpasswd: {realm: lab, path: $dir/htpasswd}}
http: {addr: "127.0.0.1:$auth_port"}
YML
  echo '{}' >"$dir/daemon.json"
  lab_keep "$dir" registry docker-registry serve "$dir/registry.yml"
  lab_keep "$dir" auth-registry docker-registry serve "$dir/auth-registry.yml"
  lab_keep "$dir" podman podman system service --time=0 "unix://$dir/podman.sock"
  # The tests need no packet filter of Docker's, and the machine's own one stays as it is.
  lab_keep "$dir" dockerd dockerd --config-file "$dir/daemon.json" --data-root "$dir/docker" --exec-root "$dir/exec" \
    --pidfile "$dir/dockerd-own.pid" --iptables=false --ip6tables=false --ip-masq=false --ip-forward=false \
    -H "unix://$dir/docker.sock"
  wait_for 30 "The registry" curl -sf "http://127.0.0.1:$port/v2/" || return 1
  wait_for 30 "The registry with users" curl -s "http://127.0.0.1:$auth_port/v2/" || return 1
  wait_for 30 "Podman's service" lab_ping "$dir/podman.sock" || { tail -5 "$dir/podman.log" >&2; return 1; }
  wait_for 60 "dockerd" lab_ping "$dir/docker.sock" || { tail -5 "$dir/dockerd.log" >&2; return 1; }
  image=127.0.0.1:$port/busybox:test
  lab_rootfs "$dir/rootfs"
  tar -C "$dir/rootfs" -cf "$dir/rootfs.tar" .
  podman import -q -c 'ENV PATH=/bin' -c 'CMD ["/bin/sh"]' "$dir/rootfs.tar" "$image" >/dev/null || return 1
  podman push -q "$image" || return 1
  curl -sf -X POST --unix-socket "$dir/docker.sock" \
    "http://engine/v1.41/images/create?fromImage=127.0.0.1:$port/busybox&tag=test" | grep -q 'Status:' || return 1
  export DH_TEST_PODMAN_HOST=unix://$dir/podman.sock DH_TEST_DOCKER_HOST=unix://$dir/docker.sock
  export DH_TEST_IMAGE=$image DH_TEST_REGISTRY=127.0.0.1:$port DH_TEST_AUTH_REGISTRY=127.0.0.1:$auth_port
}

# lab_kill DIR NAME: what lab_keep started, by its pid.
lab_kill() {
  local pid
  pid=$(cat "$1/$2.pid" 2>/dev/null) || return 0
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.05
  done
  kill -9 "$pid" 2>/dev/null
}

# lab_stop DIR: containers, daemons, mounts, folder: all that lab_start made.
lab_stop() {
  local dir=$1 mount ids
  [ -f "$dir/storage.conf" ] || { rm -rf "$dir"; return 0; }
  ids=$(curl -s --unix-socket "$dir/docker.sock" 'http://engine/v1.41/containers/json?all=true' 2>/dev/null |
    grep -o '"Id":"[0-9a-f]*"' | cut -d'"' -f4)
  for id in $ids; do
    curl -s -X DELETE --unix-socket "$dir/docker.sock" "http://engine/v1.41/containers/$id?force=true" >/dev/null
  done
  (
    export CONTAINERS_CONF=$dir/containers.conf CONTAINERS_STORAGE_CONF=$dir/storage.conf
    unset DOCKER_HOST CONTAINER_HOST
    podman rm -fa -t 0
  ) >/dev/null 2>&1
  lab_kill "$dir" podman
  lab_kill "$dir" dockerd
  lab_kill "$dir" registry
  lab_kill "$dir" auth-registry
  # Deepest first; grep fails where nothing is mounted.
  while read -r mount; do umount -l "$mount"; done < <(cut -d' ' -f2 /proc/mounts | grep "^$dir/" | sort -r)
  rm -rf "$dir" || { sleep 1; rm -rf "$dir"; }
}
