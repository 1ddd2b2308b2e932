#!/usr/bin/env bash
# What a person does on a mount, then all of it again after a remount with a cold cache.
source .ci/serve.sh
serve_begin hand
mkdir "$work/mnt"
objectfs mount s3://hand "$work/mnt" --cache-dir "$work/cache-1"
mnt=$work/mnt

cp -r docs "$mnt/docs"
diff -r docs "$mnt/docs"
shown 'cp -r'
rsync -a src/ "$mnt/src/"
changes=$(rsync -ai src/ "$mnt/src/")
printf "%s\n" "$changes" | head -5
[ -z "$changes" ]
shown 'rsync -a twice: the second run moves nothing'
tar cf "$work/tree.tar" suites fixtures
mkdir "$mnt/tar" && tar xpf "$work/tree.tar" -C "$mnt/tar"
tar df "$work/tree.tar" -C "$mnt/tar"
shown 'tar x'
git clone -q --bare "file://$PWD" "$work/origin.git" # packed, and without what no branch needs
git clone -q "$work/origin.git" "$mnt/clone"
git -C "$mnt/clone" fsck --strict
shown 'git clone, git fsck'
echo first >"$mnt/note.txt"
echo second >"$mnt/.note.txt.swp" && sync "$mnt/.note.txt.swp" && mv "$mnt/.note.txt.swp" "$mnt/note.txt"
[ "$(cat "$mnt/note.txt")" = second ]
shown 'vim-style save'
sqlite3 "$mnt/data.db" 'create table t(a integer primary key, b text);
  insert into t select value, hex(randomblob(50)) from generate_series(1, 500);' 2>/dev/null ||
  sqlite3 "$mnt/data.db" "create table if not exists t(a integer primary key, b text);
  with recursive n(i) as (select 1 union all select i + 1 from n where i < 500)
  insert into t select i, hex(randomblob(50)) from n;"
[ "$(sqlite3 "$mnt/data.db" 'pragma integrity_check; select count(*) from t')" = $'ok\n500' ]
shown 'sqlite3'
find "$mnt" -ls | wc -l
df "$mnt" | tail -1
digest() { (cd "$mnt" && find . -type f -print0 | sort -z | xargs -0 sha256sum && find . -printf '%p %m %U %G %y %T@ %l\n' | grep -v ' d ' | sort) | sha256sum; }
before=$(digest)

objectfs unmount "$mnt"
objectfs mount s3://hand "$mnt" --cache-dir "$work/cache-2"
[ "$(digest)" = "$before" ]
shown 'after a remount with a cold cache: contents, modes, owners, times, links'
changes=$(rsync -ai src/ "$mnt/src/")
printf "%s\n" "$changes" | head -5
[ -z "$changes" ]
shown 'rsync after the remount moves nothing'
git -C "$mnt/clone" fsck --strict
[ -z "$(git -C "$mnt/clone" status --porcelain)" ]
shown 'git status is clean after the remount'
[ "$(sqlite3 "$mnt/data.db" 'pragma integrity_check; select count(*) from t')" = $'ok\n500' ]
shown 'sqlite3 after the remount'
objectfs unmount "$mnt"
