"""What the caller wanted in each of the SDK's recorded scenarios, as calls of the sidecar, and what had to be there
before: the intents of test_core_traces.py."""
import collections
import functools
import os
import time

from core_traces import PROJECT, Trace


class World:
    """A Core, and a sidecar that lives through the same session as the SDK did."""

    def __init__(self, trace, core, sidecar, home):
        self.trace, self.core, self.sidecar, self.home = trace, core, sidecar, home
        self.level = trace.level
        # That of `my-function`, which the SDK made in this scenario.
        self.function_id = Trace(f"{trace.line}/02_new_function").posted("functions")["id"]
        self.last = None

    def call(self, _method, **params):
        return self.sidecar.call(_method, **params)

    def new_function(self, name, **params):
        """Under the id that the SDK gave it, where it got so far."""
        if any(request.method == "POST" for request in self.trace.requests):
            params.setdefault("uuid", self.trace.posted("functions")["id"])
        return self.call("createFunction", name=name, kind="container", **params)

    def run(self, action, **params):
        self.last = self.call("run", function=self.function_id, action=action, **params)
        return self.last

    def get(self, **params):
        return self.call("getRun", id=self.last["id"], **params)

    def until(self, *states):
        end = time.monotonic() + 20
        while self.get()["status"]["state"] not in states:
            assert time.monotonic() < end, self.get()["status"]
            time.sleep(0.01)


# What has to be there before: prepared by the sidecar itself, so that it remembers what the SDK's objects remember.

def nothing(world):
    pass


def project(world):
    world.call("getOrCreateProject", name=PROJECT)


def function(world):
    project(world)
    world.call("createFunction", name="my-function", kind="container", image="hello-world:latest",
               uuid=world.function_id)


def job(world, **params):
    function(world)
    world.run("job", **params)


def finished_job(world):
    job(world)
    world.until("COMPLETED")


def new_job(world):
    """One that does not get to run: PENDING, or READY at level 13, which has no PENDING."""
    world.core.options(pace={"ready": 60_000 if world.level == 13 else 1, "pending": 60_000})
    job(world)
    world.until("READY" if world.level == 13 else "PENDING")


def serve(world):
    function(world)
    world.run("serve", service_ports=[{"port": 8080, "target_port": 8080}])


def serving(world):
    serve(world)
    world.until("RUNNING")


def stopped(world):
    serving(world)
    world.call("stopRun", id=world.last["id"])


def deploy_task_at_13(world):
    """The SDK of 0.13 had made the task in the scenario before, which failed then; that of 0.15 has no deploy."""
    function(world)
    if world.level == 13:
        world.run("deploy")


def jobs_and_serve(world):
    serve(world)
    for _ in range(6):
        world.run("job")
    world.until("COMPLETED")


def many_jobs(world):
    """The 71 of the recording: made behind the sidecar's back, but for the first."""
    job(world)
    path = f"/-/{PROJECT}/runs"
    first = world.core.api("GET", f"{path}/{world.last['id']}")
    spec = {"task": first["spec"]["task"], "function": first["spec"]["function"]}
    for number in range(70):
        world.core.api("POST", path, {"kind": first["kind"], "spec": spec, "id": f"{number:032x}"})


def forced(state):
    def prepare(world):
        job(world)
        world.core.force(world.last["id"], state)
    return prepare


def faulty(prepare, kind, **fault):
    def prepared(world):
        prepare(world)
        world.core.fault(kind, **fault)
    return prepared


def level(text):
    def prepare(world):
        job(world)
        world.core.options(api_level=text)
    return prepare


# The intents.

# `prepare` and `act` take the world; `act`'s answer is given to `check` with the world. `error`: the code of ours, or
# one by level; None: none. `pointer`: where the error is. `polls`: a wait, whose reads of one run count as one.
Intent = collections.namedtuple("Intent", "act prepare check error pointer polls options",
                                defaults=[function, None, None, None, False, {}])


def creating(name, **params):
    return lambda world: world.new_function(name, **params)


def running(action, **params):
    return lambda world: world.run(action, **params)


def calling(method, **params):
    """`id` stands for the last run's, `function` for that of my-function, unless given."""
    def act(world):
        return world.call(method, **{name: value(world) if callable(value) else value
                                     for name, value in params.items()})
    return act


