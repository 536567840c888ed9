"""subscribeRun on a real Podman and a real Docker: a run's history and what follows, none lost and none twice."""
import json
import socket
import time

import pytest
from flood import FloodClient
from relay import Relay
from sidecar import CallError, Sidecar, clean_environment
from subscriber import Subscriber, states, texts
from test_engine_loss import start_service


@pytest.fixture
def clean(sidecar):
    """Removes every run at the end."""
    yield sidecar
    for item in sidecar.call("listRuns", limit=100)["items"]:
        sidecar.call("deleteRun", id=item["id"])


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


WHOLE = ["CREATED", "BUILT", "READY", "PENDING", "RUNNING", "COMPLETED"]


def script(sidecar, text, **params):
    sidecar.function(command="sh")
    return sidecar.start(args=["-c", text], **params)


def test_a_job_as_it_goes_and_once_more_when_it_is_over(clean):
    run = script(clean, "for i in 1 2 3; do echo line $i; echo error $i >&2; sleep 0.3; done; printf rest")
    live = Subscriber(clean, run)
    assert live.run["id"] == run["id"]
    events = live.all()
    assert states(events) == WHOLE
    wanted = [f"line {i}" for i in (1, 2, 3)] + ["rest"]
    assert [event["text"] for event in events if event.get("stream") == "stdout"] == wanted
    assert [event["text"] for event in events if event.get("stream") == "stderr"] == [f"error {i}" for i in (1, 2, 3)]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    end = events[-1]
    assert (end["type"], end["reason"], end["run"]["status"]["state"]) == ("end", "finished", "COMPLETED")
    # What the program wrote stands between its start and its end.
    assert events[4]["state"] == "RUNNING" and events[-2]["state"] == "COMPLETED" and events[-2]["exit_code"] == 0
    again = Subscriber(clean, run).all()
    assert [(e["seq"], e["cursor"], e.get("state"), e.get("text")) for e in again if e.get("stream") != "stderr"] == [
        (e["seq"], e["cursor"], e.get("state"), e.get("text")) for e in events if e.get("stream") != "stderr"]
    assert all(clean.call("getRunLogs", id=run["id"])["entries"][i]["text"] == text for i, text in enumerate(texts(again)))


def test_a_cursor_of_any_event_goes_on_right_behind_it(environment, clean):
    run = script(clean, "i=0; while [ $i -lt 12 ]; do echo $i; echo e$i >&2; i=$((i+1)); [ $i = 6 ] && sleep 1.1; done; true")
    events = Subscriber(clean, run).all()
    assert len(events) == 6 + 24 + 1
    with Sidecar(environment) as other:
        for event in events:
            rest = Subscriber(other, run, after=event["cursor"]).all()
            assert [(e["seq"], e.get("state"), e.get("text")) for e in rest if e["type"] != "end"] == [
                (e["seq"], e.get("state"), e.get("text")) for e in events if e["type"] != "end" and e["seq"] > event["seq"]]
            assert rest[-1]["reason"] == "finished"


def test_unsubscribe_and_what_is_no_subscription(clean):
    run = script(clean, "echo on; exec sleep 600")
    live = Subscriber(clean, run)
    seen = live.until(lambda event: event.get("text") == "on")
    assert clean.call("unsubscribe", subscription=live.id) == {}
    end = live.next()
    assert (end["type"], end["reason"], end["cursor"]) == ("end", "unsubscribed", seen[-1]["cursor"])
    # The run goes on, and so does its history.
    more = Subscriber(clean, run, after=end["cursor"])
    clean.call("stopRun", id=run["id"], grace_seconds=0)
    rest = more.all()
    assert states(rest) == ["STOP", "STOPPED"] and texts(rest) == [] and rest[0]["seq"] == end["seq"]
    assert clean.call("unsubscribe", subscription=live.id) == {}
    with pytest.raises(CallError) as error:
        clean.call("unsubscribe", subscription="sub-77")
    assert error.value.data["code"] == "subscription_not_found"


