#!/usr/bin/env bash
# get.sh CACHE [COMPONENT...]: a real Kubernetes 1.20.2 from the Debian archive alone, in CACHE/bin (idempotent).
# Debian 12's "kubernetes" source package is the last one with the server in it (its binary package, and newer sources,
# have only kubectl), so the server is built here, with the same release's golang-1.19; all else is taken as packaged.
# COMPONENT: kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy (default: all but kube-proxy).
# KEEP=1 keeps the sources, the toolchain and go's cache in CACHE. Needs apt, dpkg, tar.
set -euo pipefail
mkdir -p "$1"
cache=$(cd "$1" && pwd)
shift
components=("$@")
[ ${#components[@]} -gt 0 ] || components=(kube-apiserver kube-controller-manager kube-scheduler kubelet)
source_version=1.20.5+really1.20.2-1.1+deb12u1
version=v1.20.2

# One builder at a time: test runs share the folder.
exec 9>"$cache/.lock"
flock 9

debs=(etcd-server kubernetes-client)
case " ${components[*]} " in
  *" kubelet "*) debs+=(containerd runc containernetworking-plugins busybox-static) ;;
esac
missing=()
for component in "${components[@]}"; do
  [ -x "$cache/bin/$component" ] || missing+=("./cmd/$component")
done
complete=yes
for deb in "${debs[@]}"; do [ -e "$cache/deb/$deb" ] || complete=; done
if [ ${#missing[@]} = 0 ] && [ -n "$complete" ]; then exit 0; fi

mkdir -p "$cache"/{bin,deb,root} "$cache"/apt/{lists,cache/archives}/partial

debian_mirror() {
  awk '/^URIs:/ && /debian\/?$/ {print $2; exit}
    /^deb / && / bookworm main/ {for (i = 2; i <= NF; i++) if ($i ~ /:\/\//) {print $i; exit}}' \
    /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null || true
}
mirror=${MIRROR:-$(debian_mirror)}
: "${mirror:?no Debian mirror in the sources of apt; set MIRROR}"
for kind in deb deb-src; do
  echo "$kind [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main"
done >"$cache/apt/sources.list"

# own_apt ARGUMENT...: apt-get with lists and downloads of its own; the machine's stay as they are.
own_apt() {
  apt-get -q -y -o Dir::Etc::sourcelist="$cache/apt/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::State::Lists="$cache/apt/lists" -o Dir::Cache="$cache/apt/cache" -o Acquire::Languages=none \
    -o Acquire::Retries=3 -o APT::Sandbox::User=root "$@"
}

# unpack FOLDER PACKAGE...: downloads and unpacks, installs nothing.
unpack() {
  local folder=$1 package
  shift
  for package in "$@"; do
    own_apt download "$package"
    dpkg -x "${package}"_*.deb "$folder"
    rm "${package}"_*.deb
  done
}

own_apt update
cd "$cache/deb"
for deb in "${debs[@]}"; do
  [ -e "$deb" ] || { unpack "$cache/root" "$deb" && touch "$deb"; }
done
for program in etcd kubectl; do ln -sf "../root/usr/bin/$program" "$cache/bin/"; done
[ ${#missing[@]} -gt 0 ] || exit 0

work=$cache/work
tree=$work/gopath/src/k8s.io/kubernetes
mkdir -p "$work"/{downloads,tool,tmp}
cd "$work/downloads"
[ -z "${GOROOT-}" ] || ln -sfn "$GOROOT" "$work/go" # another go of 1.19 to 1.21 will do
if [ ! -e "$work/go" ]; then
  unpack "$work/tool" golang-1.19-go golang-1.19-src
  ln -s tool/usr/lib/go-1.19 "$work/go"
fi
if [ ! -e "$tree/.complete" ]; then
  own_apt source --download-only "kubernetes=$source_version"
  mkdir -p "$tree"
  tar xzf kubernetes_*.orig.tar.gz -C "$tree" --strip-components=1 --exclude='kubernetes-*/test/e2e*' \
    --exclude='*/CHANGELOG' --exclude='*_test.go'
  rm kubernetes_*
  touch "$tree/.complete"
fi
# The one in the tarball, 1.0.1, crashes the API server on the first JSON map when built by go 1.18 or later.
reflect2=$tree/vendor/github.com/modern-go/reflect2
if [ ! -e "$reflect2/go_above_118.go" ]; then
  unpack "$work/tool" golang-github-modern-go-reflect2-dev
  rm -r "$reflect2"
  cp -r "$work/tool/usr/share/gocode/src/github.com/modern-go/reflect2" "$reflect2"
fi

cd "$tree"
export GOROOT=$work/go GOPATH=$work/gopath GOCACHE=$work/cache GOTMPDIR=$work/tmp GO111MODULE=off CGO_ENABLED=0 GOFLAGS=
export PATH=$work/go/bin:$PATH

# openapi_packages: the import paths that ask for a schema, with commas between.
openapi_packages() {
  grep -rlE --include='*.go' '^// *\+k8s:openapi-gen=' pkg cmd plugin vendor/k8s.io/*/ |
    grep -vE '/code-generator/|/sample-|zz_generated' | xargs -n1 dirname | sort -u | sed 's|^|k8s.io/kubernetes/|' |
    paste -sd,
}
if [ ! -e pkg/generated/openapi/zz_generated.openapi.go ]; then # the one generated file that the tarball lacks
  go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  "$work/openapi-gen" --logtostderr -i "$(openapi_packages)" -p k8s.io/kubernetes/pkg/generated/openapi \
    -O zz_generated.openapi -h hack/boilerplate/boilerplate.generatego.txt -r "$work/openapi.report"
  diff "$work/openapi.report" api/api-rules/violation_exceptions.list
fi
stamps=
for package in client-go/pkg component-base; do
  for stamp in "gitVersion=$version" gitMajor=1 gitMinor=20; do
    stamps+=" -X k8s.io/kubernetes/vendor/k8s.io/$package/version.$stamp"
  done
done
# The tags are upstream's own: without the code of the clouds and of dockershim.
go build -tags 'providerless dockerless' -ldflags "-s -w$stamps" -o "$cache/bin/" "${missing[@]}"
[ -n "${KEEP-}" ] || { chmod -R u+w "$work" && rm -rf "$work" "$cache/apt"; }