def last_id(world):
    return world.last["id"]


def function_id(world):
    return world.function_id


def local_source(world):
    path = os.path.join(world.home, "src.py")
    with open(path, "w") as file:
        file.write("print(1)\n")
    return world.new_function("x4", image="python:3.11", command="python", code_src=path, handler="main")


def full_job(world):
    params = dict(volumes=[{"volume_type": "persistent_volume_claim", "name": "data", "mount_path": "/data",
                            "spec": {"size": "10Gi"}}], envs=[{"name": "FOO", "value": "bar"}], secrets=["S1"],
                  profile="template-a100", args=["--x"], run_as_user=1000, run_as_group=1000, fs_group=1000)
    if world.level == 13:
        params |= dict(resources=EXAMPLE_RESOURCES, node_selector=[{"key": "k", "value": "v"}],
                       tolerations=[{"key": "x", "operator": "Exists"}])
    else:
        params |= dict(resources={"cpu": "1", "mem": "512Mi"})
    return world.run("job", **params)


def job_and_secret(world):
    job(world)
    world.call("setSecret", name="S1", value="v")


def state_is(*states):
    return lambda world, run: run["status"]["state"] in states


def warns_of(pointer, code):
    return lambda world, run: (pointer, code) in {
        (each["pointer"], each["code"]) for each in run["status"].get("warnings", [])}


def texts_are(*texts):
    return lambda world, logs: [entry["text"] for entry in logs["entries"]] == list(texts)


def total_is(total):
    return lambda world, page: page["total"] == total == len(page["items"]) and page["next_cursor"] is None


def is_last(world, run):
    return run["id"] == world.last["id"]


def says_the_release_is_unknown(world, run):
    told = world.call("getCapabilities")["warnings"]
    return is_last(world, run) and [each["code"] for each in told] == ["core_release"]


PORTS = {"service_ports": [{"port": 8080, "targetPort": 8080}], "service_type": "NodePort", "replicas": 2}
SNAKE_PORTS = {**PORTS, "service_ports": [{"port": 8080, "target_port": 8080}]}
SHORT_VOLUME = [{"name": "data", "mountPath": "/data"}]
EMPTY_DIR = [{"volume_type": "empty_dir", "name": "data", "mount_path": "/data"}]
EXAMPLE_RESOURCES = {"limits": {"cpu": "1", "memory": "512Mi"}, "requests": {"cpu": "250m", "memory": "128Mi"}}
GET_LAST = calling("getRun", id=last_id)

