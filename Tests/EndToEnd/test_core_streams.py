"""subscribeRun on the Core platform: each transition and each line once and in order, at few requests."""
import time

import pytest
from core_double import CoreDouble
from core_fixtures import PROJECT, connect, core, core15, function, sidecar, sidecar15  # noqa: F401, used by name
from subscriber import Subscriber, states, texts


def job(sidecar, *lines, milliseconds=600, **params):
    words = [word for line in lines for word in ("log", line)]
    return sidecar.call("run", function="my_function", action="job",
                        args=[*words, "sleep", str(milliseconds)], **params)


def numbered(events):
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    return events


def test_a_job_as_it_goes_and_once_more_when_it_is_over(core, sidecar):
    function(sidecar)
    run = job(sidecar, "one", "two", "three")
    live = Subscriber(sidecar, run)
    assert live.run["id"] == run["id"]
    events = numbered(live.all())
    told = sidecar.call("getRun", id=run["id"])["status"]["transitions"]
    assert states(events) == [each["status"] for each in reversed(told)]
    assert [e["timestamp"] for e in events if e["type"] == "state"] == [each["time"] for each in reversed(told)]
    assert texts(events) == ["one", "two", "three"] and events[-2]["state"] == "COMPLETED"
    assert (events[-1]["reason"], events[-1]["run"]["status"]["state"]) == ("finished", "COMPLETED")
    again = Subscriber(sidecar, run).all()
    assert [(e["seq"], e.get("state"), e.get("text")) for e in again] == [
        (e["seq"], e.get("state"), e.get("text")) for e in events]


def test_a_cursor_of_any_event_goes_on_in_another_process(core, sidecar, tmp_path):
    function(sidecar)
    run = job(sidecar, "one", "two", "three", "four")
    events = Subscriber(sidecar, run).all()
    with connect(core, tmp_path) as other:
        for event in events:
            rest = Subscriber(other, run, after=event["cursor"]).all()
            assert [(e["seq"], e.get("state"), e.get("text")) for e in rest[:-1]] == [
                (e["seq"], e.get("state"), e.get("text")) for e in events[event["seq"]:-1]]


def test_killed_while_it_goes(core15, sidecar15, tmp_path):
    function(sidecar15)
    lines = [f"line {number}" for number in range(12)]
    run = job(sidecar15, *lines, milliseconds=3000)
    events, after = [], {}
    while not events or events[-1]["type"] != "end":
        with connect(core15, tmp_path) as reader:
            live = Subscriber(reader, run, **after)
            for _ in range(6):
                events.append(live.next())
                if events[-1]["type"] == "end":
                    break
            after = {"after": events[-1]["cursor"]}
            reader.kill()
    numbered(events)
    assert texts(events) == lines and states(events)[-1] == "COMPLETED"


def test_states_of_many_runs_cost_no_request_each(tmp_path):
    with CoreDouble(15) as core, connect(core, tmp_path) as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        function(sidecar)
        runs = [job(sidecar, "x", milliseconds=4000) for _ in range(12)]
        live = [Subscriber(sidecar, run, logs=False) for run in runs]
        for each in live:
            each.until(lambda event: event.get("state") == "RUNNING")
        core.reset("requests")
        time.sleep(2)
        asked = core.asked()
        single = [line for line in asked if "/runs/" in line]
        # One list for all of them at each look; a sweep now and then, and the first look of each.
        assert len(asked) <= 30 and len(single) <= 12, asked
        for each in live:
            events = each.all()
            assert (states(events)[-1], events[-1]["reason"]) == ("COMPLETED", "finished")


def test_an_end_by_hand_an_end_by_deletion_and_a_failure(core15, sidecar15):
    function(sidecar15)
    run = job(sidecar15, "on", milliseconds=60_000)
    live = Subscriber(sidecar15, run)
    seen = live.until(lambda event: event.get("text") == "on")
    assert sidecar15.call("unsubscribe", subscription=live.id) == {}
    end = live.next()
    assert (end["reason"], end["cursor"]) == ("unsubscribed", seen[-1]["cursor"])
    more = Subscriber(sidecar15, run, after=end["cursor"])
    sidecar15.call("deleteRun", id=run["id"])
    assert more.all()[-1]["reason"] == "deleted"
    failed = sidecar15.call("run", function="my_function", action="job", args=["log", "no", "exit", "3", "sleep", "200"])
    events = numbered(Subscriber(sidecar15, failed).all())
    assert texts(events) == ["no"] and (events[-2]["state"], events[-2]["exit_code"]) == ("ERROR", 3)


def test_a_core_that_goes_away_for_a_while(core15, sidecar15):
    function(sidecar15)
    lines = [f"line {number}" for number in range(6)]
    run = job(sidecar15, *lines, milliseconds=2500)
    live = Subscriber(sidecar15, run)
    live.until(lambda event: event.get("text") == "line 0")
    core15.fault("status", status=503, count=4)
    rest = live.all()
    assert texts(rest) == lines[1:] and rest[-1]["reason"] == "finished"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_only_the_last_lines(core15, sidecar15, count):
    function(sidecar15)
    run = job(sidecar15, "one", "two", "three", milliseconds=200)
    sidecar15.call("waitRun", id=run["id"], timeout_seconds=20)
    events = Subscriber(sidecar15, run, log_tail=count).all()
    assert texts(events) == ["one", "two", "three"][3 - count:] and states(events)[-1] == "COMPLETED"
