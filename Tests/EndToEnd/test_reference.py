"""The reference's examples as JSON, with an image that ends at once, as its hello-world does. With programs that stay,
serve and deploy are in test_services.py."""
import os
import shutil
import subprocess
import urllib.parse
import uuid

import pytest

IMAGE = os.environ.get("DH_TEST_IMAGE")
REGISTRY = os.environ.get("DH_TEST_REGISTRY")
FUNCTION = {"kind": "container", "name": "my_function", "image": "hello-world:latest"}
JOB = {"action": "job", "instructions": ["apt install git -y"]}
SERVE = {"action": "serve", "replicas": 2, "service_ports": [{"port": 8080, "targetPort": 8080}],
         "service_type": "NodePort"}
DEPLOY = {"action": "deploy", "replicas": 3, "envs": [{"name": "ENV", "value": "prod"}],
          "volumes": [{"name": "data", "mountPath": "/data"}]}


@pytest.fixture
def project(sidecar):
    """The reference's project and function, its image made here under its own name."""
    sidecar.function(base_image=IMAGE)
    made = sidecar.wait(sidecar.start(action="build", image=FUNCTION["image"],
                                      instructions=['CMD ["echo", "Hello from the image!"]']))
    assert made["status"]["state"] == "COMPLETED", made["status"]
    sidecar.call("getOrCreateProject", name="my_project")
    sidecar.call("createFunction", project="my_project", **FUNCTION)
    yield "my_project"
    for run in sidecar.call("listRuns", project="my_project")["items"]:
        sidecar.call("deleteRun", project="my_project", id=run["id"])


def ended(sidecar, project, **params):
    run = sidecar.call("run", project=project, function="my_function", **params)
    return sidecar.call("waitRun", _timeout=150, project=project, id=run["id"], until="terminal", timeout_seconds=120)


def test_the_job(sidecar, project):
    run = ended(sidecar, project, **JOB)
    assert run["status"]["state"] == "COMPLETED", run["status"]
    assert [each["pointer"] for each in run["status"]["warnings"]] == ["/instructions"]
    log = sidecar.call("getRunLogs", project=project, id=run["id"])["entries"]
    assert [entry["text"] for entry in log] == ["Hello from the image!"]


@pytest.mark.parametrize("example", [SERVE, DEPLOY], ids=["serve", "deploy"])
def test_what_ends_by_itself_is_no_service(sidecar, project, example):
    run = ended(sidecar, project, **example)
    assert (run["status"]["state"], run["status"]["reason"]) == ("ERROR", "CrashLoop"), run["status"]
    assert "ended by itself" in run["status"]["message"] and "Hello from the image!" in run["status"]["message"]


def package(folder):
    """git, as a package has it: the program and the libraries that it wants, each at its place."""
    program = shutil.which("git")
    wanted = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    files = [program, *(word for word in wanted.split() if word.startswith("/"))]
    for file in files:
        place = folder / "root" / file.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(os.path.realpath(file), place)


def test_the_build_has_git_in_it(sidecar, engine, project, tmp_path):
    """No package source is in reach of the engines' builders here, so git comes with the function's source."""
    package(tmp_path / "source")
    image = f"{REGISTRY}/myrepo/myapp-{engine.name}:0.1.0-{uuid.uuid4().hex[:8]}"
    sidecar.call("createFunction", project=project, **FUNCTION, code_src=str(tmp_path / "source"))
    run = ended(sidecar, project, action="build", base_image=IMAGE, image=image,
                instructions=["cp -a /shared/root/. /"])
    assert (run["status"]["state"], run["status"]["image"]) == ("COMPLETED", image), run["status"]
    assert "Id" in engine.get(f"/v1.41/images/{urllib.parse.quote(image, safe='')}/json")
    # The function's image is the built one now.
    job = ended(sidecar, project, action="job", command=shutil.which("git"), args=["--version"])
    assert job["status"]["state"] == "COMPLETED", job["status"]
    log = sidecar.call("getRunLogs", project=project, id=job["id"])["entries"]
    version = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    assert [entry["text"] for entry in log] == [version], log
