# dh against the real binary and a real engine.

setup_file() {
  load common
  isolated "$BATS_FILE_TMPDIR"
  dh create sh --image "$DH_TEST_IMAGE" --command /bin/sh >/dev/null
}

setup() {
  load common
}

# alive PATTERN: whether some process of this test is still there.
sidecars() { pgrep -f "^$DH_SIDECAR_BIN" | while read -r pid; do
  tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qxF "XDG_STATE_HOME=$XDG_STATE_HOME" && echo "$pid"; done; }

# eventually COMMAND...: within ten seconds.
eventually() {
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    "$@" && return
    sleep 0.1
  done
  return 1
}
no_sidecar() { [ -z "$(sidecars)" ]; }

@test "a job followed to its end: the program's streams apart, its exit code" {
  split dh run sh --follow -- -c 'echo out; echo err >&2; exit 4'
  equal "$status" 4
  equal "$output" out
  within "$errors" err
  within "$errors" RUNNING
  within "$errors" 'exit code 4'
  split dh run sh -f -- -c true
  equal "$status" 0
  equal "$output" ''
}

@test "events as JSON, one a line" {
  split dh run sh --follow --json -- -c 'printf "a\\nb\\n"; exit 7'
  equal "$status" 7
  equal "$errors" ''
  equal "$(jq -r 'select(.type == "log") | .text' <<<"$output")" $'a\nb'
  equal "$(jq -r .type <<<"$output" | tail -n 1)" end
  equal "$(jq -rs 'map(.seq) == [range(1; length + 1)]' <<<"$output")" true
}

@test "run prints the id alone; wait, get, logs, delete take it" {
  id=$(dh run sh --env GREETING='hällo' -- -c 'echo "$GREETING"; exit 3')
  [[ $id =~ ^[0-9a-f]{32}$ ]]
  split dh wait "$id"
  equal "$status" 3
  within "$output" 'state:        ERROR'
  equal "$(dh wait "$id" --json | jq .status.exit_code)" 3
  within "$(dh get "$id")" 'exit code:    3'
  equal "$(dh logs "$id")" 'hällo'
  equal "$(dh logs "$id" --json | jq -r .stream)" stdout
  equal "$(dh logs "$id" --follow)" 'hällo'
  split dh delete "$id" ffffffffffffffffffffffffffffffff
  equal "$status" 1
  equal "$output" "$id DELETED"
  within "$errors" 'There is no run `ffffffffffffffffffffffffffffffff`'
}

@test "logs go to the stream that they were written to" {
  id=$(dh run sh -w --json -- -c 'echo out; echo err >&2' | jq -r .id)
  split dh logs "$id"
  equal "$output" out
  equal "$errors" err
  equal "$(dh logs "$id" --tail 1 --timestamps 2>&1 | grep -cE '^[0-9]{4}-[0-9-]+T.* err$')" 1
}

@test "a wait that runs out of time" {
  id=$(dh run sh -- -c 'sleep 60')
  split dh wait "$id" --timeout-seconds 0.2
  equal "$status" 124
  equal "$(dh stop "$id" --grace-seconds 0)" "$id STOPPED"
  equal "$(dh delete "$id")" "$id DELETED"
}

@test "Ctrl-C leaves the run, says how to go on, leaves no process" {
  env --default-signal=INT dh run sh --follow -- -c 'echo begun; sleep 60' \
    >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
  job=$!
  eventually grep -q begun "$BATS_TEST_TMPDIR/out"
  kill -INT $job
  status=0
  wait $job || status=$?
  equal "$status" 130
  errors=$(cat "$BATS_TEST_TMPDIR/err")
  within "$errors" 'the run goes on'
  id=$(grep -oE 'dh follow [0-9a-f]{32}' <<<"$errors" | cut -d' ' -f3)
  no_sidecar
  equal "$(dh get "$id" --json | jq -r .status.state)" RUNNING
  dh delete "$id" >/dev/null
}

@test "killed, it leaves no process either" {
  dh run sh --follow -- -c 'echo begun; sleep 60' >"$BATS_TEST_TMPDIR/out" 2>/dev/null 3>&- &
  job=$!
  eventually grep -q begun "$BATS_TEST_TMPDIR/out"
  [ -n "$(sidecars)" ]
  kill -KILL $job
  wait $job || true
  eventually no_sidecar
  dh delete "$(dh runs --state RUNNING --json | jq -r .id)" >/dev/null
}

@test "a reader that leaves ends it in silence" {
  status=0
  (set -o pipefail; dh run sh --follow -- -c 'while true; do echo line; done' 2>"$BATS_TEST_TMPDIR/err" | head -n 1) ||
    status=$?
  equal "$status" 141
  ! grep -i broken "$BATS_TEST_TMPDIR/err"
  eventually no_sidecar
  dh delete "$(dh runs --state RUNNING --json | jq -r .id)" >/dev/null
}

