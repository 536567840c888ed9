#!/usr/bin/env bash
# up.sh CACHE STATE [api|control|node]: starts a cluster from CACHE (of get.sh); all it writes is in STATE (idempotent).
#   api: etcd, API server.  control: controllers and scheduler too.  node (the default): containerd and kubelet too.
# STATE/kubeconfig has a client certificate, STATE/kubeconfig-token a bearer token (also in STATE/token); both may all.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$1" && pwd)
mkdir -p "$2"
state=$(cd "$2" && pwd)
mode=${3:-node}
# shellcheck source=Tests/lib/cluster/lib.sh
. "$here/lib.sh"
umask 077
mkdir -p "$pki" "$state"/{run,log,var,etc/cni}
cd "$pki"

# new_key NAME SUBJECT: a key and a request for its certificate.
new_key() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2>/dev/null
}

# certificate NAME SUBJECT ALTERNATIVE_NAMES: signed by the cluster's authority.
certificate() {
  [ ! -f "$1.crt" ] || return 0
  new_key "$1" "$2"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -out "$1.crt" -extfile <(
    printf '%s\n' basicConstraints=CA:FALSE keyUsage=digitalSignature extendedKeyUsage=serverAuth,clientAuth \
      subjectKeyIdentifier=hash authorityKeyIdentifier=keyid "subjectAltName=$3"
  ) 2>/dev/null
}

# kubeconfig FILE USER CREDENTIALS
kubeconfig() {
  cat >"$1" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: ci, cluster: {server: "$server", certificate-authority-data: $(base64 -w0 ca.crt)}}]
users: [{name: $2, user: {$3}}]
contexts: [{name: ci, context: {cluster: ci, user: $2}}]
current-context: ci
YAML
}

