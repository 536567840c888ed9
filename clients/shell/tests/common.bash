# shellcheck shell=bash
# What all tests begin with. To be loaded by bats, whose files read the variables.
# shellcheck disable=SC2034

shell=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
export DH_TEST_SHELL=$shell
export PATH=$shell:$PATH
transcripts=$shell/../transcripts
real=$DH_SIDECAR_BIN
run_id=0f8fad5bd9cb469fa16570867728950e

# isolated DIR: no settings, no catalog but those in DIR; Podman's engine of the lab.
isolated() {
  local name
  for name in $(compgen -e | grep -E '^(DH_SIDECAR_|DHCORE_|DOCKER_HOST|CONTAINER_HOST|DH_NAME|DH_CONFIG)' |
    grep -v '^DH_SIDECAR_BIN$'); do
    unset "$name"
  done
  export XDG_STATE_HOME=$1/state XDG_CONFIG_HOME=$1/config DH_SIDECAR_SOCKET=${DH_TEST_PODMAN_HOST#unix://}
}

# replaying TRANSCRIPT: the session is the transcript's, schemas come from the real binary.
replaying() {
  local name=$1
  cat >"$BATS_TEST_TMPDIR/dh-sidecar" <<SIDECAR
#!/bin/sh
case \$1 in call) exec "$real" "\$@" ;; esac
exec "$transcripts/replay"
SIDECAR
  chmod +x "$BATS_TEST_TMPDIR/dh-sidecar"
  export DH_SIDECAR_BIN=$BATS_TEST_TMPDIR/dh-sidecar
  export DH_TRANSCRIPT=$transcripts/$name.json DH_TRANSCRIPT_REPORT=$BATS_TEST_TMPDIR/report
}

# split COMMAND...: its streams apart, in $output and $errors; its exit code in $status.
split() {
  status=0
  "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
  output=$(cat "$BATS_TEST_TMPDIR/out")
  errors=$(cat "$BATS_TEST_TMPDIR/err")
}

# equal GOT WANTED: or both are shown.
equal() {
  [ "$1" = "$2" ] || {
    printf 'got:    %s\nwanted: %s\n' "$1" "$2" >&2
    return 1
  }
}

# within TEXT PART: or the text is shown.
within() {
  [[ $1 == *"$2"* ]] || {
    printf 'in:     %s\nwanted: %s\n' "$1" "$2" >&2
    return 1
  }
}
