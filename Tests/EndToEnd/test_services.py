"""serve, deploy and resume on a real Podman and a real Docker."""
import http.client
import json
import socket
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from sidecar import CallError, Sidecar

WEB = "mkdir -p /www; echo $0 $HOSTNAME > /www/index.html; exec httpd -f -p 8080 -h /www"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def read(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode().strip()


def up(sidecar, run, seconds=60):
    run = sidecar.wait(run, timeout_seconds=seconds)
    assert run["status"]["state"] == "RUNNING", run["status"]
    return run


def serve(sidecar, script=WEB, **params):
    sidecar.function("web", command="sh")
    return sidecar.start("web", action="serve", args=["-c", script],
                         **{"service_ports": [{"port": free_port(), "target_port": 8080}], **params})


def deploy(sidecar, script="while :; do sleep 1; done", **params):
    sidecar.function("worker", command="sh")
    return sidecar.start("worker", action="deploy", args=["-c", script], **params)


@pytest.fixture
def clean(sidecar):
    """Removes every run at the end, and sees that nothing is left of them."""
    yield sidecar
    for item in sidecar.call("listRuns", limit=100)["items"]:
        sidecar.call("deleteRun", id=item["id"])


def test_a_serve_answers_on_the_urls_of_its_replicas(clean, engine):
    """The reference's example, with a program that listens."""
    run = serve(clean, replicas=2, service_type="NodePort", service_ports=[{"port": 8080, "targetPort": 8080}])
    run = up(clean, run)
    service = run["status"]["service"]
    assert service["type"] == "NodePort" and service["name"] == "web"
    assert service["url"] == service["urls"][0] and len(set(service["urls"])) == 2
    for entry, url in zip(service["ports"], service["urls"]):
        assert (entry["port"], entry["target_port"]) == (8080, 8080)
        assert entry["node_port"] >= 30000 and url == f"http://127.0.0.1:{entry['node_port']}"
    assert [entry["replica"] for entry in service["ports"]] == [1, 2]
    assert len({read(url) for url in service["urls"]}) == 2, "each URL is a container of its own"
    assert len(engine.containers(run)) == 2
    clean.call("deleteRun", id=run["id"])
    assert engine.containers(run) == []


def test_a_cluster_ip_is_the_port_asked_for(clean, engine):
    port = free_port()
    run = up(clean, serve(clean, service_ports=[{"port": port, "target_port": 8080}]))
    assert run["status"]["service"]["url"] == f"http://127.0.0.1:{port}"
    assert read(run["status"]["service"]["url"]).startswith("sh ")
    assert run["status"]["replicas"][0]["state"] == "running" and run["status"]["restarts"] == 0


def test_running_means_that_the_port_accepts(clean, engine):
    run = serve(clean, script="sleep 2; " + WEB)
    begun = time.monotonic()
    run = up(clean, run)
    assert time.monotonic() - begun > 1.5
    assert read(run["status"]["service"]["url"])


def test_what_a_serve_waits_for_is_said(clean, engine):
    run = serve(clean, script="sleep 600")
    assert clean.wait(run, timeout_seconds=7)["timed_out"]
    status = clean.call("getRun", id=run["id"])["status"]
    assert status["state"] == "PENDING" and "port 8080" in status["message"], status


def test_a_healthcheck_decides_on_docker(clean, engine):
    if engine.name == "podman":
        pytest.skip("Podman needs systemd to carry health checks out")
    job = clean.job("true")
    container = engine.containers(job)[0]["Id"]
    change = urllib.parse.quote("HEALTHCHECK --interval=1s CMD test -e /tmp/healthy")
    engine.get(f"/v1.41/commit?container={container}&repo=localhost/healthy&tag=test&changes={change}", "POST")
    clean.function("healthy", image="localhost/healthy:test", command="sh")
    run = clean.start("healthy", action="serve", service_ports=[{"port": free_port(), "target_port": 8080}],
                      args=["-c", "(sleep 3; touch /tmp/healthy) & " + WEB])
    begun = time.monotonic()
    run = up(clean, run)
    assert time.monotonic() - begun > 2.5


def test_a_port_that_is_taken(clean, engine):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(CallError) as refused:
            serve(clean, service_ports=[{"port": port, "target_port": 8080}])
    assert refused.value.data["code"] == "port_in_use" and str(port) in refused.value.message
    assert refused.value.data["errors"][0]["pointer"] == "/service_ports/0/port"
    assert clean.call("listRuns")["total"] == 0


def test_two_that_want_the_same_port(clean, engine):
    ports = [{"port": free_port(), "target_port": 8080}]
    first = up(clean, serve(clean, service_ports=ports))
    with pytest.raises(CallError) as refused:
        serve(clean, service_ports=ports)
    assert refused.value.data["code"] == "port_in_use"
    assert read(first["status"]["service"]["url"])


def test_many_at_once_choose_ports_of_their_own(clean, engine):
    runs = [serve(clean, service_type="NodePort", replicas=2, service_ports=[{"port": 80, "target_port": 8080}])
            for _ in range(3)]
    urls = [url for run in runs for url in up(clean, run)["status"]["service"]["urls"]]
    assert len({read(url) for url in urls}) == 6


def test_the_settings_address_and_limit(environment, engine, tmp_path):
    (tmp_path / "config/dh-sidecar").mkdir(parents=True)
    (tmp_path / "config/dh-sidecar/config.yaml").write_text('local: {address: "0.0.0.0", restart_limit: 2}')
    with Sidecar(environment) as sidecar:
        port = free_port()
        run = up(sidecar, serve(sidecar, service_type="LoadBalancer",
                                service_ports=[{"port": port, "target_port": 8080}]))
        service = run["status"]["service"]
        assert service["ports"][0]["address"] == "0.0.0.0" and service["url"] == f"http://127.0.0.1:{port}"
        assert read(service["url"])
        looping = sidecar.wait(deploy(sidecar, script="sleep 1"))
        assert "ended 2 times in a row" in looping["status"]["message"], looping["status"]
        for item in (run, looping):
            sidecar.call("deleteRun", id=item["id"])


def test_external_name_is_refused_with_a_remedy(clean, engine):
    with pytest.raises(CallError) as refused:
        serve(clean, service_type="ExternalName")
    assert refused.value.data["errors"][0]["pointer"] == "/service_type"
    assert "ClusterIP" in json.dumps(refused.value.data)


def test_a_service_name_is_a_name_for_others(clean, engine):
    up(clean, serve(clean, service_name="api"))
    other = up(clean, serve(clean, service_name="client", script="wget -qO- http://web-api:8080 && echo; " + WEB))
    texts = [entry["text"] for entry in clean.logs(other)["entries"]]
    assert any(text.startswith("sh ") for text in texts), texts


def test_a_deploy_keeps_its_replicas_up(clean, engine):
    """The reference's example, with a program that stays."""
    run = deploy(clean, script="echo $ENV > /data/$HOSTNAME; echo $ENV; while :; do sleep 0.2; done", replicas=3,
                 envs=[{"name": "ENV", "value": "prod"}], volumes=[{"name": "data", "mountPath": "/data"}])
    run = up(clean, run)
    assert len(run["status"]["replicas"]) == 3 and "service" not in run["status"]
    containers = engine.containers(run)
    assert len(containers) == 3
    assert sorted(row["Labels"]["io.dh-sidecar.replica"] for row in containers) == ["1", "2", "3"]
    entries = clean.logs(run)["entries"]
    assert [entry["text"] for entry in entries] == ["prod"] * 3
    assert {entry["container"] for entry in entries} == {replica["name"] for replica in run["status"]["replicas"]}
    listing = clean.function("look", command="ls"), clean.start("look", args=["/data"], volumes=[
        {"name": "data", "mountPath": "/data"}])
    assert len([e for e in clean.logs(clean.wait(listing[1]))["entries"]]) >= 3


def test_a_replica_that_ends_is_begun_again_and_counted(clean, engine):
    run = up(clean, deploy(clean, script="[ -e /tmp/again ] || { touch /tmp/again; sleep 3; exit 3; }; sleep 600",
                           replicas=2))
    end = time.monotonic() + 30
    while time.monotonic() < end:
        status = clean.call("getRun", id=run["id"])["status"]
        if status["restarts"] >= 2 and all(replica["state"] == "running" for replica in status["replicas"]):
            break
        time.sleep(0.2)
    assert status["state"] == "RUNNING" and status["restarts"] == 2, status


@pytest.mark.parametrize("action", ["serve", "deploy"])
def test_a_program_that_ends_by_itself(clean, engine, action):
    """hello-world as a serve, or a deploy."""
    clean.function("hello", command="echo")
    params = {"service_ports": [{"port": free_port(), "target_port": 80}]} if action == "serve" else {}
    run = clean.start("hello", action=action, args=["Hello from the image!"], **params)
    status = clean.wait(run)["status"]
    assert (status["state"], status["reason"], status["exit_code"]) == ("ERROR", "CrashLoop", 0), status
    assert "ended by itself" in status["message"] and "Hello from the image!" in status["message"]
    time.sleep(1)
    assert all(row["State"] in ("exited", "stopped") for row in engine.containers(run)), engine.containers(run)
    with pytest.raises(CallError) as refused:
        clean.call("resumeRun", id=run["id"])
    assert refused.value.data["code"] == "invalid_state"


def test_a_crash_loop_that_begins_later(clean, engine):
    run = up(clean, deploy(clean, script="[ -e /tmp/x ] && { echo broken >&2; exit 9; }; touch /tmp/x; sleep 2; exit 9"))
    status = clean.wait(run, until="terminal")["status"]
    assert (status["state"], status["exit_code"]) == ("ERROR", 9), status
    assert "broken" in status["message"]


def test_stop_keeps_and_resume_brings_back(clean, engine):
    run = up(clean, serve(clean, replicas=2))
    names = {row["Id"] for row in engine.containers(run)}
    urls = run["status"]["service"]["urls"]
    stopped = clean.call("stopRun", id=run["id"], grace_seconds=0)
    assert stopped["status"]["state"] == "STOPPED"
    assert {row["Id"] for row in engine.containers(run)} == names
    time.sleep(3.5)
    assert not any(row["State"] == "running" for row in engine.containers(run))
    with pytest.raises(urllib.error.URLError):
        read(urls[0])
    with pytest.raises(CallError) as refused:
        clean.call("stopRun", id=run["id"])
    assert refused.value.data["code"] == "invalid_state"
    resumed = clean.call("resumeRun", id=run["id"])
    assert resumed["status"]["state"] in ("RESUME", "PENDING")
    again = up(clean, run)
    assert again["status"]["attempt"] == 2 and again["status"]["service"]["urls"] == urls
    assert {row["Id"] for row in engine.containers(run)} == names
    assert all(read(url) for url in urls)
    with pytest.raises(CallError) as refused:
        clean.call("resumeRun", id=run["id"])
    assert refused.value.data["code"] == "invalid_state"


def test_resume_says_that_its_port_is_taken(clean, engine):
    run = up(clean, serve(clean))
    clean.call("stopRun", id=run["id"], grace_seconds=0)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", int(run["status"]["service"]["url"].rsplit(":", 1)[1])))
        listener.listen()
        with pytest.raises(CallError) as refused:
            clean.call("resumeRun", id=run["id"])
        assert refused.value.data["code"] == "port_in_use"
    assert clean.call("getRun", id=run["id"])["status"]["state"] == "STOPPED"
    clean.call("resumeRun", id=run["id"])
    up(clean, run)


def test_a_stopped_job_is_begun_anew(clean, engine):
    clean.function(command="sh")
    run = clean.start(args=["-c", "echo attempt; [ -e /tmp/x ] && exit 0; touch /tmp/x; sleep 600"])
    clean.until(run, "RUNNING")
    time.sleep(0.5)
    assert clean.call("stopRun", id=run["id"], grace_seconds=0)["status"]["state"] == "STOPPED"
    assert clean.call("resumeRun", id=run["id"])["status"]["attempt"] == 2
    done = clean.wait(run)
    assert (done["status"]["state"], done["status"]["exit_code"]) == ("COMPLETED", 0), done["status"]
    assert [entry["text"] for entry in clean.logs(run)["entries"]] == ["attempt"] * 2
    states = [entry["status"] for entry in reversed(done["status"]["transitions"])]
    assert states[-6:] == ["STOP", "STOPPED", "RESUME", "PENDING", "RUNNING", "COMPLETED"]


def test_a_container_that_somebody_removes_is_made_again(clean, engine):
    run = up(clean, deploy(clean, replicas=2))
    gone = engine.containers(run)[0]["Id"]
    connection = http.client.HTTPConnection("engine", timeout=30)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(engine.host.removeprefix("unix://"))
    connection.request("DELETE", f"/v1.41/containers/{gone}?force=true")
    connection.getresponse().read()
    end = time.monotonic() + 20
    while time.monotonic() < end:
        rows = engine.containers(run)
        if len(rows) == 2 and gone not in [row["Id"] for row in rows] and all(r["State"] == "running" for r in rows):
            break
        time.sleep(0.2)
    assert len(rows) == 2 and gone not in [row["Id"] for row in rows]


def test_replicas_logs_are_one_log_in_order(clean, engine):
    run = up(clean, deploy(clean, replicas=3,
                           script="i=0; while [ $i -lt 40 ]; do echo $i; i=$((i+1)); sleep 0.05; done; sleep 600"))
    seen, cursor = [], None
    end = time.monotonic() + 30
    while len(seen) < 120 and time.monotonic() < end:
        page = clean.logs(run, follow=True, timeout_seconds=2, **({"after": cursor} if cursor else {}))
        seen += page["entries"]
        cursor = page["cursor"]
    for name in {entry["container"] for entry in seen}:
        assert [entry["text"] for entry in seen if entry["container"] == name] == [str(n) for n in range(40)]
    assert len(seen) == 120
    last = clean.logs(run, tail=6)["entries"]
    assert len(last) == 6


@pytest.mark.parametrize("action", ["serve", "deploy"])
def test_killed_and_adopted(environment, engine, action):
    with Sidecar(environment) as first:
        run = up(first, serve(first, replicas=2) if action == "serve" else deploy(first, replicas=2))
        first.kill()
    names = {row["Id"] for row in engine.containers(run)}
    with Sidecar(environment) as second:
        assert second.call("getRun", id=run["id"])["status"]["state"] == "RUNNING"
        assert {row["Id"] for row in engine.containers(run)} == names
        stopped = second.call("stopRun", id=run["id"], grace_seconds=0)["status"]
        assert stopped["state"] == "STOPPED" and "service" not in stopped
        assert not any(replica["state"] == "running" for replica in stopped["replicas"])
        second.call("deleteRun", id=run["id"])
        assert engine.containers(run) == []


def test_killed_while_it_comes_up(environment, engine):
    for pause in (0.1, 0.5, 1.0):
        with Sidecar(environment) as first:
            run = serve(first, replicas=3)
            time.sleep(pause)
            first.kill()
        with Sidecar(environment) as second:
            run = up(second, run)
            assert len(engine.containers(run)) == 3
            assert all(read(url) for url in run["status"]["service"]["urls"])
            second.call("deleteRun", id=run["id"])


def test_stopped_while_it_comes_up(clean, engine):
    run = serve(clean, script="sleep 600", replicas=2)
    time.sleep(1)
    assert clean.call("stopRun", id=run["id"], grace_seconds=0)["status"]["state"] == "STOPPED"
    assert not any(row["State"] == "running" for row in engine.containers(run))
