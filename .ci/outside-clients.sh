#!/usr/bin/env bash
# s3cmd and rclone from Debian on `objectfs serve`: put, get, list, multipart, delete.
source .ci/serve.sh
serve_begin outside
host=${AWS_ENDPOINT_URL#http://}
head -c 40000000 /dev/urandom >"$work/large"
head -c 5000 /dev/urandom >"$work/small"

s3() {
  s3cmd --no-ssl --host="$host" --host-bucket="$host" --access_key="$AWS_ACCESS_KEY_ID" \
    --secret_key="$AWS_SECRET_ACCESS_KEY" --region=us-east-1 --config=/dev/null --no-progress "$@"
}
s3 put "$work/small" 's3://outside/a b/small+%.bin'
s3 put --multipart-chunk-size-mb=15 "$work/large" s3://outside/large.bin
s3 get s3://outside/large.bin "$work/large.back"
cmp "$work/large" "$work/large.back"
shown 's3cmd: multipart put and get'
listing=$(s3 ls -r s3://outside)
[[ $listing == *'a b/small+%.bin'* ]]
shown 's3cmd: list'
s3 del 's3://outside/a b/small+%.bin' s3://outside/large.bin
listing=$(s3 ls -r s3://outside)
[ -z "$listing" ]
shown 's3cmd: delete'

# rclone does not start where this variable names the system's bundle.
unset AWS_CA_BUNDLE
export RCLONE_CONFIG=/dev/null RCLONE_CONFIG_O_TYPE=s3 RCLONE_CONFIG_O_PROVIDER=Other \
  RCLONE_CONFIG_O_ENDPOINT="$AWS_ENDPOINT_URL" RCLONE_CONFIG_O_ACCESS_KEY_ID="$AWS_ACCESS_KEY_ID" \
  RCLONE_CONFIG_O_SECRET_ACCESS_KEY="$AWS_SECRET_ACCESS_KEY" RCLONE_CONFIG_O_REGION=us-east-1
mkdir "$work/tree" && cp -r docs src "$work/tree" && cp "$work/large" "$work/tree"
rclone copy --s3-upload-cutoff 8M --s3-chunk-size 5M "$work/tree" o:outside/tree
rclone check --download "$work/tree" o:outside/tree 2>&1 | tail -1
shown 'rclone: put, multipart, list, get'
plan=$(rclone copy --dry-run "$work/tree" o:outside/tree 2>&1)
[[ ${plan,,} != *copy* ]]
shown 'rclone: second copy moves nothing'
rclone purge o:outside/tree
listing=$(rclone ls o:outside)
[ -z "$listing" ]
shown 'rclone: delete'
