# Sourced by hack/cluster: builds the cluster's programs once, into a cache outside the checkout.
DEFAULT_KUBERNETES=1.36
ETCD_VERSION=3.7.3
CONTAINERD_VERSION=2.4.2
CRANE_VERSION=0.22.0
RUNC_VERSION=1.4.0
TRIVY_VERSION=0.70.0
TRIVY_BIN="$VIGIL_CACHE/bin/trivy-$TRIVY_VERSION"

# kubernetes_minors: prints the minor versions that can be built, oldest first. Each has a module whose go.mod has the patch version.
kubernetes_minors() { local folder; for folder in "$VIGIL_ROOT"/hack/cluster.d/modules/kubernetes-*; do printf '%s\n' "${folder##*-}"; done | sort -V; }

# use_kubernetes VERSION: selects a Kubernetes version, such as 1.37 or v1.37.2. Sets KUBERNETES_MINOR, KUBERNETES_VERSION and BIN.
use_kubernetes() {
  local wanted="${1#v}" known
  KUBERNETES_MINOR="$(cut -d. -f1,2 <<<"$wanted")"
  KUBERNETES_VERSION="$(sed -n 's/^require k8s.io\/kubernetes v//p' "$VIGIL_ROOT/hack/cluster.d/modules/kubernetes-$KUBERNETES_MINOR/go.mod" 2>/dev/null)"
  if [ -z "$KUBERNETES_VERSION" ] || { [ "$wanted" != "$KUBERNETES_MINOR" ] && [ "$wanted" != "$KUBERNETES_VERSION" ]; }; then
    known="$(kubernetes_minors | tr '\n' ' ')"
    printf 'hack/cluster: unknown Kubernetes version %s: use one of %s\n' "$1" "${known% }" >&2
    exit 2
  fi
  OTHERS="e$ETCD_VERSION-c$CONTAINERD_VERSION-r$RUNC_VERSION-g$CRANE_VERSION"
  BIN="$VIGIL_CACHE/bin/k$KUBERNETES_VERSION-$OTHERS"
}

# program<TAB>module folder<TAB>package<TAB>tags: what the control plane needs comes first.
PROGRAMS='kube-apiserver kubernetes k8s.io/kubernetes/cmd/kube-apiserver -
etcd etcd go.etcd.io/etcd/server/v3 -
kube-controller-manager kubernetes k8s.io/kubernetes/cmd/kube-controller-manager -
kubectl kubernetes k8s.io/kubernetes/cmd/kubectl -
kube-scheduler kubernetes k8s.io/kubernetes/cmd/kube-scheduler -
kubelet kubernetes k8s.io/kubernetes/cmd/kubelet -
kube-proxy kubernetes k8s.io/kubernetes/cmd/kube-proxy -
containerd containerd github.com/containerd/containerd/v2/cmd/containerd no_btrfs,no_zfs,no_aufs,no_devmapper
containerd-shim-runc-v2 containerd github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2 no_btrfs,no_zfs,no_aufs,no_devmapper
ctr containerd github.com/containerd/containerd/v2/cmd/ctr no_btrfs,no_zfs,no_aufs,no_devmapper
crane crane github.com/google/go-containerregistry/cmd/crane -
runc runc github.com/opencontainers/runc seccomp'
CONTROL_PLANE_PROGRAMS=' kube-apiserver etcd kube-controller-manager kubectl '

# install_packages PACKAGE...: installs missing Debian packages with apt, if possible.
install_packages() {
  local missing=()
  for package in "$@"; do dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package"); done
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    printf 'hack/cluster: missing packages: install them with: apt-get install %s\n' "${missing[*]}" >&2
    exit 2
  fi
  say "installing ${missing[*]}"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}"; } >"$VIGIL_CACHE/apt.log" 2>&1 || { tail -5 "$VIGIL_CACHE/apt.log" >&2; exit 2; }
}

