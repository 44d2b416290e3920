# Sourced by benchmarks that need a cluster: starts one, and removes it when they end.
setup_packages
name=bench
trap 'hack/cluster down --name "$name" >/dev/null 2>&1' EXIT
trap 'exit 130' INT TERM
hack/cluster up --name "$name" --tier full
KUBECONFIG="$(hack/cluster kubeconfig --name "$name")"
PATH="$(hack/cluster bin):$PATH"
export KUBECONFIG PATH

# install_operator: installs Vigil as README.md describes.
install_operator() {
  hack/image --output dist/vigil-bench.tar >/dev/null
  hack/cluster load dist/vigil-bench.tar --name "$name"
  kubectl apply --server-side -k config/with-report-crds >/dev/null
  kubectl -n vigil-system rollout status deployment/vigil-operator --timeout=120s >/dev/null
}
