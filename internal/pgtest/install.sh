#!/bin/sh
# Gets Debian's PostgreSQL if there is none and we may. No cluster is started:
# tests make their own.
set -eu
if ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null; then
	exit 0
fi
# No cluster of the machine's own, if we may say so.
if [ "$(id -u)" = 0 ] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
	mkdir -p /etc/postgresql-common
	echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
fi
"$(dirname "$0")/../debian.sh" postgresql ||
	echo "PostgreSQL is not installed; its tests will be skipped (on Debian: apt-get install postgresql)" >&2
