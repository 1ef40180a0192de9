#!/bin/sh
# A backup every night at BACKUP_HOUR, and at any hour when there is none younger than 26 hours: after a first start, a night in
# which the host was off, or a failure. A failure is said in the log, and tried again after ten minutes.
set -eu
here=$(dirname "$0")
: "${BACKUP_DIR:?is not set}" "${BACKUP_HOUR:=4}"
younger() { [ -n "$(find "$BACKUP_DIR" -maxdepth 1 -name 'backup-*' -mmin "-$1" -print -quit)" ]; }
trap 'exit 0' TERM INT
while :; do
  hour=$(date +%H)
  if ! younger 1560 || { [ "${hour#0}" = "${BACKUP_HOUR#0}" ] && ! younger 1200; }; then
    sh "$here/backup.sh" || echo "backup: failed, tried again in ten minutes" >&2
  fi
  sleep "${BACKUP_LOOK_SECONDS:-600}" &
  wait $!
done
