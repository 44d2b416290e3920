# Sourced by hack/cluster: pushes vulnerability databases to the cluster's registry, as artifacts of one layer in Trivy's format.

# push_database FOLDER REFERENCE: pushes FOLDER/db as the artifact REFERENCE (name:tag).
push_database() {
  local folder="$1/db" name="${2%:*}" tag="${2##*:}" work layer config
  work="$(mktemp -d)"
  tar --sort=name --mtime=@0 --owner=0 --group=0 -C "$folder" -czf "$work/layer" trivy.db metadata.json && printf '{}' >"$work/config" &&
    layer="$(push_blob "$work/layer" "$name")" && config="$(push_blob "$work/config" "$name")" &&
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.aquasec.trivy.config.v1+json","digest":"%s","size":2},"layers":[{"mediaType":"application/vnd.aquasec.trivy.db.layer.v1.tar+gzip","digest":"%s","size":%s,"annotations":{"org.opencontainers.image.title":"db.tar.gz"}}]}' \
      "$config" "$layer" "$(stat -c %s "$work/layer")" >"$work/manifest" &&
    inside curl -fsS -X PUT --data-binary "@$work/manifest" -H 'content-type: application/vnd.oci.image.manifest.v1+json' "http://127.0.0.1:5000/v2/$name/manifests/$tag"
  local code=$?
  rm -rf "$work"
  return $code
}

# push_blob FILE NAME: pushes a file as a blob of the repository NAME. Prints its digest.
push_blob() {
  local digest
  digest="sha256:$(sha256sum "$1" | cut -d' ' -f1)"
  inside curl -fsS -o /dev/null --data-binary "@$1" -H 'content-type: application/octet-stream' "http://127.0.0.1:5000/v2/$2/blobs/uploads/?digest=$digest" && printf '%s' "$digest"
}

# push_databases: pushes two current databases, an old one, and one with an unsupported schema.
push_databases() {
  local trees="$DIR/images"
  install_packages curl
  mkdir -p "$trees/trivy-database-newer/db" && cp "$trees/trivy-database-1/db/trivy.db" "$trees/trivy-database-newer/db/" &&
    sed 's/"Version":2/"Version":3/' "$trees/trivy-database-1/db/metadata.json" >"$trees/trivy-database-newer/db/metadata.json" || return 1
  local name
  for name in 1 2 old newer; do push_database "$trees/trivy-database-$name" "trivy-db:$name" || return 1; done
}
