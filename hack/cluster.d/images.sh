# Sourced by hack/cluster: builds small images for image scan tests, and pushes them to the cluster's registry.
IMAGE_FACTS="$VIGIL_ROOT/hack/cluster.d/images.d"

# push_tree NAME TREE ENTRYPOINT [REGISTRY]: pushes a folder as an image: a layer with TREE, owned by root, and a layer with TREE.user, owned by
# a user. The result is reproducible.
push_tree() {
  local name="$1" tree="$2" entrypoint="$3" reference="${4:-127.0.0.1:5000}/$1"
  local archive=(tar --sort=name --mtime=@0 --numeric-owner) layers=(-f "$tree.tar")
  "${archive[@]}" --owner=0 --group=0 -C "$tree" -cf "$tree.tar" . || return 1
  if [ -d "$tree.user" ]; then "${archive[@]}" --owner=1000 --group=1000 -C "$tree.user" -cf "$tree.user.tar" . && layers+=(-f "$tree.user.tar") || return 1; fi
  with_password "$BIN/crane" append --insecure --oci-empty-base "${layers[@]}" -t "$reference" &&
    with_password "$BIN/crane" mutate --insecure --set-platform "linux/$(go_arch)" --entrypoint "$entrypoint" -t "$reference" "$reference"
  local code=$?
  rm -f "$tree.tar" "$tree.user.tar"
  return $code
}

# new_tree NAME: creates the folder of an image, with a program that waits for a signal.
new_tree() {
  mkdir -p "$trees/$1/bin" "$trees/$1/tmp" && chmod 1777 "$trees/$1/tmp" && cp /bin/busybox "$trees/$1/bin/busybox" && ln -s busybox "$trees/$1/bin/sleep"
}

# debian_tree: old packages of Debian 12, and a key in a file that only root can read.
debian_tree() {
  new_tree debian-old
  mkdir -p "$trees/debian-old/var/lib/dpkg" "$trees/debian-old/etc" "$trees/debian-old/srv/private"
  cp "$IMAGE_FACTS/status" "$trees/debian-old/var/lib/dpkg/status"
  printf 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\nVERSION="12 (bookworm)"\n' >"$trees/debian-old/etc/os-release"
  printf '12.0\n' >"$trees/debian-old/etc/debian_version"
  # In two parts, so that secret scanners do not report this file. The key is not valid.
  printf 'AWS_ACCESS_KEY_ID=%s%s\n' AKIA 2E0A8F3B244C9986 >"$trees/debian-old/srv/private/settings.env"
  chmod 0700 "$trees/debian-old/srv/private"
  chmod 0600 "$trees/debian-old/srv/private/settings.env"
}

# node_tree: an npm project with one old and one current package.
node_tree() {
  new_tree node-old
  mkdir -p "$trees/node-old/app/node_modules/lodash" "$trees/node-old/app/node_modules/ms"
  printf '{"name":"lodash","version":"4.17.20","license":"MIT"}\n' >"$trees/node-old/app/node_modules/lodash/package.json"
  printf '{"name":"ms","version":"2.1.3","license":"MIT"}\n' >"$trees/node-old/app/node_modules/ms/package.json"
  printf '{"name":"app","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"app","version":"1.0.0","dependencies":{"lodash":"4.17.20","ms":"2.1.3"}},"node_modules/lodash":{"version":"4.17.20"},"node_modules/ms":{"version":"2.1.3"}}}\n' >"$trees/node-old/app/package-lock.json"
}

# mixed_tree: an Alpine system with packages of Python, Ruby, scoped npm, Go (a program with build info) and Java, and two keys.
mixed_tree() {
  local tree="$trees/mixed-old" python=usr/lib/python3.12/site-packages ruby=usr/lib/ruby/gems/3.2.0/specifications
  new_tree mixed-old
  mkdir -p "$tree/lib/apk/db" "$tree/etc" "$tree/$python/Django-4.2.0.dist-info" "$tree/$ruby" "$tree/app/node_modules/@babel/traverse" "$tree/srv/app"
  cp "$IMAGE_FACTS/apk-installed" "$tree/lib/apk/db/installed"
  printf '3.18.2\n' >"$tree/etc/alpine-release"
  printf 'ID=alpine\nVERSION_ID=3.18.2\nPRETTY_NAME="Alpine Linux v3.18"\n' >"$tree/etc/os-release"
  printf 'Metadata-Version: 2.1\nName: Django\nVersion: 4.2.0\nLicense: BSD-3-Clause\n' >"$tree/$python/Django-4.2.0.dist-info/METADATA"
  printf 'Gem::Specification.new do |s|\n  s.name = "rack".freeze\n  s.version = "2.2.6"\n  s.licenses = ["MIT".freeze]\nend\n' >"$tree/$ruby/rack-2.2.6.gemspec"
  printf '{"name":"@babel/traverse","version":"7.22.0","license":"MIT"}\n' >"$tree/app/node_modules/@babel/traverse/package.json"
  base64 -d "$IMAGE_FACTS/log4j-core.jar.base64" >"$tree/srv/app/log4j-core-2.14.1.jar"
  cp "$TRIVY_BIN/trivy-database" "$tree/bin/trivy-database"
  printf 'first line\nkey = %s%s\n' AKIA 2E0A8F3B244C9987 >"$tree/srv/app/settings.ini"
  printf 'token=%s%s\n' ghp_ 0123456789abcdefABCDEF0123456789abcd >"$tree/etc/deploy.conf"
}

