#!/bin/sh
# Installs Debian packages where that is possible without asking: as root, or by sudo
# without a password. A mirror that does not answer is asked again.
#
#   internal/debian.sh package...
set -eu
as=
if [ "$(id -u)" != 0 ]; then
	as="sudo -n"
fi
command -v apt-get >/dev/null && $as true 2>/dev/null || exit 1
get() {
	$as env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@" >&2
}
for pause in 5 20 60 0; do
	if get update && get install --no-install-recommends "$@"; then
		exit 0
	fi
	sleep $pause
done
exit 1
