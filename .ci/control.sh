#!/usr/bin/env bash
# The control of the posix suite: what Linux itself offers must pass whole, or no verdict on a mount counts.
# Usage: .ci/control.sh tmpfs|ext4
set -euo pipefail
cd "$(dirname "$0")/.."
place=$(mktemp -d)
trap 'umount "$place" || true; rm -rf "$place" "$place.img"' EXIT
case $1 in
  tmpfs) mount -t tmpfs -o size=2g none "$place" ;;
  ext4)
    truncate -s 2G "$place.img"
    mkfs.ext4 -q -F "$place.img"
    mount -o loop "$place.img" "$place"
    ;;
esac
npm run suite posix -- --target "dir:$place"