def test_what_is_deleted_ends_with_that_word(clean):
    run = script(clean, "echo on; exec sleep 600")
    live = Subscriber(clean, run)
    live.until(lambda event: event.get("text") == "on")
    clean.call("deleteRun", id=run["id"])
    end = live.all()[-1]
    assert (end["reason"], end["run"]["id"], end["run"]["status"]["state"]) == ("deleted", run["id"], "DELETED")


def test_another_sidecar_hears_of_what_this_one_drives(environment, clean):
    with Sidecar(environment) as other:
        run = script(clean, "for i in 1 2 3; do echo $i; sleep 0.4; done")
        live = Subscriber(other, run)
        events = live.all()
        assert states(events) == WHOLE and texts(events) == ["1", "2", "3"]


def test_faults(clean):
    run = script(clean, "true")
    clean.wait(run)
    other = script(clean, "true")
    clean.wait(other)
    foreign = Subscriber(clean, other).all()[0]["cursor"]
    for params in [{"after": "x"}, {"after": foreign}, {"after": "r1-" + run["id"][:8] + "-9-9-e2.x"}]:
        try:
            events = Subscriber(clean, run, **params).all()
            assert events[-1]["reason"] == "failed", events
            data = events[-1]["error"]["data"]
        except CallError as error:
            data = error.data
        assert data["code"] == "invalid_params" and data["errors"][0]["pointer"] == "/after", data
    with pytest.raises(CallError) as error:
        clean.call("subscribeRun", id=run["id"], after=foreign, log_tail=3)
    assert error.value.data["errors"][0]["pointer"] == "/log_tail"
    with pytest.raises(CallError) as error:
        clean.call("subscribeRun", id="0" * 32)
    assert error.value.data["code"] == "run_not_found"


def test_too_many_subscriptions(clean):
    run = script(clean, "exec sleep 600")
    all_of_them = [Subscriber(clean, run, logs=False) for _ in range(100)]
    with pytest.raises(CallError) as error:
        Subscriber(clean, run)
    assert error.value.data["code"] == "overloaded" and error.value.data["retry_after_ms"] > 0
    clean.call("unsubscribe", subscription=all_of_them[0].id)
    Subscriber(clean, run, logs=False)


# Restarts: of the program, of the sidecar.

def numbered(events):
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    return events


def counting(step=0.05):
    """Counts on and on, each attempt with its own start: a lost or a doubled line shows."""
    return f"start=$(date +%s%N); i=0; while :; do echo $start $i; i=$((i+1)); sleep {step}; done"


def attempts(lines):
    """By attempt, what it counted."""
    found = {}
    for line in lines:
        start, number = line.split()
        found.setdefault(start, []).append(int(number))
    return found


def text_of(events, container):
    return "".join(event["text"] for event in events if event.get("container") == container)


def test_a_deploy_through_restarts_of_its_replicas(clean, engine):
    clean.function("worker", command="sh")
    ends = "i=0; while [ $i -lt 5 ]; do echo $HOSTNAME-$$-$i; i=$((i+1)); sleep 0.1; done; printf \"$HOSTNAME over\"; sleep 11"
    run = clean.start("worker", action="deploy", args=["-c", ends], replicas=2)
    live = Subscriber(clean, run)
    events = live.until(lambda event: "over" in event.get("text", ""), timeout=60)
    while sum("-4" in text for text in texts(events)) < 4:
        events.append(live.next(60))
    clean.call("stopRun", id=run["id"], grace_seconds=0)
    events += live.all()
    numbered(events)
    assert states(events)[-3:] == ["RUNNING", "STOP", "STOPPED"]
    lines = [event for event in events if event["type"] == "log"]
    assert len({event["container"] for event in lines}) == 2
    for name in {event["container"] for event in lines}:
        # A program that starts anew goes on in the line that the one before it left open.
        whole = "".join(event["text"] + "\n" * (not event["text"].endswith("over")) for event in lines
                        if event["container"] == name)
        counts = [line.split("-")[-1] for line in whole.replace("over", "over\n").split("\n") if line and "over" not in line]
        assert counts[:10] == list("0123401234"), whole
    again = numbered(Subscriber(clean, run).all())
    assert states(again) == states(events)
    for name in {event["container"] for event in lines}:
        assert text_of(again, name) == text_of(events, name)


