#!/bin/sh
# Gets Debian's PostgreSQL if there is none and we may. No cluster is started:
# tests make their own.
set -eu
if ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null; then
	exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "PostgreSQL is not installed; its tests will be skipped (on Debian: apt-get install postgresql)" >&2
	exit 0
fi
mkdir -p /etc/postgresql-common
# No cluster of the machine's own.
[ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
