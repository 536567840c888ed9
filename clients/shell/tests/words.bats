# Words of the command line and the params that they become.

setup() {
  load common
  isolated "$BATS_TEST_TMPDIR"
}

# params VERB METHOD WORD...: the first call's params.
plan() {
  local verb=$1 method=$2
  shift 2
  local command common
  command=$(jq -c --arg verb "$verb" '.verbs[] | select(.verb == $verb)' "$shell/lib/verbs.json")
  common=$(jq -c .options "$shell/lib/verbs.json")
  jq -nc -f "$shell/lib/words.jq" --argjson command "$command" --argjson common "$common" --argjson stdin null \
    --slurpfile schemas "$shell/../../schema/methods/$method.schema.json" --args -- "$@"
}
params() { plan "$@" | jq -cS '.calls[0]'; }
run_params() { params run run f "$@" | jq -cS 'del(.function, .action)'; }

@test "the action of a run is a job unless it is said" {
  equal "$(params run run f)" '{"action":"job","function":"f"}'
  equal "$(params run run f --action serve)" '{"action":"serve","function":"f"}'
}

@test "texts stay texts, numbers and truths become what the schema wants" {
  equal "$(run_params --image 3.11 --replicas 2 --push --run-as-user=0)" \
    '{"image":"3.11","push":true,"replicas":2,"run_as_user":0}'
  equal "$(run_params --no-push)" '{"push":false}'
  equal "$(run_params --push=false)" '{"push":false}'
}

@test "what is no number goes out as it is, for the answer to name it" {
  equal "$(run_params --replicas two)" '{"replicas":"two"}'
}

@test "lists grow by their singular, take JSON by their name" {
  equal "$(run_params --arg a --arg --args --arg '[1]')" '{"args":["a","--args","[1]"]}'
  equal "$(run_params --args '["a","b"]' --args c)" '{"args":["a","b","c"]}'
  equal "$(run_params --arg '')" '{"args":[""]}'
}

@test "what follows -- is args" {
  equal "$(run_params --image i -- sh -c 'a  b' --json)" '{"args":["sh","-c","a  b","--json"],"image":"i"}'
}

@test "environment variables are NAME=VALUE, or taken over by their name" {
  export FROM_HERE='a=b'
  equal "$(run_params --env 'A=1=2' --env B= --env FROM_HERE)" \
    '{"envs":[{"name":"A","value":"1=2"},{"name":"B","value":""},{"name":"FROM_HERE","value":"a=b"}]}'
}

@test "members of an item go by order, by name, or as JSON" {
  equal "$(run_params --service-port 8080)" '{"service_ports":[{"port":8080}]}'
  equal "$(run_params --service-port 8080:80:30080)" \
    '{"service_ports":[{"node_port":30080,"port":8080,"target_port":80}]}'
  equal "$(run_params --service-port port=8080,target_port=80)" '{"service_ports":[{"port":8080,"target_port":80}]}'
  equal "$(run_params --service-port '{"port": 1}')" '{"service_ports":[{"port":1}]}'
  equal "$(run_params --volume data:/data)" '{"volumes":[{"mount_path":"/data","name":"data"}]}'
  equal "$(run_params --volume volume_type=empty_dir,name=x,mount_path=/x,spec.size_limit=1Gi)" \
    '{"volumes":[{"mount_path":"/x","name":"x","spec":{"size_limit":"1Gi"},"volume_type":"empty_dir"}]}'
  equal "$(run_params --node-selector disktype=ssd)" '{"node_selector":[{"key":"disktype","value":"ssd"}]}'
}

@test "objects go by path or as JSON" {
  equal "$(run_params --resources.limits.mem 1Gi --resources '{"requests": {"cpu": 1}}')" \
    '{"resources":{"limits":{"mem":"1Gi"},"requests":{"cpu":1}}}'
  equal "$(run_params --params '{"image": "i", "push": true}' --image j)" '{"image":"j","push":true}'
}

@test "null is what --no- makes of what may be null" {
  equal "$(params update updateFunction f --no-description)" '{"description":null,"function":"f"}'
}

@test "options of dh's own are no params, wherever they stand" {
  equal "$(plan run run -jf f -p p | jq -cS '[.calls, .options]')" \
    '[[{"action":"job","function":"f","project":"p"}],{"follow":true,"json":true}]'
}

@test "several ids are several calls" {
  equal "$(plan stop stopRun a b --grace-seconds 1 c | jq -c '[.calls[].id]')" '["a","b","c"]'
  equal "$(plan stop stopRun a b --grace-seconds 1 | jq -c '[.calls[].grace_seconds]')" '[1,1]'
}

@test "faults of the command line are said, with 64" {
  split dh run f extra
  equal "$status" 64
  within "$errors" '"extra" is one word too many'
  split dh run f --image
  equal "$status" 64
  within "$errors" '--image wants a value'
  split dh run f -x
  equal "$status" 64
  within "$errors" 'There is no option -x'
  split dh nosuch
  equal "$status" 64
  within "$errors" 'There is no command "nosuch"'
  split dh stop a -- b
  equal "$status" 64
  split dh run f --params '[]'
  equal "$status" 64
}

@test "the answer's faults name the options" {
  split dh run f --imge x --service-port abc --action serve
  equal "$status" 1
  within "$errors" '--imge: There is no parameter `imge`. (Did you mean `image`?)'
  within "$errors" '--service-ports[0].port: '
  split dh run f --imge x --json
  equal "$status" 1
  equal "$(jq -r .data.code <<<"$errors")" invalid_params
}

@test "code comes from standard input, byte by byte" {
  export IFS=
  printf 'print("é")\n\n' | dh render --help >/dev/null
  [ "$(printf 'x\n\n' | dh create c --code - --lang python -j | jq -c .spec.code)" = '"x\n\n"' ]
  printf '\377' | { ! dh create c --code - 2>"$BATS_TEST_TMPDIR/err"; }
  within "$(cat "$BATS_TEST_TMPDIR/err")" 'no UTF-8'
}

@test "help tells every command, and the options of each" {
  split dh help
  equal "$status" 0
  for verb in $(jq -r '.verbs[].verb' "$shell/lib/verbs.json"); do
    within "$output" "  $verb"
    split dh "$verb" --help
    equal "$status" 0
    within "$output" "Usage: dh $verb"
    output=$(dh help)
  done
  within "$(dh help run)" '--service-ports ITEM...'
  within "$(dh run -h)" '--action job|serve|build|deploy'
}

@test "without the binary it says where it looked" {
  DH_SIDECAR_BIN=/nothing/here split dh runs
  equal "$status" 127
  within "$errors" /nothing/here
  unset DH_SIDECAR_BIN
  PATH=$shell:/usr/bin:/bin split dh runs
  equal "$status" 127
  within "$errors" "$shell/dh-sidecar"
  within "$errors" quickstart
}