def test_killed_again_and_again_no_line_is_lost_and_none_comes_twice(environment, sidecar):
    run = script(sidecar, counting())
    events, after = [], {}
    for _ in range(5):
        with Sidecar(environment) as reader:
            live = Subscriber(reader, run, **after)
            for _ in range(9):
                events.append(live.next())
            after = {"after": events[-1]["cursor"]}
            reader.kill()
    # The one that drives the run dies too; the next one takes it up.
    sidecar.kill()
    with Sidecar(environment) as last:
        live = Subscriber(last, run, **after)
        events += live.until(lambda event: event["seq"] >= 60)
        last.call("stopRun", id=run["id"], grace_seconds=0)
        events += live.all()
        numbered(events)
        assert states(events) == ["CREATED", "BUILT", "READY", "PENDING", "RUNNING", "STOP", "STOPPED"]
        (numbers,) = attempts(texts(events)).values()
        assert numbers == list(range(len(numbers)))
        last.call("deleteRun", id=run["id"])


def test_an_engine_whose_connections_break_again_and_again(environment, engine, tmp_path):
    with Relay(tmp_path / "relay.sock", engine.host) as relay:
        with Sidecar({**environment, "DOCKER_HOST": relay.host, "CONTAINER_HOST": relay.host}) as process:
            run = script(process, counting(0.02))
            live = Subscriber(process, run)
            events = live.until(lambda event: event["type"] == "log")
            for _ in range(6):
                relay.cut()
                events += live.until(lambda event, last=events[-1]["seq"]: event["seq"] >= last + 15)
            process.call("stopRun", id=run["id"], grace_seconds=0)
            numbers = [int(text.split()[1]) for text in texts(numbered(events + live.all()))]
            assert numbers == list(range(len(numbers))) and len(numbers) > 90
            process.call("deleteRun", id=run["id"])


def test_a_podman_service_that_is_killed_and_started_again(podman, tmp_path):
    socket_path = tmp_path / "e.sock"
    service = start_service(socket_path)
    environment = clean_environment(DH_SIDECAR_SOCKET=socket_path, XDG_STATE_HOME=tmp_path / "state")
    try:
        with Sidecar(environment) as process:
            run = script(process, counting(0.02))
            live = Subscriber(process, run)
            events = live.until(lambda event: event["type"] == "log")
            service.kill()
            service.wait()
            socket_path.unlink()
            service = start_service(socket_path)
            events += live.until(lambda event: event["seq"] >= 80)
            process.call("stopRun", id=run["id"], grace_seconds=0)
            numbers = [int(text.split()[1]) for text in texts(numbered(events + live.all()))]
            assert numbers == list(range(len(numbers)))
            process.call("deleteRun", id=run["id"])
            assert podman.containers(run) == []
    finally:
        service.kill()
        service.wait()


def test_a_resumed_job_goes_on_behind_its_stop(clean):
    run = script(clean, "echo attempt $(date +%s%N); printf open; exec sleep 600")
    live = Subscriber(clean, run)
    live.until(lambda event: event.get("text", "").startswith("attempt"))
    clean.call("stopRun", id=run["id"], grace_seconds=0)
    end = live.all()[-1]
    assert end["run"]["status"]["state"] == "STOPPED"
    clean.call("resumeRun", id=run["id"])
    more = Subscriber(clean, run, after=end["cursor"])
    rest = more.until(lambda event: event.get("text", "").startswith("attempt"))
    clean.call("stopRun", id=run["id"], grace_seconds=0)
    rest += more.all()
    assert states(rest) == ["RESUME", "PENDING", "RUNNING", "STOP", "STOPPED"] and rest[0]["seq"] == end["seq"]
    assert texts(rest)[-1] == "open" and len(texts(rest)) == 2
    whole = numbered(Subscriber(clean, run).all())
    assert states(whole) == ["CREATED", "BUILT", "READY", "PENDING", "RUNNING", "STOP", "STOPPED"] + states(rest)


