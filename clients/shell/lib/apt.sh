# shellcheck shell=bash
# Debian packages, installed only where missing. To be sourced.

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# apt_ensure PACKAGE...: installs those that are missing. Reads Debian's own package list where it has a file of its
# own, so that some other source that can't be reached stops nobody. Starts none of the packages' services.
apt_ensure() {
  local package missing=() lists=()
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return 0
  echo "Installing: ${missing[*]}" >&2
  if [ -f /etc/apt/sources.list.d/debian.sources ]; then
    lists=(-o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::sourcelist=/etc/apt/sources.list.d/debian.sources)
  fi
  local wait=(-o DPkg::Lock::Timeout=300)
  as_root apt-get update -qq "${wait[@]}" "${lists[@]}" >&2 || return 1
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wait[@]}" "${lists[@]}" \
    "${missing[@]}" >&2 || {
    echo "These Debian packages could not be installed: ${missing[*]}. Install them by hand, then run this again." >&2
    return 1
  }
}
