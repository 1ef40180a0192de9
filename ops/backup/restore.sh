#!/bin/sh
# Puts one backup into an empty database and an empty folder. Refuses anything else: it never overwrites.
#
#   restore.sh BACKUP_DIR/backup-<UTC>
#
#   DATABASE_URL    an empty database of the same major version or a newer one
#   RECORDINGS_DIR  an empty folder, or one that is made; `none` leaves the recordings out
#
# Everything is compared with its checksum before anything is written. The database is all or nothing (one transaction); a
# restore that fails leaves both places empty, so it can be tried again.
set -eu
: "${DATABASE_URL:?is not set}"
refuse() { echo "restore: $1" >&2; exit 1; }
[ $# -eq 1 ] || refuse "say which backup:  restore.sh BACKUP_DIR/backup-<UTC>"
[ -f "$1/SHA256SUMS" ] || refuse "$1 is no whole backup"
backup=$(cd "$1" && pwd)
media=$(dirname "$backup")/media

(cd "$backup" && sha256sum --quiet -c SHA256SUMS) || refuse "$backup is damaged"
tables=$(psql -X -At -v ON_ERROR_STOP=1 --no-password "$DATABASE_URL" -c "SELECT count(*) FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'")
[ "$tables" = 0 ] || refuse "the database is not empty; it is left as it is"

filled=''
if [ -f "$backup/recordings.tar" ]; then
  : "${RECORDINGS_DIR:?is not set; \`none\` leaves the recordings out}"
  if [ "$RECORDINGS_DIR" != none ]; then
    mkdir -p "$RECORDINGS_DIR"
    [ -z "$(find "$RECORDINGS_DIR" -mindepth 1 -print -quit)" ] || refuse "$RECORDINGS_DIR is not empty; it is left as it is"
    if [ -s "$backup/media.sha256" ]; then
      (cd "$media" && sha256sum --quiet -c "$backup/media.sha256") || refuse "pictures and sound in $media are damaged"
    fi
    filled="$RECORDINGS_DIR"
    trap 'status=$?; if [ $status -ne 0 ]; then find "$filled" -mindepth 1 -delete; fi; exit $status' EXIT
    trap 'exit 130' INT TERM
    tar -C "$RECORDINGS_DIR" -xpf "$backup/recordings.tar"
    if [ -s "$backup/media.sha256" ]; then
      list=$(mktemp)
      cut -c67- "$backup/media.sha256" >"$list"
      tar -C "$media" --verbatim-files-from -T "$list" -cf - | tar -C "$RECORDINGS_DIR" -xpf -
      rm -f "$list"
      (cd "$RECORDINGS_DIR" && sha256sum --quiet -c "$backup/media.sha256") || refuse "the copy in $RECORDINGS_DIR is not whole"
    fi
  fi
fi

pg_restore --exit-on-error --single-transaction --no-owner --no-privileges --no-password --dbname="$DATABASE_URL" "$backup/database.dump"
# Plans of queries need figures about the tables, which a dump does not carry.
psql -X -q -v ON_ERROR_STOP=1 --no-password "$DATABASE_URL" -c ANALYZE
echo "restored: $backup"
