"""subscribeRun on a real Podman and a real Docker: a run's history and what follows, none lost and none twice."""
import pytest
from sidecar import CallError, Sidecar
from subscriber import Subscriber, states, texts


@pytest.fixture
def clean(sidecar):
    """Removes every run at the end."""
    yield sidecar
    for item in sidecar.call("listRuns", limit=100)["items"]:
        sidecar.call("deleteRun", id=item["id"])


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
