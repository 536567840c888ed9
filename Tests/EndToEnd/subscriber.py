"""One subscription of a sidecar's client."""
import queue


class Subscriber:
    """Events of one subscription; those of others are kept for them."""

    def __init__(self, sidecar, run, **params):
        self.sidecar = sidecar
        reply = sidecar.call("subscribeRun", id=run["id"], **params)
        self.id, self.run = reply["subscription"], reply["run"]

    def next(self, timeout=30):
        """The next event of this subscription."""
        kept = self.sidecar.__dict__.setdefault("kept_events", {})
        while not kept.get(self.id):
            message = self.sidecar.others.get(timeout=timeout)
            if message.get("method") == "run/event":
                kept.setdefault(message["params"]["subscription"], []).append(message["params"])
        return kept[self.id].pop(0)

    def until(self, wanted, timeout=30):
        """Events up to the first for which `wanted` holds, with it."""
        events = []
        while not events or not wanted(events[-1]):
            try:
                events.append(self.next(timeout))
            except queue.Empty:
                raise AssertionError(f"no more events after {events[-5:]}") from None
        return events

    def all(self, timeout=60):
        return self.until(lambda event: event["type"] == "end", timeout)


def states(events):
    return [event["state"] for event in events if event["type"] == "state"]


def texts(events):
    return [event["text"] for event in events if event["type"] == "log"]
