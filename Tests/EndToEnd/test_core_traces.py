"""Every recorded trace of the official SDK, replayed against the sidecar: for the same user's intent its requests must
be the SDK's, after normalisation (`core_traces.normalised`), and each difference must be in the table of
core_trace_differences.py, which says why; a line of the table that nothing needs is an error too.

`shared/digitalhub/traces` lies beside the repository. The requests there are the real SDK's; the answers are a
stand-in's, so here Tests/CoreDouble answers, as Core does."""
import collections
import configparser
import functools
import os
import tempfile

import pytest
from core_double import CoreDouble
from core_intents import INTENTS, World
from core_trace_differences import ANY, ROWS
from core_traces import PROJECT, Trace, differences, fits, ids, normalised, on_disk, received
from sidecar import CallError, Sidecar, clean_environment

SDK_LINES = ["sdk-0.13.4", "sdk-0.15.11"]
AUTH_LINES = ["auth-0.13.4", "auth-0.15.11"]


def environment(home, **variables):
    """Without what this machine may have of Core."""
    inherited = {name: None for name in os.environ if name.startswith(("DHCORE_", "DH_", "OAUTH2_", "AWS_", "S3_"))}
    return clean_environment(**{**inherited, "HOME": home, "XDG_STATE_HOME": f"{home}/state",
                                "XDG_CONFIG_HOME": f"{home}/config", "DH_SIDECAR_PROJECT": PROJECT, **variables})


def answered(act):
    """The answer and None, or None and the error."""
    try:
        return act(), None
    except CallError as error:
        return None, error


def outcome(trace, error):
    """A difference, where one of the two fails and the other doesn't."""
    if trace.succeeded == (error is None):
        return {}
    return {"~ outcome": error.data["code"] if error else "success"}


def check(intent, world, answer, error):
    expected = intent.error.get(world.level) if isinstance(intent.error, dict) else intent.error
    assert (error and error.data["code"]) == expected, error
    if error and intent.pointer:
        assert error.data["errors"][0]["pointer"] == intent.pointer, error
    if not error and intent.check:
        assert intent.check(world, answer), answer


@functools.cache
def replayed(name):
    """The differences of one trace, once its answer is what it should be."""
    trace = Trace(name)
    intent = INTENTS[trace.scenario]
    with CoreDouble(trace.level, **intent.options) as core, tempfile.TemporaryDirectory() as home, \
            Sidecar(environment(home, DHCORE_ENDPOINT=core.endpoint)) as sidecar:
        world = World(trace, core, sidecar, home)
        intent.prepare(world)
        names = ids(map(received, core.requests()))
        core.reset("requests")
        answer, error = answered(lambda: intent.act(world))
        ours = list(map(received, core.requests()))
        check(intent, world, answer, error)
    recorded_names = {}
    for other in sorted(on_disk(trace.line)):
        recorded_names |= ids(Trace(other).requests)
    theirs = [normalised(request, recorded_names) for request in trace.requests]
    ours = [normalised(request, {**names, **ids(ours)}) for request in ours]
    return {**differences(theirs, ours, once=intent.polls), **outcome(trace, error)}


# Credentials: the environment and the ini file of the recording, and `getProject`, which is what the SDK did.

# `error`: the code of ours; `stops`: what the sidecar says when it doesn't even start.
Login = collections.namedtuple("Login", "auth error stops options", defaults=["bearer", None, None, {}])

LOGINS = {
    "a1_no_auth": Login("none"),
    "a2_missing_endpoint": Login(stops="DHCORE_ENDPOINT is not set"),
    "a3_bad_scheme_endpoint": Login(stops="Did you mean `http://localhost:8080`?"),
    "a4_trailing_slash_endpoint": Login("none"),
    "a5_basic_user_password": Login("basic"),
    "a6_access_token_ok": Login(),
    "a7_access_token_only_expired_401": Login(error="credentials_expired"),
    "a8_env_expired_401_then_refresh": Login(),
    "a9_ini_expired_401_then_refresh": Login(),
    "a10_ini_vs_env_precedence": Login(),
    "a11_pat_exchange": Login(),
    "a12_pat_no_issuer": Login(),
    "a13_refresh_rejected": Login(error="credentials_expired"),
    "a14_token_endpoint_env": Login(),
    "a15_no_client_id": Login(),
    "a16_level_newer_than_lib_warns": Login("none", options={"api_level": "19"}),
    "a17_profile_by_DH_NAME": Login(),
}