# link_program NAME: links a program that does not depend on the Kubernetes version from the folder of another version.
link_program() {
  local other
  for other in "$VIGIL_CACHE"/bin/k*-"$OTHERS/$1"; do [ ! -x "$other" ] || { ln -f "$other" "$BIN/$1" && return 0; }; done
  return 1
}

# build_program NAME MODULE PACKAGE TAGS: builds one program under a temporary name, so that an interrupted build leaves no incomplete program.
build_program() {
  local name="$1" module="$2" package="$3" tags="$4" cgo=0 flags='-s -w' started=$SECONDS
  [ ! -x "$BIN/$name" ] || return 0
  if [ "$module" = kubernetes ]; then
    module="kubernetes-$KUBERNETES_MINOR"
    flags="$flags -X k8s.io/component-base/version.gitVersion=v$KUBERNETES_VERSION -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=${KUBERNETES_MINOR#*.}"
  elif [ "$module" != trivy ] && link_program "$name"; then
    return 0
  fi
  [ "$module" != runc ] || cgo=1
  [ "$name" != trivy ] || flags="$flags -X github.com/aquasecurity/trivy/pkg/version/app.ver=$TRIVY_VERSION"
  say "building $name"
  (
    cd "$VIGIL_ROOT/hack/cluster.d/modules/$module" || exit 1
    GOCACHE="$VIGIL_CACHE/go-build" GOFLAGS=-mod=mod CGO_ENABLED=$cgo go build -trimpath -ldflags "$flags" -tags "${tags#-}" -o "$BIN/.$name.$$" "$package"
  ) || { rm -f "$BIN/.$name.$$"; printf 'hack/cluster: %s could not be built\n' "$name" >&2; exit 1; }
  mv "$BIN/.$name.$$" "$BIN/$name"
  say "built $name ($((SECONDS - started)) s)"
}

# build_all TIER: builds the programs of a tier (tools: crane; clients: kubectl). One build of a version at a time: another version is not kept waiting.
build_all() {
  local tier="$1" name module package tags
  mkdir -p "$BIN"
  exec 8>"$VIGIL_CACHE/packages.lock"
  flock 8
  local packages=(iproute2 openssl util-linux procps)
  [ "$tier" != full ] || packages+=(containernetworking-plugins nftables busybox-static libseccomp-dev pkg-config gcc iptables)
  install_packages "${packages[@]}"
  exec 8>"$BIN/.build.lock"
  flock 8
  while read -r name module package tags; do
    case "$tier" in
      control-plane) case "$CONTROL_PLANE_PROGRAMS" in *" $name "*) ;; *) continue ;; esac ;;
      tools) [ "$name" = crane ] || continue ;;
      clients) [ "$name" = kubectl ] || continue ;;
    esac
    [ -x "$BIN/$name" ] || need go 'install Go 1.26 or later'
    build_program "$name" "$module" "$package" "$tags"
  done <<<"$PROGRAMS"
  exec 8>&-
}

# build_trivy: builds Trivy, the writer of small databases, and a fake scanner that fails, for tests of image scanning.
build_trivy() {
  mkdir -p "$TRIVY_BIN"
  exec 8>"$VIGIL_CACHE/build-trivy.lock"
  flock 8
  [ -x "$TRIVY_BIN/trivy" ] && [ -x "$TRIVY_BIN/trivy-database" ] && [ -x "$TRIVY_BIN/odd-scanner" ] || need go 'install Go 1.26 or later'
  [ -x "$TRIVY_BIN/trivy" ] || say 'building Trivy from its sources: six to eight minutes on two cores, once'
  BIN="$TRIVY_BIN" GOEXPERIMENT=jsonv2 build_program trivy trivy github.com/aquasecurity/trivy/cmd/trivy -
  BIN="$TRIVY_BIN" build_program trivy-database trivy ./database -
  BIN="$TRIVY_BIN" build_program odd-scanner trivy ./odd-scanner -
  exec 8>&-
}
