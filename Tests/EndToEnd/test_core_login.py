"""Core: who we are to it, and what is kept of that."""
import pytest
from core_double import CoreDouble
from core_fixtures import (  # noqa: F401, fixtures are used by name
    PROJECT, connect, core, environment_of, refused, sidecar)
from sidecar import Sidecar


# Credentials.

def test_basic_and_a_wrong_password(tmp_path):
    with CoreDouble(15, auth="basic") as core:
        with connect(core, tmp_path, DHCORE_USER="u", DHCORE_PASSWORD="pw") as sidecar:
            assert sidecar.call("getOrCreateProject", name=PROJECT)["name"] == PROJECT
        with connect(core, tmp_path, DHCORE_USER="u", DHCORE_PASSWORD="wrongpw") as sidecar:
            error = refused(sidecar.call, "getProject", name=PROJECT)
            assert error.data["code"] in ("forbidden", "credentials_rejected") and "wrongpw" not in str(error)


def ini(tmp_path, **members):
    path = tmp_path / ".dhcore.ini"
    path.write_text("; mine\n[DEFAULT]\ncurrent_environment = test\n\n[other]\ndhcore_access_token = keep\n\n[test]\n" +
                    "".join(f"{name} = {value}\n" for name, value in members.items()))
    return path


def test_one_refresh_for_all_calls_in_flight_written_back(tmp_path):
    with CoreDouble(15, auth="bearer") as core:
        path = ini(tmp_path, dhcore_endpoint=core.endpoint, dhcore_access_token="stale", dhcore_refresh_token="refresh-1",
                   dhcore_client_id="c", dhcore_issuer=core.endpoint)
        env = environment_of(core, tmp_path, DHCORE_ENDPOINT=None)
        with Sidecar(env) as sidecar:
            calls = [sidecar.send("getOrCreateProject", {"name": f"p-{n}"}) for n in range(20)]
            assert {sidecar.answer(call)["kind"] for call in calls} == {"project"}
            tokens = [row for row in core.requests() if row["path"].endswith("/auth/token")]
            assert len(tokens) == 1
        text = path.read_text()
        assert "; mine" in text and "dhcore_access_token = keep" in text and "stale" not in text
        assert path.stat().st_mode & 0o777 == 0o600
        with Sidecar(env) as sidecar:
            assert sidecar.call("getProject", name="p-1")["name"] == "p-1"


def test_an_expired_refresh_says_which_credential_and_what_to_do(tmp_path):
    with CoreDouble(15, auth="bearer") as core:
        ini(tmp_path, dhcore_endpoint=core.endpoint, dhcore_access_token="stale-token", dhcore_refresh_token="used-up",
            dhcore_client_id="c", dhcore_issuer=core.endpoint)
        with Sidecar(environment_of(core, tmp_path, DHCORE_ENDPOINT=None)) as sidecar:
            error = refused(sidecar.call, "getProject", name=PROJECT)
            assert error.data["code"] in ("credentials_expired", "credentials_rejected") and error.data["hint"]
            assert "stale-token" not in str(error) and "used-up" not in str(error)
            assert b"stale-token" not in sidecar.stderr and b"used-up" not in sidecar.stderr


def test_a_personal_access_token_is_exchanged_once(tmp_path):
    with CoreDouble(15, auth="bearer") as core, connect(
            core, tmp_path, DHCORE_PERSONAL_ACCESS_TOKEN="dhcp_pat", DHCORE_CLIENT_ID="c",
            DHCORE_ISSUER=core.endpoint) as sidecar:
        calls = [sidecar.send("getOrCreateProject", {"name": f"p-{n}"}) for n in range(5)]
        assert {sidecar.answer(call)["kind"] for call in calls} == {"project"}
        assert len([row for row in core.requests() if row["path"].endswith("/auth/token")]) == 1


def test_an_access_token_alone_that_is_rejected(tmp_path):
    with CoreDouble(15, auth="bearer") as core, connect(core, tmp_path, DHCORE_ACCESS_TOKEN="wrong-one") as sidecar:
        error = refused(sidecar.call, "getProject", name=PROJECT)
        assert error.data["code"].startswith("credentials_") and "wrong-one" not in str(error)


def test_no_credentials_where_some_are_wanted(tmp_path):
    with CoreDouble(15, auth="bearer") as core, connect(core, tmp_path) as sidecar:
        error = refused(sidecar.call, "getProject", name=PROJECT)
        assert error.data["code"] == "credentials_missing" and "DHCORE" in error.data["hint"] + error.message