def files(texts):
    """`.dhcore.ini`'s values by `FILE [SECTION] KEY`, and that another file is there."""
    found = {}
    for file, text in texts.items():
        if file != ".dhcore.ini":
            found[file] = "there"
            continue
        parser = configparser.RawConfigParser(default_section="")
        parser.read_string(text)
        found |= {f"{file} [{section}] {key}": value for section in parser.sections()
                  for key, value in parser.items(section)}
    return found


@functools.cache
def logged_in(name):
    scenario = name.split("/")[1]
    login = LOGINS[scenario]
    with CoreDouble(Trace(name).level, login.auth, **login.options) as core, tempfile.TemporaryDirectory() as home:
        trace = Trace(name, core.endpoint)
        ini = os.path.join(home, ".dhcore.ini")
        if trace.json["config"]["ini"]:
            with open(ini, "w") as file:
                file.write(trace.json["config"]["ini"])
        core.api("POST", "/projects", {"kind": "project", "name": PROJECT}, Authorization="Bearer access-1")
        core.reset("requests")
        with Sidecar(environment(home, **trace.json["config"]["env"]), ["--platform", "core"]) as sidecar:
            if login.stops:
                assert sidecar.close() != 0
                answer, error = None, login.stops
            else:
                answer, error = answered(lambda: sidecar.call("getProject", name=PROJECT))
        ours = [normalised(received(row), {}) for row in core.requests()]
        left = {file: open(os.path.join(home, file)).read() for file in (".dhcore.ini", ".env")
                if os.path.exists(os.path.join(home, file))}
        for token in ("access-1", "refresh-1", "access-2", "refresh-2", "dhcp_pat", "env-token"):
            assert token not in f"{error}{sidecar.stderr.decode()}"
        if left.get(".dhcore.ini", trace.json["config"]["ini"]) != trace.json["config"]["ini"]:
            assert os.stat(ini).st_mode & 0o777 == 0o600
    if login.stops:
        assert login.stops in sidecar.stderr.decode()
    else:
        assert (error and error.data["code"]) == login.error, error
        assert error or answer["name"] == PROJECT
    theirs = [normalised(request, {}) for request in trace.requests]
    found = {**differences(theirs, ours, authorized=True), **outcome(trace, error)}
    before, after = files(trace.json["files_after"]), files(left)
    for what in {**before, **after}:
        if before.get(what) != after.get(what):
            sign = "+" if what not in before else "-" if what not in after else "~"
            found[f"{sign} {what}"] = after.get(what)
    return found


# The table.

def rows_for(trace, what, value):
    return [row for row in ROWS if fits(row.traces, trace) and fits(row.what, what)
            and (row.ours is ANY or row.ours == value)]


def unexplained(trace, found):
    """What is in no row, or in two."""
    return {what: value for what, value in found.items() if len(rows_for(trace, what, value)) != 1}


def all_differences():
    for name in sorted(on_disk("sdk-.*")):
        yield name, replayed(name)
    for name in sorted(on_disk("auth-.*")):
        yield name, logged_in(name)


@pytest.mark.parametrize("line", SDK_LINES)
@pytest.mark.parametrize("scenario", INTENTS)
def test_the_requests_are_the_sdks_but_for_the_table(line, scenario):
    assert unexplained(f"{line}/{scenario}", replayed(f"{line}/{scenario}")) == {}


@pytest.mark.parametrize("line", AUTH_LINES)
@pytest.mark.parametrize("scenario", LOGINS)
def test_the_logins_are_the_sdks_but_for_the_table(line, scenario):
    assert unexplained(f"{line}/{scenario}", logged_in(f"{line}/{scenario}")) == {}


def test_every_trace_is_accounted_for():
    assert on_disk("sdk-.*") == {f"{line}/{scenario}" for line in SDK_LINES for scenario in INTENTS}
    assert on_disk("auth-.*") == {f"{line}/{scenario}" for line in AUTH_LINES for scenario in LOGINS}
    assert on_disk(".*") == on_disk("sdk-.*") | on_disk("auth-.*")


def test_every_row_of_the_table_is_needed():
    """Every alternative of its patterns too."""
    used = set()
    for name, found in all_differences():
        for what, value in found.items():
            for row in rows_for(name, what, value):
                used |= {(id(row), part) for part in row.traces.split("|") if fits(part, name)}
                used |= {(id(row), part) for part in row.what.split("|") if fits(part, what)}
    assert [(row.traces, row.what, part) for row in ROWS for part in row.traces.split("|") + row.what.split("|")
            if (id(row), part) not in used] == []
    assert all(row.reason.endswith(".") for row in ROWS)
