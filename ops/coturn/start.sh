#!/bin/sh
# Starts coturn with the settings of docs/09-ports-firewall-turn.md. The secret goes into a file that only coturn reads: in the
# command line everybody on the host would see it.
set -eu
: "${TURN_SECRET:?is not set}" "${PUBLIC_HOST:?is not set}" "${PUBLIC_ADDRESS:?is not set}"
conf="${TURN_CONF:-/tmp/turnserver.conf}"
tls="${TURN_TLS_DIR:-/etc/coturn/tls}"
umask 077
cat >"$conf" <<END
listening-port=${TURN_PORT:-3478}
tls-listening-port=${TURN_TLS_PORT:-5349}
cert=$tls/fullchain.pem
pkey=$tls/privkey.pem
realm=$PUBLIC_HOST
fingerprint
use-auth-secret
static-auth-secret=$TURN_SECRET
# Relay to the media servers and to nobody else.
denied-peer-ip=0.0.0.0-255.255.255.255
denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
allowed-peer-ip=$PUBLIC_ADDRESS
no-multicast-peers
no-cli
min-port=49160
max-port=49359
max-bps=1000000
user-quota=8
log-file=stdout
simple-log
END
exec turnserver -c "$conf"
