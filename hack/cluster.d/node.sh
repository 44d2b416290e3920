# Sourced by hack/cluster: the node (scheduler, containerd, kubelet, kube-proxy) and the registry at port 5000 of 127.0.0.1 and the node's address.
SANDBOX_IMAGE=vigil.dev/pause:1

containerd_config() {
  cat >"$DIR/containerd.toml" <<EOF
version = 3
root = "$DIR/containerd/root"
state = "$(node_state)"
[grpc]
  address = "$DIR/containerd.sock"
[ttrpc]
  address = "$DIR/containerd.sock.ttrpc"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "$SANDBOX_IMAGE"
[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = "$DIR/registries"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["/usr/lib/cni"]
  conf_dir = "$DIR/cni"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  runtime_path = "$BIN/containerd-shim-runc-v2"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = "$BIN/runc"
  SystemdCgroup = false
EOF
  mkdir -p "$DIR/cni"
  local registry
  # Plain HTTP for the registry, the private registry, and the failing proxy of tests. Pods use the node's address.
  for registry in 127.0.0.1:5000 127.0.0.1:5001 127.0.0.1:5002 "$API_IP:5000" "$API_IP:5001"; do
    mkdir -p "$DIR/registries/$registry"
    printf 'server = "http://%s"\n' "$registry" >"$DIR/registries/$registry/hosts.toml"
  done
  cat >"$DIR/cni/10-bridge.conflist" <<EOF
{"cniVersion": "1.0.0", "name": "vigil", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$DIR/cni-data", "ranges": [[{"subnet": "$POD_CIDR"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
EOF
}

kubelet_config() {
  mkdir -p "$DIR/static-pods"
  cat >"$DIR/kubelet.yaml" <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $API_IP
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: "$DIR/pki/ca.crt"}}
authorization: {mode: Webhook}
tlsCertFile: $DIR/pki/kubelet.crt
tlsPrivateKeyFile: $DIR/pki/kubelet.key
containerRuntimeEndpoint: unix://$DIR/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: $(cgroup_root)
cgroupsPerQOS: true
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
podLogsDir: $DIR/pod-logs
staticPodPath: $DIR/static-pods
fileCheckFrequency: 2s
volumePluginDir: $DIR/volume-plugins
resolvConf: ""
clusterDNS: []
imageMinimumGCAge: 24h
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 50Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%}
serializeImagePulls: false
maxPods: 250
EOF
}

cgroup_root() { printf '/vigil-%s' "$(cat "$DIR/subnet")"; }

# The mounts of all cgroup v1 controllers, or of cgroup v2.
cgroup_mounts() { awk '$3 == "cgroup" || $3 == "cgroup2" {print $2}' /proc/mounts; }

make_cgroups() {
  local mount
  for mount in $(cgroup_mounts); do
    mkdir -p "$mount$(cgroup_root)" 2>/dev/null || continue
    # A new cpuset of cgroup v1 has no processors and no memory nodes until they are set.
    for file in cpuset.cpus cpuset.mems; do
      if [ -f "$mount/$file" ]; then cat "$mount/$file" >"$mount$(cgroup_root)/$file" 2>/dev/null; fi
    done
  done
  return 0
}

# node_state: the folder of the containers' root file systems. It is not in the cache, since root of a user namespace may not enter a home folder.
node_state() { printf '/run/vigil-clusters/%s' "$CLUSTER"; }

start_containerd() { start containerd env "PATH=$BIN:$PATH" "$BIN/containerd" --config "$DIR/containerd.toml" --log-level warn; }
start_kubelet() {
  start kubelet env "PATH=$BIN:$PATH" "$BIN/kubelet" --config "$DIR/kubelet.yaml" --kubeconfig "$DIR/kubelet.kubeconfig" --root-dir "$DIR/kubelet" \
    --hostname-override "$NODE" --node-ip "$API_IP" --cert-dir "$DIR/pki"
}

containerctl() { inside "$BIN/ctr" --address "$DIR/containerd.sock" --namespace k8s.io "$@"; }
node_ready() { "$BIN/kubectl" --kubeconfig "$DIR/kubeconfig" wait --for=condition=Ready --timeout=1s "node/$NODE"; }

