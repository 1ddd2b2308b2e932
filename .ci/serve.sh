# Starts `objectfs serve` for a script of CI, with its exports in the environment, and a work folder.
# Usage: source .ci/serve.sh; serve_begin BUCKET
set -euo pipefail
objectfs() { node dist/src/cli/main.js "$@"; }

serve_begin() {
  work=$(mktemp -d)
  trap serve_end EXIT
  node dist/src/cli/main.js serve --port 0 --bucket "$1" >"$work/exports" &
  serve_pid=$!
  for _ in $(seq 100); do
    grep -q AWS_SECRET_ACCESS_KEY "$work/exports" && break
    kill -0 "$serve_pid"
    sleep 0.1
  done
  eval "$(cat "$work/exports")"
}

serve_end() {
  if mountpoint -q "$work/mnt"; then objectfs unmount "$work/mnt" || umount -l "$work/mnt"; fi
  kill "$serve_pid" 2>/dev/null || true
  wait "$serve_pid" 2>/dev/null || true
  rm -rf "$work"
}

# A line of proof: what was shown.
shown() { printf 'ok   %s\n' "$1"; }
