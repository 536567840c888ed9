# shellcheck shell=bash
# Completion of dh for bash. Made by clients/shell/completion/generate: change that, not this.
# Source it, or put it under ~/.local/share/bash-completion/completions/ under the name dh.
# shellcheck disable=SC2034,SC2207 # one list of variables for all commands; words are wanted

# What there is by now, asked of dh itself; nothing where it can't answer.
_dh_existing() {
  case $1 in
    function) dh functions --json --all 2>/dev/null | jq -r .name ;;
    id) dh runs --json 2>/dev/null | jq -r .id ;;
    project) dh projects --json --all 2>/dev/null | jq -r .name ;;
    profile) dh profiles --json 2>/dev/null | jq -r '.name // .id' ;;
    secrets) dh secrets --json --all 2>/dev/null | jq -r .name ;;
  esac
}

_dh_command() {
  words='' many='' options='' values='' takes=''
  case $1 in
    create)
      words='-' many=''
      options='--json --platform --help --project --kind --uuid --description --label --embedded --image --base-image --image-pull-policy --command --code-src --code --base64 --handler --lang'
      case $2 in
        --platform) values='local core' ;;
        --kind) values='container' ;;
        --image-pull-policy) values='Always IfNotPresent Never' ;;
        --lang) values='python java javascript typescript dockerfile markdown html json sql css yaml text sh' ;;
        --project) takes=project ;;
        --json | --help | --embedded) ;;
        --*) takes=text ;;
      esac
      ;;
    functions)
      words='function' many=''
      options='--json --platform --help --all --project --versions --limit --cursor'
      case $2 in
        --platform) values='local core' ;;
        --versions) values='latest all' ;;
        --project) takes=project ;;
        --json | --help | --all) ;;
        --*) takes=text ;;
      esac
      ;;
    function)
      words='function' many=''
      options='--json --platform --help --project'
      case $2 in
        --platform) values='local core' ;;
        --project) takes=project ;;
        --json | --help) ;;
        --*) takes=text ;;
      esac
      ;;
    update)
      words='function' many=''
      options='--json --platform --help --project --description --label --embedded --spec'
      case $2 in
        --platform) values='local core' ;;
        --project) takes=project ;;
        --json | --help) ;;
        --*) takes=text ;;
      esac
      ;;
    delete-function)
      words='function' many=''
      options='--json --platform --help --project --cascade --all-versions'
      case $2 in
        --platform) values='local core' ;;
        --project) takes=project ;;
        --json | --help | --cascade | --all-versions) ;;
        --*) takes=text ;;
      esac
      ;;
    run)
      words='function' many=''
      options='--follow --wait --timestamps --json --platform --help --action --affinity --arg --base-image --command --description --env --fs-group --idempotency-key --image --image-pull-policy --instruction --label --node-selector --priority-class --profile --progress-token --project --push --replicas --resources --resources.limits --resources.limits.cpu --resources.limits.mem --resources.limits.gpu --resources.requests --resources.requests.cpu --resources.requests.mem --resources.requests.gpu --resources.cpu --resources.mem --resources.gpu --resources.disk --run-as-group --run-as-user --runtime-class --secret --service-name --service-port --service-type --toleration --ttl-seconds --uuid --volume'
      case $2 in
        --platform) values='local core' ;;
        --action) values='build deploy job serve' ;;
        --image-pull-policy) values='Always IfNotPresent Never' ;;
        --service-type) values='ClusterIP NodePort LoadBalancer ExternalName' ;;
        --profile) takes=profile ;;
        --project) takes=project ;;
        --secret) takes=secrets ;;
        --follow | --wait | --timestamps | --json | --help | --push) ;;
        --*) takes=text ;;
      esac
      ;;
    render)
      words='function' many=''
      options='--json --platform --help --action --affinity --arg --base-image --command --description --env --fs-group --idempotency-key --image --image-pull-policy --instruction --label --node-selector --priority-class --profile --progress-token --project --push --replicas --resources --resources.limits --resources.limits.cpu --resources.limits.mem --resources.limits.gpu --resources.requests --resources.requests.cpu --resources.requests.mem --resources.requests.gpu --resources.cpu --resources.mem --resources.gpu --resources.disk --run-as-group --run-as-user --runtime-class --secret --service-name --service-port --service-type --toleration --ttl-seconds --uuid --volume'
      case $2 in
        --platform) values='local core' ;;
        --action) values='build deploy job serve' ;;
        --image-pull-policy) values='Always IfNotPresent Never' ;;
        --service-type) values='ClusterIP NodePort LoadBalancer ExternalName' ;;
        --profile) takes=profile ;;
        --project) takes=project ;;
        --secret) takes=secrets ;;
        --json | --help | --push) ;;
        --*) takes=text ;;
      esac
      ;;
    runs)
      words='function' many=''
      options='--json --platform --help --all --project --action --name --kind --state --user --created-after --created-before --sort --limit --cursor'
      case $2 in
        --platform) values='local core' ;;
        --action) values='job serve build deploy' ;;
        --sort) values='created updated name' ;;
        --project) takes=project ;;
        --json | --help | --all) ;;
        --*) takes=text ;;
      esac
      ;;
    get)
      words='id' many='yes'
      options='--json --platform --help --project'
      case $2 in
        --platform) values='local core' ;;
        --project) takes=project ;;
        --json | --help) ;;
        --*) takes=text ;;
      esac
      ;;
    wait)
      words='id' many=''
      options='--json --platform --help --project --timeout-seconds --progress-token --until'
      case $2 in
        --platform) values='local core' ;;
        --until) values='running terminal' ;;
        --project) takes=project ;;
        --json | --help) ;;
        --*) takes=text ;;
      esac
      ;;
    follow)
      words='id' many=''
      options='--timestamps --json --platform --help --project --after --logs --log-tail'
      case $2 in
        --platform) values='local core' ;;
        --project) takes=project ;;
        --timestamps | --json | --help | --logs) ;;
        --*) takes=text ;;
      esac
      ;;
    logs)
      words='id' many=''
      options='--follow --timestamps --json --platform --help --project --timeout-seconds --tail --since --after'
      case $2 in
        --platform) values='local core' ;;
        --project) takes=project ;;
        --follow | --timestamps | --json | --help) ;;
        --*) takes=text ;;
      esac
      ;;
    stop)
      words='id' many='yes'
      options='--json --platform --help --project --grace-seconds'
      case $2 in
        --platform) values='local core' ;;
        --project) takes=project ;;
        --json | --help) ;;
        --*) takes=text ;;
      esac
      ;;
    resume)
      words='id' many='yes'
      options='--json --platform --help --project'
      case $2 in
        --platform) values='local core' ;;
        --project) takes=project ;;
        --json | --help) ;;
        --*) takes=text ;;
      esac
      ;;
    delete)
      words='id' many='yes'
      options='--json --platform --help --project'
      case $2 in
        --platform) values='local core' ;;
        --project) takes=project ;;
        --json | --help) ;;
        --*) takes=text ;;
      esac
      ;;
    metrics)
      words='id' many=''
      options='--json --platform --help --project --name'
      case $2 in
        --platform) values='local core' ;;
        --project) takes=project ;;
        --json | --help) ;;
        --*) takes=text ;;
      esac
      ;;
    apply)
      words='path' many=''
      options='--json --platform --help --project --text'
      case $2 in
        --platform) values='local core' ;;
        --project) takes=project ;;
        --json | --help) ;;
        --*) takes=text ;;
      esac
      ;;
    validate)
      words='path' many=''
      options='--json --platform --help --project --text'
      case $2 in
        --platform) values='local core' ;;
        --project) takes=project ;;
        --json | --help) ;;
        --*) takes=text ;;
      esac
      ;;
    projects)
      words='' many=''
      options='--json --platform --help --all --name --limit --cursor'
      case $2 in
        --platform) values='local core' ;;
        --json | --help | --all) ;;
        --*) takes=text ;;
      esac
      ;;
    project)
      words='project' many=''
      options='--json --platform --help --description --label'
      case $2 in
        --platform) values='local core' ;;
        --json | --help) ;;
        --*) takes=text ;;
      esac
      ;;
    delete-project)
      words='project' many=''
      options='--json --platform --help --cascade'
      case $2 in
        --platform) values='local core' ;;
        --json | --help | --cascade) ;;
        --*) takes=text ;;
      esac
      ;;
    secrets)
      words='' many=''
      options='--json --platform --help --all --project --limit --cursor'
      case $2 in
        --platform) values='local core' ;;
        --project) takes=project ;;
        --json | --help | --all) ;;
        --*) takes=text ;;
      esac
      ;;
    set-secret)
      words='secrets' many=''
      options='--json --platform --help --project --value'
      case $2 in
        --platform) values='local core' ;;
        --project) takes=project ;;
        --json | --help) ;;
        --*) takes=text ;;
      esac
      ;;
    delete-secret)
      words='secrets' many=''
      options='--json --platform --help --project'
      case $2 in
        --platform) values='local core' ;;
        --project) takes=project ;;
        --json | --help) ;;
        --*) takes=text ;;
      esac
      ;;
    tasks)
      words='function' many=''
      options='--json --platform --help --all --project --action --limit --cursor'
      case $2 in
        --platform) values='local core' ;;
        --action) values='job serve build deploy' ;;
        --project) takes=project ;;
        --json | --help | --all) ;;
        --*) takes=text ;;
      esac
      ;;
    profiles)
      words='' many=''
      options='--json --platform --help --all'
      case $2 in
        --platform) values='local core' ;;
        --json | --help | --all) ;;
        --*) takes=text ;;
      esac
      ;;
    capabilities)
      words='' many=''
      options='--json --platform --help'
      case $2 in
        --platform) values='local core' ;;
        --json | --help) ;;
        --*) takes=text ;;
      esac
      ;;
  esac
}

