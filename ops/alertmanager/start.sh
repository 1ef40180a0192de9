#!/bin/sh
# Alertmanager takes no variables in its file, but the address of a webhook from one of its own.
set -eu
umask 077
printf '%s' "${ALERT_WEBHOOK_URL:-}" >/tmp/webhook-url
conf=/etc/alertmanager/silent.yml
if [ -n "${ALERT_WEBHOOK_URL:-}" ]; then conf=/etc/alertmanager/alertmanager.yml; fi
exec alertmanager --config.file="$conf" --storage.path=/alertmanager