def test_a_serve_that_does_not_come_up_says_so_before_it_is_given_up(clean):
    clean.function("web", command="sh")
    run = clean.start("web", action="serve", args=["-c", "echo no config >&2; exit 3"],
                      service_ports=[{"port": free_port(), "target_port": 8080}])
    events = numbered(Subscriber(clean, run).all(timeout=90))
    assert states(events)[-1] == "ERROR" and "RUNNING" not in states(events)
    assert texts(events) == ["no config"] * len(texts(events)) and len(texts(events)) >= 5
    assert events[-2]["exit_code"] == 3


# Tails, builds, cancels.

@pytest.mark.parametrize("count", [0, 1, 3, 20])
def test_only_the_last_lines(clean, count):
    run = script(clean, "for i in 1 2 3 4 5 6; do echo $i; echo e$i >&2; done; sleep 1.2; for i in 7 8; do echo $i; done")
    whole = texts(Subscriber(clean, run).all())
    clean.wait(run)
    events = Subscriber(clean, run, log_tail=count).all()
    assert texts(events) == (whole[-count:] if count else []) and states(events) == WHOLE
    for event in numbered(events)[4:-1]:
        rest = Subscriber(clean, run, after=event["cursor"]).all()
        assert texts(rest) == texts(events[event["seq"]:])


def test_without_logs(clean):
    run = script(clean, "echo a; sleep 0.5; echo b")
    assert [event["type"] for event in Subscriber(clean, run, logs=False).all()] == ["state"] * 6 + ["end"]


def test_a_build_as_it_goes_and_its_stop(clean):
    clean.function("built")
    run = clean.start("built", action="build", instructions=["RUN echo hello; sleep 1; echo bye", "RUN sleep 600"])
    live = Subscriber(clean, run)
    events = live.until(lambda event: event.get("text", "").endswith("bye"), timeout=60)
    follow = clean.send("getRunLogs", {"id": run["id"], "follow": True, "timeout_seconds": 60,
                                       "after": clean.logs(run)["cursor"]})
    clean.call("stopRun", id=run["id"])
    # Whoever follows the log by the older way hears of the end too, long before his timeout.
    clean.answer(follow, timeout=10)
    events += live.all()
    assert states(numbered(events))[-1] == "STOPPED" and any("hello" in text for text in texts(events))
    assert texts(Subscriber(clean, run).all()) == texts(events)
    for event in events[5:-1:3]:
        assert texts(Subscriber(clean, run, after=event["cursor"]).all()) == texts(events[event["seq"]:])


def test_whoever_follows_a_build_that_is_stopped_before_it_begins(clean):
    clean.function("built", image="127.0.0.1:9/none:1", image_pull_policy="Always")
    run = clean.start("built", action="build", instructions=["RUN true"])
    follow = clean.send("getRunLogs", {"id": run["id"], "follow": True, "timeout_seconds": 60})
    clean.call("stopRun", id=run["id"])
    clean.answer(follow, timeout=15)


def test_a_client_that_leaves_takes_its_subscriptions_with_it(environment, clean, engine):
    run = script(clean, "echo on; exec sleep 600")
    with Sidecar(environment) as other:
        Subscriber(other, run).until(lambda event: event.get("text") == "on")
        Subscriber(other, run)
        assert other.close(timeout=5) == 0
    assert clean.call("getRun", id=run["id"])["status"]["state"] == "RUNNING"


