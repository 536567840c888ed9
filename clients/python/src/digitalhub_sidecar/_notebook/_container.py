"""The magic `%%container`: the cell's Dockerfile is built, or the cell's script is run in a container."""
from __future__ import annotations

import re
import shlex
from typing import Any, Optional

LANGUAGES = {"python": "python3", "sh": "sh", "javascript": "node"}
"""The program that runs a script, by the language as createFunction knows it."""

_INSTRUCTIONS = ("ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL ONBUILD RUN SHELL STOPSIGNAL USER "
                 "VOLUME WORKDIR").split()
_INTERPRETERS = {"python": "python", "node": "javascript", "sh": "sh", "bash": "sh"}


def container(line: str, cell: str) -> Any:
    """%%container NAME [options]: builds the cell's Dockerfile, or runs the cell's script.

    See `%%container --help`."""
    from IPython import get_ipython

    from .. import new_function
    from ._live import TERMINAL, display_run

    options = parse(line)
    if options is None:
        return None
    function_params, action, run_params = plan(options, cell)
    function: Any = new_function(project=options.project, **function_params)
    run = function.run(action, **run_params)
    follower = display_run(run)
    if options.output:
        get_ipython().user_ns[options.output] = run
    if options.detach:
        return None
    try:
        run.wait(log_info=False)
    except KeyboardInterrupt:
        print("The run goes on; the run's stop() ends it.")
        raise
    if run.status.state in TERMINAL:
        follower.join(5)
    return None


def parse(line: str) -> Any:
    """The options, or None where only help was asked for; what is wrong with them is IPython's UsageError."""
    from IPython.core.error import UsageError
    from IPython.core.magic_arguments import MagicArgumentParser

    parser = MagicArgumentParser(prog="%%container", description="Builds the cell's Dockerfile, or runs its script.")
    parser.add_argument("name", help="the function's name; another cell of the same name makes a new version")
    parser.add_argument("--image", help="what a script runs in, or what a Dockerfile without FROM starts from")
    parser.add_argument("--tag", help="the name of the image that is built; made up unless given")
    parser.add_argument("--lang", choices=sorted(LANGUAGES), help="the script's language, where no #! line says it")
    parser.add_argument("--action", choices=["job", "serve", "deploy"], default="job", help="of a script; job")
    parser.add_argument("--arg", action="append", default=[], metavar="TEXT", help="for the script; may be repeated")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
    parser.add_argument("--secret", action="append", default=[], metavar="NAME", help="may be repeated")
    parser.add_argument("--port", action="append", default=[], metavar="PORT[:TARGET]", help="of a serve")
    parser.add_argument("--project")
    parser.add_argument("-o", "--output", metavar="VARIABLE", help="the variable that gets the run")
    parser.add_argument("--detach", action="store_true", help="do not wait for it")
    words = shlex.split(line)
    if any(word in ("-h", "--help") for word in words):
        parser.print_help()
        return None
    options = parser.parse_args(words)
    if options.output and not options.output.isidentifier():
        raise UsageError(f"--output {options.output} is no name of a variable.")
    for pair in options.env:
        if not pair.partition("=")[1]:
            raise UsageError(f"--env {pair} has no =; give NAME=VALUE.")
    for port in options.port:
        if not re.fullmatch(r"\d+(:\d+)?", port):
            raise UsageError(f"--port {port} is not PORT or PORT:TARGET.")
    return options


def plan(options: Any, cell: str) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """The function's params, the action and the run's params."""
    from IPython.core.error import UsageError

    function: dict[str, Any] = {"name": options.name, "kind": "container"}
    run: dict[str, Any] = {}
    if options.env:
        pairs = [pair.partition("=") for pair in options.env]
        run["envs"] = [{"name": name, "value": value} for name, _, value in pairs]
    if is_dockerfile(cell):
        for name in ("arg", "secret", "port"):
            if getattr(options, name):
                raise UsageError(f"--{name} is for scripts; this cell is a Dockerfile, which is built.")
        if not re.search(r"^\s*FROM\s", cell, re.MULTILINE | re.IGNORECASE):
            if not options.image:
                raise UsageError("The Dockerfile has no FROM: write one, or give --image.")
            cell = f"FROM {options.image}\n{cell}"
        function.update(code=cell, lang="dockerfile", **({"image": options.tag} if options.tag else {}))
        return function, "build", run
    if not options.image:
        raise UsageError("A script needs --image, what it runs in.")
    if options.tag:
        raise UsageError("--tag is for Dockerfiles; this cell is a script.")
    language = options.lang or language_of(cell)
    if not language:
        raise UsageError("The script's language is unknown: begin it with a line like #!/usr/bin/env python3, or give "
                         f"--lang {', '.join(sorted(LANGUAGES))}.")
    extension = {"python": "py", "javascript": "js", "sh": "sh"}[language]
    function.update(image=options.image, code=cell, lang=language, command=LANGUAGES[language])
    run["args"] = [f"/shared/main.{extension}", *options.arg]
    if options.secret:
        run["secrets"] = options.secret
    if options.port:
        ports = [port.partition(":") for port in options.port]
        run["service_ports"] = [{"port": int(port), "target_port": int(target or port)} for port, _, target in ports]
    return function, options.action, run


def is_dockerfile(cell: str) -> bool:
    """Whether the first line that says something is an instruction."""
    for line in cell.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            return line.split()[0] in _INSTRUCTIONS
    return False


def language_of(cell: str) -> Optional[str]:
    """By the #! line."""
    found = re.match(r"#!.*?([a-z]+)[0-9.]*\s*(?:-\S+\s*)*$", cell.split("\n", 1)[0])
    return _INTERPRETERS.get(found[1]) if found else None
