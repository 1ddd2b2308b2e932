# Steps of .ci/run: each prints its name, its time, and counts as passed or failed.
set -o pipefail
passed=0
failed=0
export CI=true
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

# step NAME COMMAND...: one command, one result.
step() {
  local name=$1 began=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  if "$@" </dev/null 2>&1 | tee "$results/step.log"; then
    passed=$((passed + 1))
    printf '== ok (%s s): %s\n' "$((SECONDS - began))" "$name"
  else
    count_failure "$name" "$results/step.log"
    printf '== FAILED (%s s): %s\n' "$((SECONDS - began))" "$name"
  fi
}

# count_failure NAME [LOG]: one more; it is told again at the end, with what it said last.
count_failure() {
  failed=$((failed + 1))
  printf -- '-- %s\n' "$1" >>"$results/failures"
  if [ $# -gt 1 ]; then tail -n 40 "$2" >>"$results/failures"; fi
}

# beside NAME COMMAND...: begins one result beside the steps that follow; `gather` waits for it, prints and counts it.
beside() {
  beside_name=$1
  shift
  printf '\n== begun beside what follows: %s\n' "$beside_name"
  # Its time is that until its own end.
  (began=$SECONDS && "$@" </dev/null && printf '== took %s s\n' "$((SECONDS - began))") >"$results/beside.log" 2>&1 &
  beside_pid=$!
}

gather() {
  printf '\n== %s\n' "$beside_name"
  if wait "$beside_pid"; then
    passed=$((passed + 1))
    cat "$results/beside.log"
    printf '== ok: %s\n' "$beside_name"
  else
    count_failure "$beside_name" "$results/beside.log"
    cat "$results/beside.log"
    printf '== FAILED: %s\n' "$beside_name"
  fi
}

# jest_step NAME COMMAND...: counts each test; a run without a test is a failure.
jest_step() {
  local name=$1 report="$results/jest.json" count
  shift
  rm -f "$report"
  step "$name" "$@" --json --outputFile="$report"
  count=$(node .ci/failed-tests.cjs "$report" 2>&1 >"$results/jest.failures") || count=0
  passed=$((passed + count))
  [ "$count" -gt 0 ] || count_failure "$name: no test has passed"
  failed=$((failed + $(grep -c '^-- ' "$results/jest.failures")))
  cat "$results/jest.failures" >>"$results/failures"
}

install_packages() {
  apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
      fuse3 libfuse2 git rsync sqlite3 s3cmd rclone s3fs fio stress-ng procps >/dev/null
}

# Building and testing leave nothing in the work tree that git does not ignore.
clean_tree() {
  [ -z "$(git status --porcelain)" ] || { git status --short; return 1; }
}

finish() {
  if [ "$failed" -gt 0 ]; then printf '\n== Failures\n' && cat "$results/failures"; fi
  printf '\n%s passed, %s failed\n' "$passed" "$failed"
  [ "$failed" -eq 0 ]
  exit
}
