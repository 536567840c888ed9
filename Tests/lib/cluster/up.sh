#!/bin/bash
# shellcheck disable=SC1007,SC1091,SC2034,SC2086,SC2153
# up.sh CACHE STATE [api|control|node] : starts a cluster from CACHE (see get.sh), keeping all it writes in STATE (idempotent).
#   api: etcd, kube-apiserver.  control: and kube-controller-manager, kube-scheduler.  node (default): and containerd, kubelet.
# STATE/kubeconfig has a client certificate, STATE/kubeconfig-token a bearer token (also in STATE/token); both system:masters.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd); B=$(cd "$1" && pwd); mkdir -p "$2"; K=$(cd "$2" && pwd); MODE=${3:-node}
. "$HERE/lib.sh"
umask 077; mkdir -p "$P" "$K"/{run,log,var,etc/cni}; cd "$P"
[ -f ca.crt ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -subj /CN=ci-ca -days 3650 -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
[ -f sa.pub ] || { openssl genrsa -out sa.key 2048 2>/dev/null; openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null; }
[ -f "$K/token" ] || openssl rand -hex 20 | tr -d '\n' > "$K/token"
echo "$(cat "$K/token"),ci-token,ci-token,system:masters" > tokens.csv
crt() { [ -f "$1.crt" ] || { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2>/dev/null   # name subject [san]
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -out "$1.crt" 2>/dev/null \
    -extfile <(printf '%s\n' basicConstraints=CA:FALSE keyUsage=digitalSignature extendedKeyUsage=serverAuth,clientAuth subjectKeyIdentifier=hash authorityKeyIdentifier=keyid; [ -z "${3-}" ] || echo "subjectAltName=$3"); }; }
kc() { cat > "$1" <<Y
apiVersion: v1
kind: Config
clusters: [{name: ci, cluster: {server: "$SERVER", certificate-authority-data: $(base64 -w0 ca.crt)}}]
users: [{name: $2, user: {$3}}]
contexts: [{name: ci, context: {cluster: ci, user: $2}}]
current-context: ci
Y
}
crt apiserver /CN=kube-apiserver "IP:127.0.0.1,IP:$NIP,IP:10.97.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
for u in admin:/O=system:masters/CN=ci-admin kcm:/CN=system:kube-controller-manager sched:/CN=system:kube-scheduler kubelet:/O=system:nodes/CN=system:node:$NODE; do
  n=${u%%:*}; crt "$n" "${u#*:}" "IP:$NIP,IP:127.0.0.1"
  kc "$n.kc" "$n" "client-certificate-data: $(base64 -w0 "$n.crt"), client-key-data: $(base64 -w0 "$n.key")"
done
cp admin.kc "$K/kubeconfig"; kc "$K/kubeconfig-token" ci-token "token: $(cat "$K/token")"

start etcd etcd --data-dir "$K/var/etcd" --listen-client-urls "http://127.0.0.1:$ETCD" --advertise-client-urls "http://127.0.0.1:$ETCD" \
  --listen-peer-urls "http://127.0.0.1:$((ETCD+1))" --initial-advertise-peer-urls "http://127.0.0.1:$((ETCD+1))" --initial-cluster "default=http://127.0.0.1:$((ETCD+1))" --log-level warn
start apiserver kube-apiserver --etcd-servers="http://127.0.0.1:$ETCD" --bind-address=127.0.0.1 --secure-port="$PORT" --advertise-address="$NIP" --cert-dir="$K/var/apiserver" \
  --tls-cert-file="$P/apiserver.crt" --tls-private-key-file="$P/apiserver.key" --client-ca-file="$P/ca.crt" --token-auth-file="$P/tokens.csv" --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
  --service-cluster-ip-range=10.97.0.0/16 --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$P/sa.pub" --service-account-signing-key-file="$P/sa.key" \
  --kubelet-client-certificate="$P/admin.crt" --kubelet-client-key="$P/admin.key" --kubelet-preferred-address-types=InternalIP --allow-privileged --profiling=false
waitfor apiserver 90 $KC get --raw=/readyz
[ "$MODE" = api ] && exit
start kcm kube-controller-manager --kubeconfig="$P/kcm.kc" --authentication-kubeconfig="$P/kcm.kc" --authorization-kubeconfig="$P/kcm.kc" --bind-address=127.0.0.1 --secure-port=$((PORT+1)) --port=0 \
  --cert-dir="$K/var/kcm" --leader-elect=false --root-ca-file="$P/ca.crt" --cluster-signing-cert-file="$P/ca.crt" --cluster-signing-key-file="$P/ca.key" \
  --service-account-private-key-file="$P/sa.key" --use-service-account-credentials --node-monitor-grace-period=20s
start sched kube-scheduler --kubeconfig="$P/sched.kc" --authentication-kubeconfig="$P/sched.kc" --authorization-kubeconfig="$P/sched.kc" --bind-address=127.0.0.1 --secure-port=$((PORT+2)) --port=0 \
  --cert-dir="$K/var/sched" --leader-elect=false
waitfor kcm 60 $KC -n default get serviceaccount default -o 'jsonpath={.secrets[0].name}'
[ "$MODE" = control ] && exit

ip addr show dev lo | grep -q " $NIP/32 " || ip addr add "$NIP/32" dev lo     # a node address that is ours alone and never leaves the machine
cat > "$K/etc/cni/10-ci.conflist" <<Y
{"cniVersion": "0.4.0", "name": "ci", "plugins": [{"type": "bridge", "bridge": "$BR", "isGateway": true, "hairpinMode": true,
  "ipam": {"type": "host-local", "dataDir": "$K/var/cni", "ranges": [[{"subnet": "$PODS"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
Y
cat > "$K/etc/containerd.toml" <<Y
version = 2
root = "$K/var/containerd"
state = "$K/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "$K/run/containerd.sock"
[ttrpc]
  address = "$K/run/containerd.sock.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "$K/var/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$B/root/usr/lib/cni"
    conf_dir = "$K/etc/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "$B/root/usr/sbin/runc"
Y
cat > "$K/etc/kubelet.yaml" <<Y
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $NIP
port: $((PORT+3))
healthzPort: 0
readOnlyPort: 0
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $P/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $P/kubelet.crt
tlsPrivateKeyFile: $P/kubelet.key
cgroupDriver: cgroupfs
failSwapOn: false
makeIPTablesUtilChains: false
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100
oomScoreAdj: 0
nodeStatusUpdateFrequency: 5s
Y
start containerd containerd --config "$K/etc/containerd.toml"
waitfor containerd 30 $CTR images ls
[ -f "$K/var/images.ok" ] || { python3 "$HERE/mkimage.py" "$B/root/bin/busybox" "$K/var/images.tar"; $CTR images import "$K/var/images.tar" >/dev/null; touch "$K/var/images.ok"; }
waitfor containerd 30 grep -q 'Start streaming server' "$K/log/containerd.log"
[ -e /var/log/pods ] || touch "$K/podlogs.ours"                              # a path that this kubelet has built in
start kubelet env AWS_EC2_METADATA_DISABLED=true kubelet --config="$K/etc/kubelet.yaml" --kubeconfig="$P/kubelet.kc" --root-dir="$K/var/kubelet" --cert-dir="$K/var/kubelet-pki" --hostname-override="$NODE" --node-ip="$NIP" \
  --container-runtime=remote --container-runtime-endpoint="unix://$K/run/containerd.sock" --volume-plugin-dir="$K/var/volumeplugins"
waitfor kubelet 60 sh -c "$KC get node $NODE -o jsonpath='{.status.conditions[?(@.type==\"Ready\")].status}' | grep -q True"
