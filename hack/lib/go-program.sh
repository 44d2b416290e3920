# Sourced by the commands in hack/ that use a Go program built from Kubernetes' own code. Needs setup.sh.

# go_program NAME KUBERNETES_MINOR MODULES LDFLAGS SOURCE...: builds a program once for each content of its sources and modules, and sets
# $program to its path.
go_program() {
  local name="$1" version="$2" modules="$3" flags="$4" file; shift 4
  local sources=()
  for file in "$@"; do sources+=("$VIGIL_ROOT/$file"); done
  program="$VIGIL_CACHE/bin/$name-$version-$(cat "${sources[@]}" "$modules/go.mod" "$modules/go.sum" | cksum | cut -d' ' -f1)"
  [ ! -x "$program" ] || return 0
  need go 'install Go 1.26 or later'
  mkdir -p "$VIGIL_CACHE/bin"
  say "building hack/$name for Kubernetes $version"
  (cd "$modules" && GOCACHE="$VIGIL_CACHE/go-build" GOFLAGS=-mod=mod CGO_ENABLED=0 go build -trimpath -ldflags "$flags" -o "$program.$$" "${sources[@]}") >&2
  mv "$program.$$" "$program"
}