@test "tables for people, lines of JSON for pipes, no escape sequences in either" {
  dh run sh -w -- -c true >/dev/null
  table=$(dh runs sh)
  within "$(head -n 1 <<<"$table")" 'ID '
  within "$table" COMPLETED
  [[ $table != *$'\e'* ]]
  equal "$(dh runs --json --limit 1 2>/dev/null | jq -r .spec.action)" job
  equal "$(dh runs nosuch --json)" ''
  equal "$(dh functions --json | jq -r .name)" sh
  within "$(dh functions)" "$DH_TEST_IMAGE"
}

@test "on a terminal, states have colours" {
  shown=$(python3 -c 'import os, pty, sys; os.environ.update(TERM="xterm"); pty.spawn(sys.argv[1:])' dh runs)
  within "$shown" $'\e[32mCOMPLETED'
  [[ $(NO_COLOR=1 python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' dh runs) != *$'\e[32m'* ]]
}

@test "what a page leaves out is said; --all shows all" {
  for number in 1 2 3; do dh create "many$number" -p many --image i >/dev/null 2>&1 || {
    dh project many >/dev/null
    dh create "many$number" -p many --image i >/dev/null
  }; done
  split dh functions -p many --json --limit 2
  equal "$(jq -r .name <<<"$output")" $'many3\nmany2'
  within "$errors" '2 of 3 are shown'
  split dh functions -p many --json --limit 2 --all
  equal "$(jq -r .name <<<"$output")" $'many3\nmany2\nmany1'
  equal "$errors" ''
}

@test "secrets come from standard input and are never shown" {
  equal "$(printf 'a"b\n' | dh set-secret TOKEN)" 'TOKEN set'
  within "$(dh secrets)" TOKEN
  split dh run sh -f --secret TOKEN -- -c 'echo "$TOKEN"'
  equal "$output" 'a"b'
  equal "$(dh delete-secret TOKEN)" 'TOKEN deleted'
}

@test "a service: the URL is said, and answers" {
  dh create web --image "$DH_TEST_IMAGE" --command httpd >/dev/null
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  env --default-signal=INT dh run web --action serve --service-port "$port" --follow -- -f -p "$port" -h /etc \
    >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
  job=$!
  eventually grep -q "http://127.0.0.1:$port" "$BATS_TEST_TMPDIR/err"
  python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).status)' \
    "http://127.0.0.1:$port/passwd"
  within "$(dh runs web)" "http://127.0.0.1:$port"
  kill -INT $job
  wait $job || true
  dh delete "$(dh runs web --json | jq -r .id)" >/dev/null
}

@test "render shows what would be sent" {
  within "$(dh render sh -- -c true)" "$DH_TEST_IMAGE"
  equal "$(dh render sh --json -- -c true | jq -r .platform)" local
}

@test "call and doctor are passed on" {
  equal "$(dh call getCapabilities | jq -r .platform)" local
  within "$(dh -p other doctor)" other
}

# A run's id comes from the file's text, and the engine is shared: the name is this test's own.
file_of() {
  cat <<YAML
function:
  name: $from_file
  kind: container
  image: $DH_TEST_IMAGE
  command: /bin/sh
runs:
  hello:
    action: job
    args: [-c, echo applied]
YAML
}

@test "a file is validated and applied; again it changes nothing" {
  from_file=shell_$(date +%s%N)
  file_of >"$BATS_TEST_TMPDIR/hello.container.yaml"
  equal "$(dh validate "$BATS_TEST_TMPDIR/hello.container.yaml")" valid
  split dh apply "$BATS_TEST_TMPDIR/hello.container.yaml"
  equal "$status" 0
  within "$output" "function $from_file "
  id=$(sed -n 's/^run hello \([0-9a-f]*\) .*/\1/p' <<<"$output")
  split dh follow "$id"
  equal "$output" applied
  equal "$(file_of | dh apply - --json | jq -r .runs.hello.id)" "$id"
}

@test "a file with faults names them all" {
  from_file=bad
  file_of | sed 's/image:/imag:/; s/action: job/action: jog/' >"$BATS_TEST_TMPDIR/bad.container.yaml"
  split dh validate "$BATS_TEST_TMPDIR/bad.container.yaml"
  equal "$status" 1
  within "$errors" imag
  within "$errors" jog
  split dh apply "$BATS_TEST_TMPDIR/bad.container.yaml"
  equal "$status" 1
  within "$errors" imag
}

@test "README's block works as printed" {
  sed -n '/<!-- example: sh -->/,/^```$/p' "$shell/README.md" | sed '1,2d;$d' >"$BATS_TEST_TMPDIR/example"
  [ -s "$BATS_TEST_TMPDIR/example" ]
  cd "$shell/../.."
  export IMAGE=$DH_TEST_IMAGE
  PATH=${PATH#"$shell:"} XDG_STATE_HOME=$BATS_TEST_TMPDIR split bash -eu "$BATS_TEST_TMPDIR/example"
  equal "$status" 0
  within "$output" 'Hello from a container'
  within "$output" COMPLETED
}
