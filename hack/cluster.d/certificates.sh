# Sourced by hack/cluster: the cluster's certificates and kubeconfigs.

# certificate NAME SUBJECT [SANs]: a key and a certificate signed by the cluster's CA.
certificate() {
  local name="$1" subject="$2" sans="${3:-}"
  (
    cd "$DIR/pki" || exit 1
    openssl ecparam -name prime256v1 -genkey -noout -out "$name.key"
    openssl req -new -key "$name.key" -subj "$subject" -out "$name.csr"
    printf 'keyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n%s' "${sans:+subjectAltName=$sans}" >"$name.ext"
    openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -extfile "$name.ext" -out "$name.crt"
    rm -f "$name.csr" "$name.ext"
  ) >/dev/null 2>&1 || { printf 'hack/cluster: openssl could not make the certificate %s\n' "$name" >&2; return 1; }
}

# kubeconfig_file FILE NAME: a kubeconfig with the certificate NAME.
kubeconfig_file() {
  local file="$1" name="$2"
  cat >"$file" <<EOF
apiVersion: v1
kind: Config
current-context: vigil-$CLUSTER
clusters: [{name: vigil-$CLUSTER, cluster: {server: "https://$API_IP:6443", certificate-authority-data: $(base64 -w0 "$DIR/pki/ca.crt")}}]
users: [{name: $name, user: {client-certificate-data: $(base64 -w0 "$DIR/pki/$name.crt"), client-key-data: $(base64 -w0 "$DIR/pki/$name.key")}}]
contexts: [{name: vigil-$CLUSTER, context: {cluster: vigil-$CLUSTER, user: $name}}]
EOF
  chmod 600 "$file"
}

make_certificates() {
  mkdir -p "$DIR/pki"
  (
    cd "$DIR/pki" || exit 1
    openssl ecparam -name prime256v1 -genkey -noout -out ca.key
    openssl req -x509 -new -key ca.key -subj '/CN=vigil-test-ca' -days 3650 -out ca.crt
    openssl genrsa -out sa.key 2048
    openssl rsa -in sa.key -pubout -out sa.pub
  ) >/dev/null 2>&1 || return 1
  certificate apiserver /CN=kube-apiserver "IP:$API_IP,IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
  certificate admin /O=system:masters/CN=admin
  certificate controller-manager /CN=system:kube-controller-manager
  certificate scheduler /CN=system:kube-scheduler
  certificate proxy /CN=system:kube-proxy
  certificate apiserver-kubelet /O=system:masters/CN=apiserver-kubelet
  certificate kubelet "/O=system:nodes/CN=system:node:$NODE" "IP:$API_IP,DNS:$NODE"
  kubeconfig_file "$DIR/kubeconfig" admin
  local name
  for name in controller-manager scheduler proxy kubelet; do kubeconfig_file "$DIR/$name.kubeconfig" "$name"; done
}
