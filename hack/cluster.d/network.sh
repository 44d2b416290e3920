# Sourced by hack/cluster: the network namespace of the cluster, connected to the host by one veth pair.

# pick_subnet: selects a free /30 of 10.213.0.0/16 for the veth pair, and a pod subnet that no other cluster uses. A link that exists belongs to
# a cluster of another cache folder.
pick_subnet() {
  local number
  for number in $(seq 1 60); do
    if ! grep -qsx "$number" "$CLUSTERS"/*/subnet && ! ip link show "vgl$number" >/dev/null 2>&1; then printf '%s\n' "$number" >"$DIR/subnet"; return 0; fi
  done
  printf 'hack/cluster: sixty clusters exist: stop one with hack/cluster down --name NAME\n' >&2
  return 1
}

load_network() {
  local number
  number="$(cat "$DIR/subnet")"
  HOST_IP="10.213.$number.1" API_IP="10.213.$number.2" POD_CIDR="10.214.$number.0/24" NETNS="vigil-$number" HOST_LINK="vgl$number"
}

network_up() {
  ip netns add "$NETNS"
  ip link add "$HOST_LINK" type veth peer name eth0 netns "$NETNS"
  ip addr add "$HOST_IP/30" dev "$HOST_LINK"
  ip link set "$HOST_LINK" up
  ip -n "$NETNS" link set lo up
  ip -n "$NETNS" addr add "$API_IP/30" dev eth0
  ip -n "$NETNS" link set eth0 up
  ip -n "$NETNS" route add default via "$HOST_IP"
  # The namespace can reach nothing beyond the host's end of the pair.
  inside sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward' 2>/dev/null || true
}

network_down() {
  ip link del "$HOST_LINK" 2>/dev/null
  ip netns del "$NETNS" 2>/dev/null
  return 0
}

# inside COMMAND...: runs a command in the network namespace (ip netns exec would remount /sys and lose the cgroups).
inside() { nsenter --net="/run/netns/$NETNS" "$@"; }
