#!/bin/sh
# Healthy while the newest whole backup is younger than 26 hours.
set -eu
[ -n "$(find "${BACKUP_DIR:?is not set}" -maxdepth 1 -name 'backup-*' -mmin -1560 -print -quit)" ]