INTENTS = {
    "01_get_or_create_project": Intent(
        calling("getOrCreateProject", name=PROJECT), nothing, lambda world, made: made["name"] == PROJECT),
    "01b_get_or_create_project_underscore_seed": Intent(
        calling("getOrCreateProject", name="my_project"), nothing, error="invalid_params", pointer="/name"),
    "02_new_function": Intent(creating("my-function", image="hello-world:latest"), project),
    "02b_new_function_underscore_seed": Intent(creating("my_function", image="hello-world:latest"), project),
    "02c_new_function_base_for_build": Intent(
        creating("my-build", image="myrepo/myapp:0.1.0", base_image="python:3.11-slim", command="python",
                 code="print('hi')", handler="main"), project),
    "03_run_job_seed_example": Intent(
        running("job", instructions=["apt install git -y"]), check=warns_of("/instructions", "no_effect")),
    "04_run_refresh": Intent(GET_LAST, finished_job, state_is("COMPLETED")),
    "05_run_wait": Intent(calling("waitRun", id=last_id), job, state_is("COMPLETED"), polls=True),
    "06_run_logs": Intent(calling("getRunLogs", id=last_id), finished_job, texts_are("Hello from Docker!")),
    "07_run_job_second_uses_cached_task": Intent(running("job", args=["a", "b"]), job),
    "08_run_job_full_params": Intent(full_job, job_and_secret, warns_of("/volumes/0", "not_persistent")),
    "09_run_resources_seed_format_error": Intent(
        running("job", resources=EXAMPLE_RESOURCES), job, error={15: "unsupported_parameter"},
        pointer="/resources/limits/cpu"),
    "10_run_build_seed_example": Intent(
        running("build", base_image="python:3.11-slim", instructions=["apt-get update && apt-get install -y git"],
                image="myrepo/myapp:0.1.0"), check=warns_of("/image", "new_version")),
    "11_run_serve_seed_example_targetPort": Intent(running("serve", **PORTS), check=warns_of("/replicas", "no_effect")),
    "12_run_serve_snake_case_ports": Intent(
        running("serve", **SNAKE_PORTS), serve, warns_of("/replicas", "no_effect")),
    "13_serve_wait": Intent(calling("waitRun", id=last_id), serve, lambda world, run: run["status"]["service"]["url"],
                            polls=True),
    "14_run_stop": Intent(calling("stopRun", id=last_id), serving, state_is("STOPPED"), polls=True),
    "15_run_refresh_after_stop": Intent(GET_LAST, stopped, state_is("STOPPED")),
    "16_run_resume": Intent(calling("resumeRun", id=last_id), stopped, state_is("RESUME", "RUNNING"),
                            error={15: "unsupported_method"}, polls=True),
    "17_run_deploy_seed_example": Intent(
        running("deploy", replicas=3, envs=[{"name": "ENV", "value": "prod"}], volumes=SHORT_VOLUME),
        check=warns_of("/volumes/0", "no_effect")),
    "18_run_deploy_valid": Intent(
        running("deploy", replicas=3, envs=[{"name": "ENV", "value": "prod"}], volumes=EMPTY_DIR),
        deploy_task_at_13),
    "19_run_bad_action": Intent(running("fly"), error="invalid_params", pointer="/action"),
    "20_function_list_runs": Intent(calling("listRuns", function=function_id), jobs_and_serve, total_is(7)),
    "21_list_runs_filtered": Intent(
        lambda world: world.call("listRuns", function=world.function_id, state="COMPLETED",
                                 kind="container+run" if world.level == 13 else "container+job:run"),
        jobs_and_serve, lambda world, page: page["items"] and all(map(functools.partial(state_is("COMPLETED"), world),
                                                                      page["items"]))),
    "22_function_get_run": Intent(GET_LAST, jobs_and_serve, is_last),
    "23_get_run_by_id": Intent(GET_LAST, job, is_last),
    "24_get_run_by_key": Intent(calling("getRun", id=lambda world: world.last["key"]), job, is_last),
    "25_get_run_404": Intent(calling("getRun", id="does-not-exist"), project, error="run_not_found"),
    "26_get_function_latest_by_name": Intent(
        calling("getFunction", function="my-function"), check=lambda world, made: made["id"] == world.function_id),
    "27_get_function_by_key": Intent(
        lambda world: world.call("getFunction", function=f"store://my-project/function/container/my-function:"
                                 f"{world.function_id}"),
        check=lambda world, made: made["id"] == world.function_id),
    "28_get_function_versions": Intent(
        calling("listFunctions", name="my-function", versions="all"), check=total_is(1)),
    "29_list_functions": Intent(calling("listFunctions"), check=total_is(1)),
    "30_update_function": Intent(calling("updateFunction", function=function_id, labels=["prod"]),
                                 check=lambda world, made: made["metadata"]["labels"] == ["prod"]),
    "31_new_function_fresh_version_same_name": Intent(creating("my-function", image="alpine:3", command="echo")),
    "32_new_function_duplicate_uuid_400": Intent(creating("my-function", image="x"), error="already_exists"),
    "33_fault_409_on_create": Intent(
        creating("c9", image="x"), faulty(project, "status", method="POST", suffix="/functions", status=409,
                                          message="Conflict"), error="already_exists"),
    "34_fault_500_on_refresh": Intent(
        GET_LAST, faulty(job, "status", method="GET", path="/runs/", status=500, message="boom", count=100),
        error="core_unavailable"),
    "35_fault_400_validation": Intent(
        running("job"), faulty(job, "status", method="POST", suffix="/runs", status=400, message="invalid task")),
    # Nobody has said who they are in these recordings.
    "36_fault_403": Intent(
        GET_LAST, faulty(job, "status", method="GET", path="/runs/", status=403, message="Forbidden"),
        error="credentials_missing"),
    "37_fault_html_body_200": Intent(GET_LAST, faulty(job, "html", method="GET", path="/runs/"),
                                     error="core_invalid_answer"),
    "38_api_level_too_high": Intent(GET_LAST, level("99"), says_the_release_is_unknown),
    "39_api_level_too_low": Intent(GET_LAST, level("1"), says_the_release_is_unknown),
    "39b_api_level_empty": Intent(GET_LAST, level(""), is_last),
    "40_delete_run": Intent(calling("deleteRun", id=last_id), finished_job, state_is("DELETED"), polls=True),
    "41_delete_function_cascade": Intent(calling("deleteFunction", function=function_id, cascade=True), job),
    "42_delete_function_all_versions": Intent(
        calling("deleteFunction", function="my-function", all_versions=True, cascade=True), job),
    "43_new_secret": Intent(calling("setSecret", name="S1", value="v"), project),
    "44_function_bad_pull_policy": Intent(
        creating("x1", image="x", image_pull_policy="Sometimes"), project, error="invalid_params",
        pointer="/image_pull_policy"),
    "45_function_unknown_kwarg": Intent(
        creating("x2", image="x", nonsense=1), project, error="invalid_params", pointer="/nonsense"),
    "46_function_bad_name": Intent(creating("bad name!", image="x"), project, error="invalid_params", pointer="/name"),
    "47_function_bad_uuid": Intent(
        creating("x3", image="x", uuid="NOT_A_UUID"), project, error="invalid_params", pointer="/uuid"),
    "48_function_code_src_local": Intent(local_source, project),
    "49_function_code_src_git": Intent(
        creating("x5", image="python:3.11", code_src="git+https://github.com/a/b#main", handler="m:f"), project),
    "50_serve_bad_service_type": Intent(
        running("serve", service_type="Nope"), serve, error="invalid_params", pointer="/service_type"),
    "51_run_bad_run_as_user_type": Intent(
        running("job", run_as_user="root"), job, error="invalid_params", pointer="/run_as_user"),
    "52_run_negative_run_as_user": Intent(
        running("job", run_as_user=-5, fs_group=0), job, error="invalid_params", pointer="/run_as_user"),
    "53_run_as_string_args": Intent(running("job", args="a b"), job, error="invalid_params", pointer="/args"),
    "54_run_bad_volume_seed_shape": Intent(
        running("job", volumes=SHORT_VOLUME), job, warns_of("/volumes/0", "no_effect")),
    "55_run_config_map_volume": Intent(
        running("job", volumes=[{"volume_type": "config_map", "name": "c", "mount_path": "/c"}]), job,
        error="unsupported_parameter", pointer="/volumes/0"),
    "56_run_resources_bad_pattern": Intent(
        running("job", resources={"cpu": "lots"}), job, error="invalid_params", pointer="/resources/cpu"),
    "57_run_resources_half_core": Intent(
        running("job", resources={"cpu": "0.5", "mem": "1Gi", "disk": "10Gi"}), job,
        error={13: "unsupported_parameter"}, pointer="/resources/disk"),
    # By its name a `retry` was given too; the requests are those of 52, the container runtime has no such parameter.
    "58_run_negative_retry": Intent(
        running("job", run_as_user=-5, fs_group=0), job, error="invalid_params", pointer="/run_as_user"),
    "59_list_many_pages": Intent(calling("listRuns", function=function_id, limit=1000), many_jobs, total_is(71)),
    "60_logs_core_0.15.1_shape": Intent(
        calling("getRunLogs", id=last_id), finished_job, texts_are("Hello from Docker!"),
        options={"log_shape": "flat"}),
    "61_logs_empty": Intent(calling("getRunLogs", id=last_id), new_job, texts_are()),
    "62_refresh_unknown_state": Intent(GET_LAST, forced("WEIRD"), state_is("WEIRD")),
    "63_wait_on_error": Intent(calling("waitRun", id=last_id), forced("ERROR"), state_is("ERROR"), polls=True),
    "64_pending_stop_noop_200": Intent(
        calling("stopRun", id=last_id), new_job, lambda world, run: state_is("DELETED")(world, run) and
        warns_of("", "deleted")(world, run), polls=True),
}
