# Sourced by hack/cluster: a registry with a password at 127.0.0.1:5001, for image scan tests: Debian's docker-registry.
PRIVATE_REGISTRY=127.0.0.1:5001
# Valid only for the registry of a test cluster.
PRIVATE_USER=reader PRIVATE_PASSWORD=reader-of-tests

# fetch_private_registry: extracts the program from its package, since an installation would start a service on this machine.
fetch_private_registry() {
  [ ! -x "$BIN/docker-registry" ] || return 0
  local folder="$BIN/.docker-registry.$$"
  say 'fetching docker-registry'
  mkdir -p "$folder" || return 1
  (cd "$folder" && { apt-get download -qq docker-registry || { apt-get update -qq && apt-get download -qq docker-registry; }; } && dpkg -x docker-registry_*.deb .) >"$VIGIL_CACHE/apt.log" 2>&1 ||
    { printf 'hack/cluster: the package docker-registry cannot be fetched: check that an apt repository of Debian or Ubuntu is reachable\n' >&2; tail -5 "$VIGIL_CACHE/apt.log" >&2; rm -rf "$folder"; return 1; }
  mv "$folder/usr/bin/docker-registry" "$BIN/docker-registry"
  rm -rf "$folder"
}

# private_registry_up: starts the registry with one user.
private_registry_up() {
  ! alive private-registry || return 0
  fetch_private_registry || return 1
  perl -e 'print "$ARGV[0]:", crypt($ARGV[1], q($2y$05$VigilTestsVigilTestsVe)), "\n"' "$PRIVATE_USER" "$PRIVATE_PASSWORD" >"$DIR/private-registry.htpasswd"
  cat >"$DIR/private-registry.yaml" <<YAML
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: "$DIR/private-registry"}}
http: {addr: "0.0.0.0:5001"}
auth: {htpasswd: {realm: vigil-tests, path: "$DIR/private-registry.htpasswd"}}
YAML
  start private-registry "$BIN/docker-registry" serve "$DIR/private-registry.yaml"
  wait_for 20 'the private registry' private-registry with_password "$BIN/crane" catalog --insecure "$PRIVATE_REGISTRY"
}

# with_password COMMAND...: runs a command in the network namespace, with the password for crane.
with_password() {
  mkdir -p "$DIR/docker"
  printf '{"auths":{"%s":{"auth":"%s"}}}\n' "$PRIVATE_REGISTRY" "$(printf '%s:%s' "$PRIVATE_USER" "$PRIVATE_PASSWORD" | base64 -w0)" >"$DIR/docker/config.json"
  inside env "DOCKER_CONFIG=$DIR/docker" "$@"
}