def test_the_reply_comes_before_the_first_event_also_in_a_batch(clean):
    run = script(clean, "echo on")
    clean.wait(run)
    first, second = clean.request("subscribeRun", {"id": run["id"]}), clean.request("getCapabilities", {})
    second["id"] = clean.next_id = first["id"] + 1
    clean.write(json.dumps([first, second]).encode() + b"\n")
    clean.answer(first["id"])
    assert clean.others.get(timeout=10)["params"]["seq"] == 1


# Floods.

FLOOD = {"podman": 1_000_000, "docker": 200_000}
LINES_OF_1000 = "yes $(head -c 999 /dev/zero | tr '\\0' x) | head -n {}"


@pytest.fixture
def flood(sidecar, engine):
    """A run that writes lines of 1000 bytes, a gigabyte of them on Podman, and their number; its log goes at the end."""
    lines = FLOOD[engine.name]
    run = script(sidecar, LINES_OF_1000.format(lines))
    yield run, lines
    sidecar.call("deleteRun", id=run["id"])


def test_a_client_that_stops_reading_makes_the_log_wait(environment, sidecar, flood):
    run, lines = flood
    with FloodClient(environment) as client:
        client.call("getRun", id=run["id"])
        client.call("subscribeRun", id=run["id"])
        while client.seq < 1000:
            time.sleep(0.01)
        before = client.memory()
        client.reading.clear()
        # It writes on, into the engine's log.
        done = sidecar.wait(run, timeout_seconds=300)
        assert done["status"]["state"] == "COMPLETED"
        time.sleep(2)
        stopped_at = client.seq
        assert client.memory() - before < 40
        client.reading.set()
        most = 0
        while not client.end:
            most = max(most, client.memory() - before)
            time.sleep(0.1)
        assert most < 60, f"{most} MiB"
    assert stopped_at < lines / 2
    assert client.out_of_order == [] and client.end["seq"] == client.seq == lines + len(WHOLE) + 1


def test_other_calls_are_answered_meanwhile(environment, sidecar, flood):
    run, lines = flood
    with FloodClient(environment) as client:
        client.call("getRun", id=run["id"])
        client.call("subscribeRun", id=run["id"])
        while client.seq < 1000:
            time.sleep(0.01)
        # The machine may be busy with something else: any of some rounds counts.
        rounds = []
        while not client.end and (not rounds or min(rounds) > 0.010) and len(rounds) < 20:
            took = []
            for _ in range(100):
                took.append(client.call("getRun", id=run["id"])[1])
                took.append(client.call("validate", method="getRun", params={"id": "x"})[1])
                time.sleep(0.001)
            rounds.append(sorted(took)[-3])
        assert client.seq > 1000 and min(rounds) < 0.010, [f"{each * 1000:.1f} ms" for each in rounds]
        assert client.memory() < 100


def test_a_log_that_is_deleted_while_it_waits_to_be_read(environment, clean):
    run = script(clean, LINES_OF_1000.format(30_000))
    clean.wait(run)
    with FloodClient(environment) as client:
        client.call("subscribeRun", id=run["id"])
        while client.seq < 100:
            time.sleep(0.01)
        client.reading.clear()
        clean.call("deleteRun", id=run["id"])
        client.reading.set()
        assert client.wait_for_end(30)["reason"] == "deleted"
        assert client.out_of_order == [] and client.seq < 30_000


def test_lines_of_every_length(clean):
    """Over the engine's frames, over the longest line; with carriage returns, without an end, and none at all."""
    lengths = [0, 1, 8191, 8192, 8193, 16384, 40_000, (1 << 20) + 5]
    run = script(clean, "".join(f"head -c {n} /dev/zero | tr '\\0' x; echo;" for n in lengths) + "echo 'a\rb\r'; printf c")
    events = numbered(Subscriber(clean, run).all())
    assert [len(text) for text in texts(events)[:-3]] == lengths[:-1] + [1 << 20] and texts(events)[-2:] == ["a\rb", "c"]
    for event in events[5:-1]:
        rest = Subscriber(clean, run, after=event["cursor"]).all()
        assert texts(rest) == texts(events[event["seq"]:])