# mariner_tree: a system with rpm packages but without rpm: a manifest lists them, with epochs and releases.
mariner_tree() {
  new_tree mariner-old
  mkdir -p "$trees/mariner-old/var/lib/rpmmanifest" "$trees/mariner-old/etc"
  cp "$IMAGE_FACTS/rpm-manifest" "$trees/mariner-old/var/lib/rpmmanifest/container-manifest-2"
  printf 'CBL-Mariner 2.0.20230101\n' >"$trees/mariner-old/etc/mariner-release"
  printf 'ID=mariner\nVERSION_ID="2.0"\nPRETTY_NAME="CBL-Mariner/Linux"\n' >"$trees/mariner-old/etc/os-release"
}

# java_tree: a Java archive within an archive. Neither has metadata: only an index identifies them.
java_tree() {
  new_tree java-old
  mkdir -p "$trees/java-old/srv/app"
  base64 -d "$IMAGE_FACTS/shop.jar.base64" >"$trees/java-old/srv/app/shop-1.0.jar"
}

# java_index: an index with the inner archive.
java_index() {
  node "$VIGIL_ROOT/hack/cluster.d/java-index.ts" "$DIR/images/java-index/java-db" org.apache.logging.log4j log4j-core 2.14.1 a42a258df525a94e73eb242dc2ad54e2ce32f026
}

# private_tree: an old package that all users can read, and a file and a folder that only one user can read, not even root without capabilities.
private_tree() {
  new_tree private-old
  mkdir -p "$trees/private-old/app/node_modules/lodash" "$trees/private-old.user/home/app/keys"
  printf '{"name":"lodash","version":"4.17.20","license":"MIT"}\n' >"$trees/private-old/app/node_modules/lodash/package.json"
  printf 'machine example.com\n' >"$trees/private-old.user/home/app/.netrc"
  printf 'nothing\n' >"$trees/private-old.user/home/app/keys/key"
  chmod 0600 "$trees/private-old.user/home/app/.netrc"
  chmod 0700 "$trees/private-old.user/home/app/keys"
}

# numbered_tree NAME: an old package in an image with a unique digest.
numbered_tree() {
  new_tree "$1"
  mkdir -p "$trees/$1/app/node_modules/lodash"
  printf '{"name":"lodash","version":"4.17.20","license":"MIT"}\n' >"$trees/$1/app/node_modules/lodash/package.json"
  printf '%s\n' "$1" >"$trees/$1/app/name"
}

# odd_tree DAY VERB: an old package, and one whose name makes the odd scanner fail in the way DAY when it runs VERB.
odd_tree() {
  numbered_tree "odd-$1-$2"
  mkdir -p "$trees/odd-$1-$2/app/node_modules/odd-scanner-$1-in-$2"
  printf '{"name":"odd-scanner-%s-in-%s","version":"1.0.0"}\n' "$1" "$2" >"$trees/odd-$1-$2/app/node_modules/odd-scanner-$1-in-$2/package.json"
}

# trivy_trees: Trivy at two paths, with a copy program as in its official image; a different program in its place, which exits with 127; and the odd scanner.
trivy_trees() {
  new_tree trivy
  mkdir -p "$trees/trivy/usr/local/bin" "$trees/trivy/usr/libexec" "$trees/trivy-broken/usr/local/bin" "$trees/trivy-odd/usr/local/bin"
  cp "$TRIVY_BIN/trivy" "$trees/trivy/usr/local/bin/trivy"
  ln "$trees/trivy/usr/local/bin/trivy" "$trees/trivy/usr/libexec/trivy"
  ln -s busybox "$trees/trivy/bin/cp"
  cp /bin/busybox "$trees/trivy-broken/usr/local/bin/trivy"
  cp "$TRIVY_BIN/odd-scanner" "$trees/trivy-odd/usr/local/bin/trivy"
}

# push_odd_images: the odd scanner in a layer above Trivy, and an image for each of its failures.
push_odd_images() {
  local odd
  tar --sort=name --mtime=@0 --numeric-owner --owner=0 --group=0 -C "$trees/trivy-odd" -cf "$trees/trivy-odd.tar" . &&
    inside "$BIN/crane" append --insecure -b 127.0.0.1:5000/trivy:1 -f "$trees/trivy-odd.tar" -t 127.0.0.1:5000/trivy-odd:1 || return 1
  for odd in memory-rootfs disk-rootfs forever-rootfs garbage-rootfs crash-rootfs memory-sbom garbage-sbom many-sbom terminal-sbom none-none; do
    odd_tree "${odd%-*}" "${odd#*-}" && push_tree "odd-$odd:1" "$trees/odd-$odd" '/bin/sleep,2147483647' || return 1
  done
}

