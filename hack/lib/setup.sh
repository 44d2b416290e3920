# Sourced by the commands in hack/: provides the pinned Node and the npm packages.
# Puts the pinned `node` on the PATH and sets $VIGIL_CACHE, the folder of built programs.
VIGIL_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
VIGIL_CACHE="${VIGIL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vigil}"
export VIGIL_ROOT VIGIL_CACHE

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2; }

need() { # need COMMAND "how to get it"
  command -v "$1" >/dev/null 2>&1 || { printf 'vigil: %s is missing: %s\n' "$1" "$2" >&2; exit 2; }
}

# Installs the locked packages if node_modules does not match the lockfile.
setup_packages() {
  need npm 'install Node.js with npm (any version from 20)'
  local stamp="$VIGIL_ROOT/node_modules/.vigil-lock" want
  want="$(cksum <"$VIGIL_ROOT/package-lock.json")"
  if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ]; then
    say 'installing packages (npm ci)'
    (cd "$VIGIL_ROOT" && npm ci --loglevel=error >&2)
    printf '%s\n' "$want" >"$stamp"
  fi
  PATH="$VIGIL_ROOT/node_modules/.bin:$PATH"
  export PATH
}
