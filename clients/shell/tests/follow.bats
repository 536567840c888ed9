# The session: transcripts that every client replays, as far as dh follow is what they are about.

setup() {
  load common
  isolated "$BATS_TEST_TMPDIR"
}

# followed TRANSCRIPT WORD...: dh follow replays it; the events are those of the transcript.
followed() {
  local name=$1
  shift
  replaying "$name"
  split timeout 30 dh follow "$run_id" --project p "$@"
  equal "$(cat "$BATS_TEST_TMPDIR/report")" ok
}
events_are_those_of() {
  jq -ne --slurpfile transcript "$transcripts/$1.json" --slurpfile shown "$BATS_TEST_TMPDIR/out" '
    [$transcript[0].client[] | select(.event) | .is] as $wanted
    | ($wanted | length > 0)
    and all(range($wanted | length); . as $index
      | $wanted[$index] | to_entries
      | all(.[]; . as $member | $shown[$index][$member.key] == $member.value))' >/dev/null
}

@test "events, as JSON" {
  for name in events events-at-once; do
    followed "$name" --json
    equal "$status" 0
    equal "$errors" ''
    events_are_those_of "$name"
    equal "$(wc -l <"$BATS_TEST_TMPDIR/out")" "$(jq '[.client[] | select(.event)] | length' "$transcripts/$name.json")"
  done
}

@test "events, for people: the program's streams apart, states beside them" {
  followed events
  equal "$status" 0
  equal "$output" 'Hello, 世界'
  equal "$errors" $'PENDING\nRUNNING\nbye\nCOMPLETED'
  followed events --timestamps
  equal "$output" '2026-01-31T12:00:03Z Hello, 世界'
}

@test "an end that failed says why, and how to go on" {
  followed events-failed
  equal "$status" 125
  within "$errors" 'no engine answers'
  within "$errors" "dh follow $run_id"
}

@test "a run that isn't there" {
  followed events-refused
  equal "$status" 125
  within "$errors" 'there is no run'
}

@test "a process that dies is told, with its exit code and what it said" {
  followed events-crash --json
  equal "$status" 125
  events_are_those_of events-crash
  within "$errors" gone
  within "$errors" 'exit code 1'
  within "$errors" "dh follow $run_id"
}

@test "a process that dies at the start" {
  followed start-crash
  equal "$status" 125
  within "$errors" "Unknown option '--plattform'"
  within "$errors" 'exit code 64'
}

@test "another version, another server" {
  followed wrong-version
  equal "$status" 125
  within "$errors" 'dh-sidecar 9.0.0, protocol version 9'
  within "$errors" 'protocol version 1.'
  followed other-server
  equal "$status" 125
  within "$errors" 'Method not found'
  within "$errors" 'protocol version 1.'
}

@test "ten thousand lines, none lost" {
  # What dh does not ask for: it follows one run and makes no other call.
  jq 'del(.server[] | select(.expect == "getRun" or .reply == "getRun"))' "$transcripts/events-flood.json" \
    >"$BATS_TEST_TMPDIR/flood.json"
  replaying events-flood
  export DH_TRANSCRIPT=$BATS_TEST_TMPDIR/flood.json
  dh follow "$run_id" -p p >"$BATS_TEST_TMPDIR/out" 2>/dev/null || true
  equal "$(cat "$BATS_TEST_TMPDIR/report")" ok
  seq -f 'line %.0f' 10000 | cmp - "$BATS_TEST_TMPDIR/out"
}