if [ ! -f ca.crt ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -subj /CN=ci-ca \
    -days 3650 -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
fi
if [ ! -f sa.pub ]; then
  openssl genrsa -out sa.key 2048 2>/dev/null
  openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
fi
[ -f "$state/token" ] || openssl rand -hex 20 | tr -d '\n' >"$state/token"
echo "$(cat "$state/token"),ci-token,ci-token,system:masters" >tokens.csv
certificate apiserver /CN=kube-apiserver "IP:127.0.0.1,IP:$NIP,IP:10.97.0.1,DNS:localhost,DNS:kubernetes,\
DNS:kubernetes.default,DNS:kubernetes.default.svc"
for user in admin:/O=system:masters/CN=ci-admin controllers:/CN=system:kube-controller-manager \
  scheduler:/CN=system:kube-scheduler "kubelet:/O=system:nodes/CN=system:node:$NODE"; do
  name=${user%%:*}
  certificate "$name" "${user#*:}" "IP:$NIP,IP:127.0.0.1"
  kubeconfig "$name.kubeconfig" "$name" \
    "client-certificate-data: $(base64 -w0 "$name.crt"), client-key-data: $(base64 -w0 "$name.key")"
done
cp admin.kubeconfig "$state/kubeconfig"
kubeconfig "$state/kubeconfig-token" ci-token "token: $(cat "$state/token")"

peer=http://127.0.0.1:$((ETCD + 1))
keep etcd etcd --data-dir "$state/var/etcd" --listen-client-urls "http://127.0.0.1:$ETCD" \
  --advertise-client-urls "http://127.0.0.1:$ETCD" --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" \
  --initial-cluster "default=$peer" --log-level warn
keep apiserver kube-apiserver --etcd-servers="http://127.0.0.1:$ETCD" --bind-address=127.0.0.1 --secure-port="$PORT" \
  --advertise-address="$NIP" --cert-dir="$state/var/apiserver" --tls-cert-file="$pki/apiserver.crt" \
  --tls-private-key-file="$pki/apiserver.key" --client-ca-file="$pki/ca.crt" --token-auth-file="$pki/tokens.csv" \
  --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --service-cluster-ip-range=10.97.0.0/16 \
  --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$pki/sa.pub" \
  --service-account-signing-key-file="$pki/sa.key" --kubelet-client-certificate="$pki/admin.crt" \
  --kubelet-client-key="$pki/admin.key" --kubelet-preferred-address-types=InternalIP --allow-privileged \
  --profiling=false
ready apiserver 90 as_admin get --raw=/readyz
[ "$mode" != api ] || exit 0

keep controllers kube-controller-manager --kubeconfig="$pki/controllers.kubeconfig" \
  --authentication-kubeconfig="$pki/controllers.kubeconfig" --authorization-kubeconfig="$pki/controllers.kubeconfig" \
  --bind-address=127.0.0.1 --secure-port=$((PORT + 1)) --port=0 --cert-dir="$state/var/controllers" \
  --leader-elect=false --root-ca-file="$pki/ca.crt" --cluster-signing-cert-file="$pki/ca.crt" \
  --cluster-signing-key-file="$pki/ca.key" --service-account-private-key-file="$pki/sa.key" \
  --use-service-account-credentials --node-monitor-grace-period=20s
keep scheduler kube-scheduler --kubeconfig="$pki/scheduler.kubeconfig" \
  --authentication-kubeconfig="$pki/scheduler.kubeconfig" --authorization-kubeconfig="$pki/scheduler.kubeconfig" \
  --bind-address=127.0.0.1 --secure-port=$((PORT + 2)) --port=0 --cert-dir="$state/var/scheduler" --leader-elect=false
has_account() { as_admin -n default get serviceaccount default -o 'jsonpath={.secrets[0].name}' | grep -q .; }
ready controllers 60 has_account
[ "$mode" != control ] || exit 0

# /var/log/pods and /var/lib/kubelet/device-plugins are built into a kubelet, which removes what it doesn't know there.
if ! alive kubelet; then
  for pid in $(pgrep -x kubelet || true); do
    if [ "$(readlink "/proc/$pid/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ]; then
      echo "Another kubelet runs here, process $pid: the two would remove each other's logs. Stop it, start with" \
        "\"control\", or start in a mount namespace with a /var/log/pods and a /var/lib/kubelet of its own." >&2
      exit 1
    fi
  done
fi
while read -r folder; do mkdir -p "$folder"; done < <(cgroup_folders)

# A node's address that is ours alone and never leaves the machine.
ip addr show dev lo | grep -q " $NIP/32 " || ip addr add "$NIP/32" dev lo
cat >"$state/etc/cni/10-ci.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "ci", "plugins": [{"type": "bridge", "bridge": "$BR", "isGateway": true,
  "hairpinMode": true, "ipam": {"type": "host-local", "dataDir": "$state/var/cni",
  "ranges": [[{"subnet": "$PODS"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
JSON
cat >"$state/etc/containerd.toml" <<TOML
version = 2
root = "$state/var/containerd"
state = "$state/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "$state/run/containerd.sock"
[ttrpc]
  address = "$state/run/containerd.sock.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "$state/var/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$cache/root/usr/lib/cni"
    conf_dir = "$state/etc/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "$cache/root/usr/sbin/runc"
TOML
cat >"$state/etc/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $NIP
port: $((PORT + 3))
healthzPort: 0
readOnlyPort: 0
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $pki/kubelet.crt
tlsPrivateKeyFile: $pki/kubelet.key
cgroupDriver: cgroupfs
cgroupRoot: /$CGROUP
failSwapOn: false
makeIPTablesUtilChains: false
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100
oomScoreAdj: 0
nodeStatusUpdateFrequency: 5s
YAML

keep containerd containerd --config "$state/etc/containerd.toml"
ready containerd 30 in_containerd images ls
if [ ! -f "$state/var/images.ok" ]; then
  python3 "$here/mkimage.py" "$cache/root/bin/busybox" "$state/var/images.tar"
  in_containerd images import "$state/var/images.tar" >/dev/null
  touch "$state/var/images.ok"
fi
ready containerd 30 grep -q 'Start streaming server' "$state/log/containerd.log"
# A path that this kubelet has built in: down.sh removes it where it is ours.
[ -e /var/log/pods ] || touch "$state/podlogs.ours"
keep kubelet env AWS_EC2_METADATA_DISABLED=true kubelet --config="$state/etc/kubelet.yaml" \
  --kubeconfig="$pki/kubelet.kubeconfig" --root-dir="$state/var/kubelet" --cert-dir="$state/var/kubelet-pki" \
  --hostname-override="$NODE" --node-ip="$NIP" --container-runtime=remote \
  --container-runtime-endpoint="unix://$state/run/containerd.sock" --volume-plugin-dir="$state/var/volumeplugins"
node_ready() {
  as_admin get node "$NODE" -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}' | grep -q True
}
ready kubelet 60 node_ready
