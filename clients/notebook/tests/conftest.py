"""An environment for kernels, and what the outputs of an executed notebook say."""
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """Of a kernel whose sidecar uses the lab's Podman and a catalog of its own; nothing of the user's Jupyter."""
    folder = tmp_path_factory.mktemp("home")
    steering = ("DH_SIDECAR_", "DHCORE_", "DH_CONFIG", "DH_NAME")
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(steering) or name == "DH_SIDECAR_BIN"}
    host = os.environ["DH_TEST_PODMAN_HOST"]
    homes = {name: str(folder / name.lower()) for name in (
        "XDG_STATE_HOME", "XDG_CONFIG_HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR",
        "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")}
    return {**env, **homes, "DOCKER_HOST": host, "CONTAINER_HOST": host, "IMAGE": os.environ["DH_TEST_IMAGE"]}


class Executed:
    """A notebook that was executed."""

    def __init__(self, notebook, environment):
        self.notebook = notebook
        NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True).execute(env=environment)

    def outputs(self, marker):
        """Those of the one cell that has the marker in its source."""
        cells = [cell for cell in self.notebook.cells if cell.cell_type == "code" and marker in cell.source]
        assert len(cells) == 1, marker
        return cells[0].outputs

    def data(self, marker, kind):
        return "\n".join(output["data"].get(kind, "") for output in self.outputs(marker) if "data" in output)

    def text(self, marker):
        """All that a plain reader sees: streams, text/plain, errors."""
        parts = []
        for output in self.outputs(marker):
            parts.append(output.get("text") or output.get("data", {}).get("text/plain") or output.get("evalue", ""))
        return "\n".join(parts)

    def errors(self):
        return [output["evalue"] for cell in self.notebook.cells if cell.cell_type == "code"
                for output in cell.outputs if output.output_type == "error"]


@pytest.fixture(scope="session")
def example(environment):
    """example.ipynb, executed from the top to the end."""
    return Executed(nbformat.read(HERE / "example.ipynb", 4), environment)


BEGINNING = """
import os, time
import digitalhub_sidecar as dh
%load_ext digitalhub_sidecar
IMAGE = os.environ["IMAGE"]
shell = dh.new_function(project=dh.get_or_create_project("test").name, name="shell", kind="container", image=IMAGE,
                        command="sh")
"""


@pytest.fixture
def execute(environment):
    def run(*cells):
        made = [nbformat.v4.new_code_cell(source) for source in (BEGINNING, *cells)]
        return Executed(nbformat.v4.new_notebook(cells=made), environment)
    return run


def states(text):
    return re.findall(r"\b(?:CREATED|BUILT|READY|PENDING|RUNNING|COMPLETED|ERROR|STOP|STOPPED)\b", text)