# make_sandbox_image: builds the image of the pod sandbox: busybox, waiting for a signal.
make_sandbox_image() {
  local tree="$DIR/sandbox"
  mkdir -p "$tree/bin"
  cp /bin/busybox "$tree/bin/sleep"
  tar -C "$tree" --sort=name --mtime=@0 --owner=0 --group=0 -cf "$DIR/sandbox.layer.tar" .
  {
    "$BIN/crane" append --oci-empty-base -f "$DIR/sandbox.layer.tar" -t "$SANDBOX_IMAGE" -o "$DIR/sandbox.base.tar" &&
      inside "$BIN/crane" push --insecure "$DIR/sandbox.base.tar" 127.0.0.1:5000/pause:1 &&
      inside "$BIN/crane" mutate --insecure --entrypoint /bin/sleep --cmd 2147483647 --set-platform "linux/$(go_arch)" -t 127.0.0.1:5000/pause:1 127.0.0.1:5000/pause:1 &&
      inside "$BIN/crane" pull --insecure --format=tarball 127.0.0.1:5000/pause:1 "$DIR/sandbox.tar" &&
      containerctl images import "$DIR/sandbox.tar" &&
      containerctl images tag --force 127.0.0.1:5000/pause:1 "$SANDBOX_IMAGE"
  } >"$DIR/log/sandbox-image.log" 2>&1 || { tail -5 "$DIR/log/sandbox-image.log" >&2; return 1; }
  rm -rf "$tree" "$DIR"/sandbox*.tar
}

go_arch() { case "$(uname -m)" in x86_64) echo amd64 ;; aarch64) echo arm64 ;; *) uname -m ;; esac; }

node_up() {
  containerd_config
  make_cgroups
  kubelet_config
  start kube-scheduler "$BIN/kube-scheduler" --kubeconfig "$DIR/scheduler.kubeconfig" --bind-address 127.0.0.1 --leader-elect=false
  # Listens on all addresses, since pods use the node's address.
  start registry env REGISTRY_STORAGE=disk "$BIN/crane" registry serve --address 0.0.0.0:5000 --disk "$DIR/registry"
  mkdir -p "$DIR/registry"
  start_containerd
  wait_for 60 containerd containerd containerctl version || return 1
  wait_for 20 'the registry' registry inside "$BIN/crane" catalog --insecure 127.0.0.1:5000 || return 1
  make_sandbox_image || { printf 'hack/cluster: the sandbox image could not be made\n' >&2; return 1; }
  start_kubelet
  start kube-proxy "$BIN/kube-proxy" --kubeconfig "$DIR/proxy.kubeconfig" --proxy-mode nftables --hostname-override "$NODE" --cluster-cidr "$POD_CIDR" \
    --conntrack-max-per-core 0 --conntrack-min 0 --conntrack-tcp-timeout-established 0 --conntrack-tcp-timeout-close-wait 0 --bind-address 127.0.0.1 --healthz-bind-address 127.0.0.1:10256
  wait_for 90 'the node' kubelet node_ready
}

# node_down: stops the node, and removes the pods with their mounts and cgroups.
node_down() {
  local part pid mount
  [ -d "$DIR/containerd" ] || return 0
  for part in kubelet kube-proxy containerd; do
    pid="$(cat "$DIR/run/$part.pid" 2>/dev/null)"
    if [ -n "$pid" ] && grep -qsF "$BIN/" "/proc/$pid/cmdline"; then kill -9 "$pid" 2>/dev/null; fi
  done
  pkill -9 -f "containerd-shim-runc-v2 .*-address $DIR/containerd.sock" 2>/dev/null
  for mount in $(cgroup_mounts); do remove_cgroup "$mount$(cgroup_root)"; done
  for mount in $(awk -v dir="$DIR/" -v state="$(node_state)/" 'index($2, dir) == 1 || index($2, state) == 1 {print $2}' /proc/mounts | sort -r); do umount -l "$mount" 2>/dev/null; done
  rm -rf --one-file-system "$(node_state)"
  return 0
}

# remove_cgroup PATH: kills the processes of a cgroup and removes it with all its children.
remove_cgroup() {
  local try group
  [ -d "$1" ] || return 0
  for try in 1 2 3 4 5; do
    find "$1" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -un | while read -r pid; do [ "$pid" -gt 1 ] && kill -9 "$pid" 2>/dev/null; done
    find "$1" -depth -type d | while read -r group; do rmdir "$group" 2>/dev/null; done
    [ -d "$1" ] || return 0
    sleep 0.3
  done
}

load_image() {
  running || { printf 'hack/cluster: cluster %s does not run\n' "$CLUSTER" >&2; exit 1; }
  [ "$(cat "$DIR/ready")" = full ] || { printf 'hack/cluster: cluster %s has no node to load images into: its tier is control-plane\n' "$CLUSTER" >&2; exit 2; }
  containerctl images import "$1" >/dev/null 2>"$DIR/log/load.log" || { tail -3 "$DIR/log/load.log" >&2; exit 1; }
  say "loaded $1 into $CLUSTER"
}

# forget_image IMAGE: removes an image under all its names. Running containers keep its content.
forget_image() {
  local digest
  digest="$(containerctl images ls "name==$1" | awk 'NR == 2 {print $3}')"
  [ -n "$digest" ] || { printf 'hack/cluster: image %s is not on the node of %s\n' "$1" "$CLUSTER" >&2; exit 1; }
  containerctl images ls -q "target.digest==$digest" | while read -r name; do containerctl images rm --sync "$name" >/dev/null || exit 1; done
}
