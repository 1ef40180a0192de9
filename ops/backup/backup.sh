#!/bin/sh
# One backup: the database by pg_dump, the recordings beside it. Can be made while everything runs.
#
#   DATABASE_URL      what is dumped; pg_dump must be of its major version or a newer one
#   RECORDINGS_DIR    folder of the recordings; unset where they are in a bucket, which has copies of its own
#   BACKUP_DIR        where backups are:  backup-<UTC>/{database.dump,recordings.tar,media.sha256,SHA256SUMS}  and  media/
#   BACKUP_KEEP_DAYS  older ones go, after a good one was made (14)
#   METRICS_FILE      told when the last good one was made, for node-exporter; optional
#
# Pictures and sound never change once they are written, so all backups share one copy of each in media/. What does change
# (lists, indexes) is in recordings.tar. A backup has its name only when it is whole: what is called .part-* is none.
set -eu
: "${DATABASE_URL:?is not set}" "${BACKUP_DIR:?is not set}"
keep_days="${BACKUP_KEEP_DAYS:-14}"
umask 077
mkdir -p "$BACKUP_DIR/media"
BACKUP_DIR=$(cd "$BACKUP_DIR" && pwd)
began=$(date +%s)

exec 9>"$BACKUP_DIR/.lock"
flock -n 9 || { echo "backup: another one is under way" >&2; exit 75; }

name="backup-$(date -u +%Y%m%dT%H%M%SZ)"
part="$BACKUP_DIR/.part-$name"
find "$BACKUP_DIR" -maxdepth 1 -name '.part-*' -exec rm -rf {} +
mkdir "$part"

# The database first: whatever it knows of then is among the recordings that are read afterwards.
pg_dump --format=custom --compress=6 --no-password --file="$part/database.dump" "$DATABASE_URL"

if [ -n "${RECORDINGS_DIR:-}" ] && [ -d "$RECORDINGS_DIR" ]; then
  # Lists before pictures, for the same reason. A list that is being replaced is there as the old one or as the new one.
  (cd "$RECORDINGS_DIR" && find . -type f ! -name '*.m4s' ! -name '*.mp4' ! -name '.half-*' -printf '%P\n' | sort) >"$part/lists"
  tar -C "$RECORDINGS_DIR" --warning=no-file-changed --ignore-failed-read --verbatim-files-from -T "$part/lists" -cf "$part/recordings.tar"
  known="$BACKUP_DIR/media.known" # path, size, SHA-256 of everything in media/
  touch "$known"
  find "$RECORDINGS_DIR" -type f \( -name '*.m4s' -o -name '*.mp4' \) ! -name '.half-*' -printf '%P\t%s\n' | LC_ALL=C sort >"$part/now"
  cut -f1,2 "$known" | LC_ALL=C sort | LC_ALL=C comm -23 "$part/now" - >"$part/new"
  cut -f1 "$part/new" >"$part/new.paths"
  if [ -s "$part/new" ]; then
    tar -C "$RECORDINGS_DIR" --ignore-failed-read --verbatim-files-from -T "$part/new.paths" -cf - | tar -C "$BACKUP_DIR/media" -xf -
    # What was deleted meanwhile is no fault; what is there and did not arrive whole is one.
    while IFS='	' read -r path size; do
      if [ ! -f "$RECORDINGS_DIR/$path" ]; then continue; fi
      got=$(stat -c %s "$BACKUP_DIR/media/$path" 2>/dev/null || echo none)
      if [ "$got" != "$size" ]; then echo "backup: $path has $got bytes in the copy, not $size" >&2; exit 1; fi
      printf '%s\n' "$path"
    done <"$part/new" >"$part/got"
    (cd "$BACKUP_DIR/media" && xargs -r -d '\n' sha256sum <"$part/got") >"$part/sums"
    awk -F '\t' -v OFS='\t' '
      FILENAME == sums { sha[substr($0, 67)] = substr($0, 1, 64); next }
      FILENAME == new { if ($1 in sha) { print $1, $2, sha[$1]; done[$1] = 1 } next }
      !($1 in done)' sums="$part/sums" new="$part/new" "$part/sums" "$part/new" "$known" >"$part/known"
    mv "$part/known" "$known"
  fi
  awk -F '\t' 'FNR == NR { sha[$1 "\t" $2] = $3; next } ($0 in sha) { print sha[$0] "  " $1 }' "$known" "$part/now" >"$part/media.sha256"
  rm -f "$part/lists" "$part/now" "$part/new" "$part/new.paths" "$part/got" "$part/sums"
fi

(cd "$part" && sha256sum -- * >.sums && mv .sums SHA256SUMS)
sync
mv "$part" "$BACKUP_DIR/$name"

# Retention, now that there is a good one.
oldest="backup-$(date -u -d "-$keep_days days" +%Y%m%dT%H%M%SZ)"
for old in "$BACKUP_DIR"/backup-*; do
  old=$(basename "$old")
  if [ "$old" != "$name" ] && [ "$(printf '%s\n%s\n' "$old" "$oldest" | LC_ALL=C sort | head -n 1)" = "$old" ]; then
    rm -rf "${BACKUP_DIR:?}/$old"
  fi
done
if [ -f "$BACKUP_DIR/media.known" ]; then
  cat "$BACKUP_DIR"/backup-*/media.sha256 2>/dev/null | cut -c67- | LC_ALL=C sort -u >"$BACKUP_DIR/.wanted"
  (cd "$BACKUP_DIR/media" && find . -type f -printf '%P\n' | LC_ALL=C sort | LC_ALL=C comm -23 - "$BACKUP_DIR/.wanted" | xargs -r -d '\n' rm -f --)
  awk -F '\t' 'FNR == NR { wanted[$0] = 1; next } $1 in wanted' "$BACKUP_DIR/.wanted" "$BACKUP_DIR/media.known" >"$BACKUP_DIR/.known"
  mv "$BACKUP_DIR/.known" "$BACKUP_DIR/media.known"
  rm -f "$BACKUP_DIR/.wanted"
  find "$BACKUP_DIR/media" -mindepth 1 -type d -empty -delete
fi

bytes=$(du -sb "$BACKUP_DIR/$name" | cut -f1)
if [ -n "${METRICS_FILE:-}" ]; then
  umask 022
  cat >"$METRICS_FILE.new" <<END
# HELP walnut_live_backup_last_success_timestamp_seconds When the last whole backup was made
# TYPE walnut_live_backup_last_success_timestamp_seconds gauge
walnut_live_backup_last_success_timestamp_seconds $(date +%s)
# HELP walnut_live_backup_duration_seconds How long it took
# TYPE walnut_live_backup_duration_seconds gauge
walnut_live_backup_duration_seconds $(($(date +%s) - began))
# HELP walnut_live_backup_bytes Its size without pictures and sound
# TYPE walnut_live_backup_bytes gauge
walnut_live_backup_bytes $bytes
END
  mv "$METRICS_FILE.new" "$METRICS_FILE"
fi
echo "$BACKUP_DIR/$name"
