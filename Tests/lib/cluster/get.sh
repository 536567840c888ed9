#!/bin/bash
# shellcheck disable=SC1007,SC1091,SC2034,SC2086,SC2153
# get.sh CACHE [COMPONENT...] : a real Kubernetes 1.20.2 from the Debian archive alone, in CACHE/bin (idempotent).
# bookworm's "kubernetes" source package is the last one with the server in it (its binary package, and the newer
# sources, have only kubectl), so the server is built here, with bookworm's golang-1.19; all else is taken as packaged.
# COMPONENT: kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy (default: all but kube-proxy).
# KEEP=1 keeps the sources, the toolchain and go's cache in CACHE. Needs: apt, dpkg, tar; about 3 GB of disk for a while.
set -euo pipefail; X=
mkdir -p "$1"; C=$(cd "$1" && pwd); shift
WHAT=${*:-kube-apiserver kube-controller-manager kube-scheduler kubelet}
KV=1.20.5+really1.20.2-1.1+deb12u1 V=v1.20.2
DEBS="etcd-server kubernetes-client"; case " $WHAT " in *" kubelet "*) DEBS+=" containerd runc containernetworking-plugins busybox-static";; esac
todo=; for b in $WHAT; do [ -x "$C/bin/$b" ] || todo+=" ./cmd/$b"; done
for d in $DEBS; do [ -e "$C/deb/$d" ] || { need=1; break; }; done
[ -n "$todo${need-}" ] || { echo "all in $C/bin"; exit 0; }

mkdir -p "$C"/{bin,deb,root} "$C"/apt/{lists,cache/archives}/partial
MIRROR=${MIRROR:-$(awk '/^URIs:/ && /debian\/?$/ {print $2; exit} /^deb / && / bookworm main/ {for (i=2;i<=NF;i++) if ($i ~ /:\/\//) {print $i; exit}}' /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null)}
: "${MIRROR:?no Debian mirror in the apt sources; set MIRROR}"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $MIRROR bookworm main" > "$C/apt/sources.list"
sed 's/^deb /deb-src /' "$C/apt/sources.list" > "$C/apt/src"; cat "$C/apt/src" >> "$C/apt/sources.list"
apt() { command apt-get -q -y -o Dir::Etc::sourcelist="$C/apt/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::Lists="$C/apt/lists" \
  -o Dir::Cache="$C/apt/cache" -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Sandbox::User=root "$@"; }
apt update
cd "$C/deb"
for d in $DEBS; do [ -e "$d" ] || { apt download "$d"; dpkg -x "${d}"_*.deb "$C/root"; rm "${d}"_*.deb; touch "$d"; }; done
for b in usr/bin/etcd usr/bin/kubectl; do ln -sf "../root/$b" "$C/bin/"; done

if [ -n "$todo" ]; then
  W=$C/work; S=$W/gopath/src/k8s.io/kubernetes
  mkdir -p "$W"/{dl,tool,tmp}
  [ -n "${GOROOT-}" ] && ln -sfn "$GOROOT" "$W/go"                   # another go of 1.19 to 1.21 will do
  [ -e "$W/go" ] || { cd "$W/dl"; apt download golang-1.19-go golang-1.19-src
    for f in golang*.deb; do dpkg -x "$f" "$W/tool"; rm "$f"; done; ln -s tool/usr/lib/go-1.19 "$W/go"; }
  [ -e "$S/.ok" ] || { cd "$W/dl"; apt source --download-only "kubernetes=$KV"; mkdir -p "$S"
    tar xzf kubernetes_*.orig.tar.gz -C "$S" --strip-components=1 --exclude='kubernetes-*/test/e2e*' --exclude='*/CHANGELOG' --exclude='*_test.go'; rm kubernetes_*; touch "$S/.ok"; }
  R=$S/vendor/github.com/modern-go/reflect2    # 1.0.1 here crashes the apiserver on the first JSON map when built by go >= 1.18; bookworm has 1.0.2
  [ -e "$R/go_above_118.go" ] || { cd "$W/dl"; apt download golang-github-modern-go-reflect2-dev; dpkg -x golang-github-modern-go-reflect2-dev_*.deb "$W/tool"
    rm -r "$R" ./*.deb; cp -r "$W/tool/usr/share/gocode/src/github.com/modern-go/reflect2" "$R"; }
  cd "$S"
  export GOROOT=$W/go GOPATH=$W/gopath GOCACHE=$W/cache GOTMPDIR=$W/tmp GO111MODULE=off CGO_ENABLED=0 GOFLAGS= PATH=$W/go/bin:$PATH
  if [ ! -e pkg/generated/openapi/zz_generated.openapi.go ]; then   # the one generated file upstream's tarball has not got
    go build -o "$W/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
    in=$(grep -rlE --include='*.go' '^// *\+k8s:openapi-gen=' pkg cmd plugin vendor/k8s.io/*/ | grep -vE '/code-generator/|/sample-|zz_generated' | xargs -n1 dirname | sort -u | sed 's|^|k8s.io/kubernetes/|' | paste -sd,)
    "$W/openapi-gen" --logtostderr -i "$in" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi -h hack/boilerplate/boilerplate.generatego.txt -r "$W/openapi.report"
    diff "$W/openapi.report" api/api-rules/violation_exceptions.list
  fi
  for p in client-go/pkg component-base; do for x in gitVersion=$V gitMajor=1 gitMinor=20; do X+=" -X k8s.io/kubernetes/vendor/k8s.io/$p/version.$x"; done; done
  # providerless, dockerless: upstream's own tags; no AWS, Azure, GCE, vSphere code and no dockershim
  go build -tags 'providerless dockerless' -ldflags "-s -w$X" -o "$C/bin/" $todo
  [ -n "${KEEP-}" ] || rm -rf "$W" "$C/apt"
fi
ls -lL "$C/bin"
