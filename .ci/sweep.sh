#!/usr/bin/env bash
# kill -9 of the runner in the middle of a suite: `buckets sweep` leaves the endpoint empty and no mount behind.
source .ci/serve.sh
serve_begin other
export OBJECTFS_STATE_DIR=$work/state
node dist/src/cli/main.js suite stress --endpoint "$AWS_ENDPOINT_URL" --out "$work/out" >"$work/log" 2>&1 &
runner=$!
for _ in $(seq 600); do
  grep -q "$AWS_ENDPOINT_URL" "$OBJECTFS_STATE_DIR"/ledger.jsonl 2>/dev/null && grep -c fuse.objectfs /proc/mounts && break
  kill -0 "$runner"
  sleep 0.1
done
kill -9 "$runner"
wait "$runner" 2>/dev/null || true
objectfs buckets list
objectfs buckets sweep
! grep -q 'fuse.objectfs' /proc/mounts
shown 'no mount is left'
left=$(node --input-type=module -e '
  import { createBucketAdmin } from "./dist/src/s3/admin.js";
  import { connectionOf } from "./dist/src/s3/connection.js";
  import { loadConfig } from "./dist/src/config/load.js";
  const admin = createBucketAdmin(connectionOf(loadConfig().config.s3));
  console.log((await admin.listBuckets()).map((bucket) => bucket.name ?? bucket).join(" "));
  admin.close();
')
[ "$left" = other ]
shown "the endpoint holds only the bucket that was there before: $left"