_dh() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]}
  local words many options values takes index place=0
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W 'create functions function update delete-function run render runs get wait follow logs stop resume delete metrics apply validate projects project delete-project secrets set-secret delete-secret tasks profiles capabilities call doctor help version' -- "$current"))
    return
  fi
  _dh_command "$verb" "$previous"
  if [ -n "$values" ]; then COMPREPLY=($(compgen -W "$values" -- "$current")); return; fi
  case $takes in
    '') ;;
    text) COMPREPLY=($(compgen -f -- "$current")); return ;;
    *) COMPREPLY=($(compgen -W "$(_dh_existing "$takes")" -- "$current")); return ;;
  esac
  if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$current")); return; fi
  # Which of the command's words this is.
  for ((index = 2; index < COMP_CWORD; index++)); do
    [[ ${COMP_WORDS[index]} == -* ]] && continue
    _dh_command "$verb" "${COMP_WORDS[index - 1]}"
    if [ -z "$values$takes" ]; then place=$((place + 1)); fi
  done
  _dh_command "$verb" ''
  # shellcheck disable=SC2206 # words are wanted
  words=($words)
  if [ -n "$many" ]; then place=0; fi
  case ${words[place]:-} in
    '' | -) ;;
    path) COMPREPLY=($(compgen -f -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$(_dh_existing "${words[place]}")" -- "$current")) ;;
  esac
}
complete -o filenames -F _dh dh