# push_references: two images between which a tag can move; an index with an image of another platform, then one of this platform; and an
# index with only the other platform.
push_references() {
  local name other=arm64 at=127.0.0.1:5000
  [ "$(go_arch)" != arm64 ] || other=amd64
  numbered_tree moved && mv "$trees/moved/app/node_modules/lodash" "$trees/moved/app/node_modules/ms" || return 1
  printf '{"name":"ms","version":"2.1.3","license":"MIT"}\n' >"$trees/moved/app/node_modules/ms/package.json"
  numbered_tree platform && numbered_tree unmoved || return 1
  for name in moved unmoved platform; do push_tree "$name:1" "$trees/$name" '/bin/sleep,2147483647' || return 1; done
  inside "$BIN/crane" mutate --insecure --set-platform "linux/$other" -t "$at/other-platform:image" "$at/debian-old:1" &&
    inside "$BIN/crane" index append --insecure -m "$at/other-platform:image" -m "$at/platform:1" -t "$at/platforms:1" &&
    inside "$BIN/crane" index append --insecure -m "$at/other-platform:image" -t "$at/other-platform:1"
}

# large_tree: 2 GiB: a binary file, and half a GiB of text that the secret scanner reads, with an old package and a key.
large_tree() {
  local part
  numbered_tree large
  mkdir -p "$trees/large/data"
  head -c 1536M /dev/zero >"$trees/large/data/image.bin"
  yes '2026-01-01T00:00:00Z a line as a log has it, of which nothing is secret' | head -c 16M >"$trees/large/data/0.log"
  for part in $(seq 31); do cp "$trees/large/data/0.log" "$trees/large/data/$part.log"; done
  printf 'AWS_ACCESS_KEY_ID=%s%s\n' AKIA 2E0A8F3B244C9988 >>"$trees/large/data/31.log"
}

# database_trees: two databases, the second with more advisories, and the first with its date of the end of 2025.
database_trees() {
  local trees="$DIR/images" facts
  # Sets today's date, except in the old one.
  for facts in facts later-facts; do sed "s/\"updatedAt\": .*/\"updatedAt\": \"$(date -u +%FT%TZ)\",/" "$IMAGE_FACTS/$facts.json" >"$trees/$facts.json" || return 1; done
  mkdir -p "$trees/trivy-database-old/db" && "$TRIVY_BIN/trivy-database" "$IMAGE_FACTS/facts.json" "$trees/trivy-database-old/db" || return 1
  mkdir -p "$trees/trivy-database-1/db" "$trees/trivy-database-2/db"
  "$TRIVY_BIN/trivy-database" "$trees/facts.json" "$trees/trivy-database-1/db" &&
    "$TRIVY_BIN/trivy-database" "$trees/later-facts.json" "$trees/trivy-database-2/db"
}

# push_images: pushes all images that image scan tests need. Also puts Trivy, the databases and image archives into the folder `images` of the cluster.
push_images() {
  running || { printf 'hack/cluster: cluster %s does not run\n' "$CLUSTER" >&2; exit 1; }
  [ "$(cat "$DIR/ready")" = full ] || { printf 'hack/cluster: images need a cluster of the tier full\n' >&2; exit 2; }
  build_trivy
  setup_packages
  local trees name
  trees="$(mktemp -d)"
  rm -rf "$DIR/images" && mkdir -p "$DIR/images" && ln -s "$TRIVY_BIN/trivy" "$DIR/images/trivy"
  (
    debian_tree && node_tree && mixed_tree && mariner_tree && java_tree && private_tree && trivy_trees && database_trees && java_index || exit 1
    for name in debian-old node-old mixed-old mariner-old java-old private-old; do
      push_tree "$name:1" "$trees/$name" '/bin/sleep,2147483647' && inside "$BIN/crane" pull --insecure "127.0.0.1:5000/$name:1" "$DIR/images/$name.tar" || exit 1
    done
    for name in trivy trivy-broken; do push_tree "$name:1" "$trees/$name" /usr/local/bin/trivy || exit 1; done
    push_odd_images && push_references || exit 1
    if [ -n "${VIGIL_TEST_ALL:-}" ]; then large_tree && push_tree large:1 "$trees/large" '/bin/sleep,2147483647' || exit 1; fi
    private_registry_up || exit 1
    for name in locked-1 locked-2 locked-3; do numbered_tree "$name" && push_tree "$name:1" "$trees/$name" '/bin/sleep,2147483647' "$PRIVATE_REGISTRY" || exit 1; done
    for name in limited down slow corrupt gone denied well; do numbered_tree "fault-$name" && push_tree "fault-$name:1" "$trees/fault-$name" '/bin/sleep,2147483647' || exit 1; done
    for name in 1 2 old; do push_tree "trivy-database:$name" "$DIR/images/trivy-database-$name" /none || exit 1; done
    push_databases && push_tree java-index:1 "$DIR/images/java-index" /none || exit 1
  ) >"$DIR/log/images.log" 2>&1
  local code=$?
  rm -rf "$trees"
  [ $code = 0 ] || { tail -5 "$DIR/log/images.log" >&2; exit 1; }
  say "Trivy, its databases and the test images are in the registry of $CLUSTER"
}
