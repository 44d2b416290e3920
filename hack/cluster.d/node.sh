# Sourced by hack/cluster: the node (scheduler, containerd, kubelet, kube-proxy, registry).
node_up() { printf 'hack/cluster: the tier with a node is not built yet: use --tier control-plane\n' >&2; return 1; }
node_down() { :; }
load_image() { node_up; }
