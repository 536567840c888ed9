"""The everyday functions of the official SDK (`import digitalhub as dh`), over a sidecar."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, Union

from ._errors import CallError

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._function import Function
    from ._project import Project
    from ._run import Run
    from ._secret import Secret
    from ._types import FunctionOptions

    ProjectName = Union[str, Project, None]

PAGE = 1000


class Applied(NamedTuple):
    """What a file has become."""

    function: Function
    runs: dict[str, Run]
    warnings: list[dict[str, Any]]


class Face:
    """What is created in no project that is named goes into the one last got, as in the SDK; without one the sidecar
    decides (DH_SIDECAR_PROJECT, the settings, `default`)."""

    current_project: Optional[str]

    def call(self, method: str, params: Any = None, *, timeout: Optional[float] = None, on_progress: Any = None) -> Any:
        raise NotImplementedError

    # MARK: projects

    def get_or_create_project(self, name: str, description: Optional[str] = None,
                              labels: Optional[list[str]] = None) -> Project:
        """The project of that name, made where it is missing; from now on it is the one that is meant."""
        project = self._project(self.call("getOrCreateProject", _given(
            name=name, description=description, labels=labels)))
        self.current_project = project.name
        return project

    def new_project(self, name: str, description: Optional[str] = None,
                    labels: Optional[list[str]] = None) -> Project:
        return self.get_or_create_project(name, description, labels)

    def get_project(self, name: str) -> Project:
        """The project of that name; from now on it is the one that is meant."""
        project = self._project(self.call("getProject", {"name": name}))
        self.current_project = project.name
        return project

    def list_projects(self) -> list[Project]:
        return [self._project(data) for data in self._pages("listProjects", {})]

    def delete_project(self, name: str, cascade: bool = True) -> None:
        self.call("deleteProject", {"name": name, "cascade": cascade})
        if self.current_project == name:
            self.current_project = None

    # MARK: functions

    def new_function(self, project: ProjectName = None, name: Optional[str] = None, kind: Optional[str] = None,
                     **options: Unpack[FunctionOptions]) -> Function:
        """Creates a function, or a new version where the name is taken."""
        return self._function(self.call("createFunction", {**self._in(project, name=name, kind=kind), **options}))

    def get_function(self, identifier: str, project: ProjectName = None, entity_id: Optional[str] = None) -> Function:
        """By name (the latest version, or that with the id `entity_id`), id, or key."""
        return self._function(self.call("getFunction", self._in(project, function=entity_id or identifier)))

    def get_function_versions(self, identifier: str, project: ProjectName = None) -> list[Function]:
        """All versions of a name, newest first."""
        return self.list_functions(project, name=identifier, versions="all")

    def list_functions(self, project: ProjectName = None, *, name: Optional[str] = None,
                       versions: Optional[str] = None, **filters: Any) -> list[Function]:
        """The latest version of each, newest first; with `versions="all"` every version."""
        params = {**self._in(project, name=name, versions=versions), **filters}
        return [self._function(data) for data in self._pages("listFunctions", params)]

    def delete_function(self, identifier: str, project: ProjectName = None, entity_id: Optional[str] = None,
                        delete_all_versions: bool = False, cascade: bool = True) -> None:
        """Deletes a version; with `cascade` its runs too."""
        self.call("deleteFunction", {
            **self._in(project, function=entity_id or identifier), "cascade": cascade,
            **({"all_versions": True} if delete_all_versions else {})})

    # MARK: runs

    def get_run(self, identifier: str, project: ProjectName = None) -> Run:
        """By id or key."""
        return self._run(self.call("getRun", self._in(project, id=identifier)))

    def list_runs(self, project: ProjectName = None, *, function: Union[str, Function, None] = None,
                  action: Optional[str] = None, state: Union[str, list[str], None] = None, name: Optional[str] = None,
                  kind: Optional[str] = None, user: Optional[str] = None, created_after: Optional[str] = None,
                  created_before: Optional[str] = None, sort: Optional[str] = None, **filters: Any) -> list[Run]:
        """The runs, newest first."""
        params = self._in(
            project, function=function if function is None or isinstance(function, str) else function.id, action=action,
            state=state, name=name, kind=kind, user=user, created_after=created_after, created_before=created_before,
            sort=sort)
        return [self._run(data) for data in self._pages("listRuns", {**params, **filters})]

    def delete_run(self, identifier: str, project: ProjectName = None) -> None:
        self.call("deleteRun", self._in(project, id=identifier))

    # MARK: secrets

    def new_secret(self, project: ProjectName = None, name: Optional[str] = None,
                   secret_value: Optional[str] = None) -> Secret:
        """Sets or replaces a secret; runs name it in `secrets`."""
        return self._secret(self.call("setSecret", self._in(project, name=name, value=secret_value)))

    def get_secret(self, identifier: str, project: ProjectName = None) -> Secret:
        for secret in self.list_secrets(project):
            if identifier in (secret.name, secret.id, secret.key):
                return secret
        raise LookupError(f"there is no secret {identifier!r}")

    def list_secrets(self, project: ProjectName = None) -> list[Secret]:
        """Without their values."""
        return [self._secret(data) for data in self._pages("listSecrets", self._in(project))]

    def delete_secret(self, identifier: str, project: ProjectName = None) -> None:
        self.call("deleteSecret", self._in(project, name=identifier))

    # MARK: the rest

    def apply(self, path: Union[str, os.PathLike[str], None] = None, *, text: Optional[str] = None,
              project: ProjectName = None) -> Applied:
        """Makes the function and the runs of a `*.container.yaml` file, given by path or as text; what is there already
        stays as it is. A project that the file names wins over the one last got."""
        file = _given(path=None if path is None else os.path.abspath(path), text=text)
        try:
            applied = self.call("apply", {**self._in(project), **file})
        except CallError as error:
            if project is not None or not any(_is_conflict_of_projects(fault) for fault in error.errors):
                raise
            # Nothing was made.
            applied = self.call("apply", file)
        runs = {name: self._run(data) for name, data in applied["runs"].items()}
        return Applied(self._function(applied["function"]), runs, applied.get("warnings") or [])

    def validate(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Checks the params of a call without making it: {valid, errors, warnings}."""
        return dict(self.call("validate", {"method": method, "params": params}))

    # MARK: shared

    def _in(self, project: ProjectName, **params: Any) -> dict[str, Any]:
        """Params with their project, without those that are None."""
        name = project if project is None or isinstance(project, str) else project.name
        return _given(project=name or self.current_project, **params)

    def _pages(self, method: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        """All items of a list; of no more than `limit` where that is given."""
        limit = params.get("limit")
        items: list[dict[str, Any]] = []
        cursor = params.pop("cursor", None)
        while True:
            page = self.call(method, {"limit": PAGE, **params, **_given(cursor=cursor)})
            items += page["items"]
            cursor = page.get("next_cursor")
            if cursor is None or (limit is not None and len(items) >= limit):
                return items

    def _project(self, data: dict[str, Any]) -> Project:
        from ._project import Project

        return Project(self, data)  # type: ignore[arg-type]

    def _function(self, data: dict[str, Any]) -> Function:
        from ._function import Function

        return Function(self, data)  # type: ignore[arg-type]

    def _run(self, data: dict[str, Any]) -> Run:
        from ._run import Run

        return Run(self, data)  # type: ignore[arg-type]

    def _secret(self, data: dict[str, Any]) -> Secret:
        from ._secret import Secret

        return Secret(self, data)  # type: ignore[arg-type]


def _given(**params: Any) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


def _is_conflict_of_projects(fault: dict[str, Any]) -> bool:
    return fault.get("pointer") == "/project" and fault.get("rule") == "conflict"
