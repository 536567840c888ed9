"""What the tests of the Core platform share: a Core of each release line, and a sidecar that is pointed at it."""
import pytest
from core_double import CoreDouble
from sidecar import CallError, Sidecar, clean_environment


LEVELS = [13, 14, 15]
PROJECT = "my-project"


@pytest.fixture(params=LEVELS)
def core(request):
    with CoreDouble(request.param) as double:
        yield double


@pytest.fixture
def core15():
    with CoreDouble(15) as double:
        yield double


def environment_of(core, tmp_path, **changes):
    own = {"HOME": tmp_path, "XDG_STATE_HOME": tmp_path / "state", "XDG_CONFIG_HOME": tmp_path / "config",
           "DHCORE_ENDPOINT": core.endpoint, "DH_SIDECAR_PROJECT": PROJECT}
    return clean_environment(**{**own, **changes})


def connect(core, tmp_path, arguments=(), **changes):
    return Sidecar(environment_of(core, tmp_path, **changes), arguments)


@pytest.fixture
def sidecar(core, tmp_path):
    with connect(core, tmp_path) as process:
        process.call("getOrCreateProject", name=PROJECT)
        yield process


@pytest.fixture
def sidecar15(core15, tmp_path):
    with connect(core15, tmp_path) as process:
        process.call("getOrCreateProject", name=PROJECT)
        yield process


def function(sidecar, name="my_function", **params):
    return sidecar.call("createFunction", name=name, kind="container", **{"image": "hello-world:latest", **params})


def warnings(run):
    return {(each["pointer"], each["code"]) for each in run["status"].get("warnings", [])}


def refused(call, *args, **kwargs):
    with pytest.raises(CallError) as error:
        call(*args, **kwargs)
    return error.value
