# Sourced by hack/cluster: etcd, kube-apiserver, kube-controller-manager.

# start PART COMMAND...: starts a process of the cluster in its network namespace and in a new session, with a log.
start() {
  local part="$1"; shift
  mkdir -p "$DIR/log" "$DIR/run"
  setsid nsenter --net="/run/netns/$NETNS" "$@" >>"$DIR/log/$part.log" 2>&1 </dev/null 7>&- 8>&- 9>&- &
  printf '%s\n' "$!" >"$DIR/run/$part.pid"
}

# alive PART: whether the process that was started as PART still runs.
alive() {
  local pid
  pid="$(cat "$DIR/run/$1.pid" 2>/dev/null)" && [ -n "$pid" ] && grep -qsF "$BIN/" "/proc/$pid/cmdline" 2>/dev/null && kill -0 "$pid" 2>/dev/null
}

# wait_for SECONDS WHAT PART COMMAND...: waits until the command succeeds. Fails at once if PART ended, and prints the end of its log.
wait_for() {
  local limit=$((SECONDS + $1)) what="$2" part="$3"; shift 3
  until "$@" >/dev/null 2>&1; do
    if ! alive "$part" || [ "$SECONDS" -ge "$limit" ]; then
      printf 'hack/cluster: %s did not come up; the end of %s:\n' "$what" "$DIR/log/$part.log" >&2
      tail -n 15 "$DIR/log/$part.log" >&2
      return 1
    fi
    sleep 0.2
  done
  say "$what is up"
}

start_etcd() {
  start etcd "$BIN/etcd" --data-dir "$DIR/etcd" --unsafe-no-fsync --name main \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster main=http://127.0.0.1:2380 \
    --quota-backend-bytes 8589934592 --log-level warn
}

start_kube_apiserver() {
  local webhook=()
  if [ -d "$DIR/audit" ]; then
    cp "$VIGIL_ROOT/config/components/audit/policy.yaml" "$DIR/audit-policy.yaml"
    webhook=(--audit-webhook-config-file "$DIR/audit/webhook.yaml" --audit-webhook-batch-max-wait 1s --audit-webhook-initial-backoff 1s)
  else
    audit_policy_of_changes >"$DIR/audit-policy.yaml"
  fi
  start kube-apiserver "$BIN/kube-apiserver" --etcd-servers http://127.0.0.1:2379 --bind-address "$API_IP" --advertise-address "$API_IP" --secure-port 6443 \
    --service-cluster-ip-range 10.96.0.0/16 --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction,OwnerReferencesPermissionEnforcement \
    --client-ca-file "$DIR/pki/ca.crt" --tls-cert-file "$DIR/pki/apiserver.crt" --tls-private-key-file "$DIR/pki/apiserver.key" \
    --service-account-key-file "$DIR/pki/sa.pub" --service-account-signing-key-file "$DIR/pki/sa.key" --service-account-issuer https://kubernetes.default.svc \
    --kubelet-client-certificate "$DIR/pki/apiserver-kubelet.crt" --kubelet-client-key "$DIR/pki/apiserver-kubelet.key" --kubelet-certificate-authority "$DIR/pki/ca.crt" \
    --kubelet-preferred-address-types InternalIP --allow-privileged=true --audit-policy-file "$DIR/audit-policy.yaml" --audit-log-path "$DIR/audit.log" --audit-log-maxsize 200 --audit-log-maxbackup 1 "${webhook[@]}"
}

start_controller_manager() {
  start kube-controller-manager "$BIN/kube-controller-manager" --kubeconfig "$DIR/controller-manager.kubeconfig" --bind-address 127.0.0.1 \
    --service-account-private-key-file "$DIR/pki/sa.key" --root-ca-file "$DIR/pki/ca.crt" --use-service-account-credentials=true --leader-elect=false \
    --cluster-signing-cert-file "$DIR/pki/ca.crt" --cluster-signing-key-file "$DIR/pki/ca.key" --terminated-pod-gc-threshold 500
}

control_plane_up() {
  start_etcd
  start_kube_apiserver
  wait_for 90 'the API server' kube-apiserver "$BIN/kubectl" --kubeconfig "$DIR/kubeconfig" get --raw /readyz
  start_controller_manager
  wait_for 60 'the controller-manager' kube-controller-manager "$BIN/kubectl" --kubeconfig "$DIR/kubeconfig" get serviceaccount default
}

# known_part PART: whether it can be stopped and started separately.
known_part() {
  case "$1" in etcd | kube-apiserver | kube-controller-manager | kubelet) return 0 ;; esac
  printf 'hack/cluster: unknown part %s: use etcd, kube-apiserver, kube-controller-manager or kubelet\n' "$1" >&2
  return 2
}

# stop_part PART: kills a part, like a crash. Containers keep running.
stop_part() {
  local pid
  known_part "$1" || return 2
  alive "$1" || return 0
  pid="$(cat "$DIR/run/$1.pid")"
  kill -9 "$pid" 2>/dev/null
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}

# restart_part PART: kills a part and starts it again.
restart_part() {
  stop_part "$1" || return 2
  case "$1" in
    etcd) start_etcd ;;
    kube-apiserver) start_kube_apiserver ;;
    kube-controller-manager) start_controller_manager ;;
    kubelet) start_kubelet; wait_for 90 'the node' kubelet node_ready; return ;;
  esac
  wait_for 60 'the API server' kube-apiserver "$BIN/kubectl" --kubeconfig "$DIR/kubeconfig" get --raw /readyz
}
