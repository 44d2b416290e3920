# Sourced by hack/cluster: audit events, with hack/cluster up --audit. docs/audit-setup.md does the same on other clusters.

# audit_files: the token, the seed, the webhook's kubeconfig, and the port of this machine that the API server sends audit events to
# (vigil operator --audit-port), in the folder audit of the cluster. Each cluster has a port of its own: several can run beside each other.
audit_files() {
  local port=$((9442 + $(cat "$DIR/subnet")))
  mkdir -p "$DIR/audit" && chmod 700 "$DIR/audit"
  setup_packages
  node "$VIGIL_ROOT/operator/main.ts" audit-setup --server "https://$HOST_IP:$port" --directory "$DIR/audit" >/dev/null || return 1
  printf '%s\n' "$port" >"$DIR/audit/port"
  mv "$DIR/audit/vigil-audit-webhook.yaml" "$DIR/audit/webhook.yaml"
  awk '$1 == "token:" { print $2 }' "$DIR/audit/vigil-audit-secret.yaml" >"$DIR/audit/token"
  awk '$1 == "ca-seed:" { print $2 }' "$DIR/audit/vigil-audit-secret.yaml" >"$DIR/audit/ca-seed"
  [ -s "$DIR/audit/token" ] && [ -s "$DIR/audit/ca-seed" ]
}

# audit_policy_of_changes: the policy of a cluster without --audit, for the audit log alone.
audit_policy_of_changes() {
  cat <<'YAML'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, resources: [{group: coordination.k8s.io}]}
- {level: Metadata, verbs: [create, update, patch, delete, deletecollection]}
- {level: None}
YAML
}
