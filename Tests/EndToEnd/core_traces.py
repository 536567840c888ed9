"""The official SDK's recorded traffic and the sidecar's own, made comparable: read, normalised, told apart."""
import collections
import json
import os
import re
import urllib.parse

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared/digitalhub/traces")

PROJECT = "my-project"
Request = collections.namedtuple("Request", "method path query body authorization")


def on_disk(pattern):
    """`LINE/SCENARIO` of every recording whose line fits the regular expression; `_summary.json` is none."""
    return {f"{line}/{file.removesuffix('.json')}" for line in os.listdir(FOLDER) if re.fullmatch(pattern, line)
            for file in os.listdir(os.path.join(FOLDER, line)) if not file.startswith("_")}


class Trace:
    """One recorded scenario."""

    def __init__(self, name, endpoint=None):
        """`endpoint` stands in for the recording's own server, wherever that is named."""
        self.name = name
        self.line, self.scenario = name.split("/")
        self.level = 13 if "0.13" in self.line else 15
        with open(os.path.join(FOLDER, name + ".json")) as file:
            text = file.read()
        if endpoint:
            text = re.sub(r"http://127\.0\.0\.1:\d{4,5}\b", endpoint, text)
        # The project of some recordings has a name that Core would refuse: one letter.
        text = re.sub(r"/(-|projects)/p\b", rf"/\1/{PROJECT}", text)
        self.json = json.loads(text)
        self.requests = [recorded(exchange["request"]) for exchange in self.json["exchanges"]]
        self.succeeded = not self.json.get("python_error")

    def posted(self, kind):
        """The body of its first POST to that collection."""
        return next(request.body for request in self.requests
                    if request.method == "POST" and request.path.endswith("/" + kind))


def recorded(row):
    return Request(row["method"], row["path"], row["query"], body(row["body"]), row["headers"].get("Authorization"))


def received(row):
    """Of the double's record."""
    headers = {name.lower(): value for name, value in row["headers"]}
    return Request(row["method"], row["path"], dict(row["query"]), body(row.get("json", row["body"])),
                   headers.get("authorization"))


def body(value):
    """A form becomes an object, nothing becomes None."""
    if isinstance(value, str):
        return dict(urllib.parse.parse_qsl(value)) or None
    return value


def ids(requests):
    """What each id that these requests make stands for; those of functions are given by the tests, and stay."""
    made = {}
    for request in requests:
        kind = request.path.rsplit("/", 1)[-1]
        if request.method == "POST" and kind in ("tasks", "runs", "secrets"):
            made[request.body["id"]] = f"<{kind.removesuffix('s')}>"
    return made


def normalised(request, names):
    """Without what differs by nature: ids, moments, the SDK's null, and members that say nothing."""
    def value(json):
        if isinstance(json, dict):
            members = {name: value(each) for name, each in json.items()
                       if name not in ("created", "updated", "local_execution", "extensions", "metrics")}
            return {name: each for name, each in members.items()
                    if each is not None and not (name == "source" and each == {})}
        if isinstance(json, list):
            return [value(each) for each in json]
        return text(json) if isinstance(json, str) else json

    def text(string):
        return re.sub(r"[0-9a-f]{32}", lambda id: names.get(id[0], id[0]), string)

    path = re.sub(r"/runs/[^/]+", "/runs/<run>", text(request.path.removeprefix("/api/v1")))
    # Pages and their order are the asker's business; a filter is part of the question.
    query = {name: text(each) for name, each in request.query.items() if name not in ("page", "size", "sort")}
    return request._replace(path=path, query=query, body=value(request.body))


def label(request, authorized):
    query = "&".join(f"{name}={request.query[name]}" for name in sorted(request.query))
    return f"{request.method} {request.path}" + (f"?{query}" if query else "") + (
        f" ({request.authorization or 'no credentials'})" if authorized else "")


def differences(theirs, ours, once=False, authorized=False):
    """`{what: our value}`: `+ REQUEST` that only we make, `- REQUEST` that only they make, and behind a request that
    both make the place in its body: `+`, `-`, or `~` for another value. `once`: repeated reads count as one.
    `authorized`: a request with other credentials is another request."""
    sides = []
    for requests in (theirs, ours):
        side = collections.defaultdict(list)
        for request in requests:
            same = side[label(request, authorized)]
            if not (once and same and request.method == "GET"):
                same.append(request)
        sides.append(side)
    found = {}
    for name in {**sides[0], **sides[1]}:
        left, right = sides[0][name], sides[1][name]
        if len(left) != len(right):
            found[f"{'+' if len(right) > len(left) else '-'} {name}"] = len(right) - len(left)
        for one, other in zip(left, right):
            found.update(changes(one.body, other.body, name + " "))
    return found


def changes(theirs, ours, place):
    if theirs == ours:
        return {}
    if isinstance(theirs, dict) and isinstance(ours, dict):
        found = {}
        for name in {**theirs, **ours}:
            inner = f"{place}/{name}"
            if name not in theirs:
                found["+ " + inner] = ours[name]
            elif name not in ours:
                found["- " + inner] = None
            else:
                found.update(changes(theirs[name], ours[name], inner))
        return found
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        return {what: value for index, pair in enumerate(zip(theirs, ours))
                for what, value in changes(*pair, f"{place}/{index}").items()}
    return {"~ " + place: ours}


def fits(pattern, text):
    """`*` stands for anything, `|` parts alternatives."""
    return any(re.fullmatch(re.escape(each).replace(r"\*", ".*"), text) for each in pattern.split("|"))
