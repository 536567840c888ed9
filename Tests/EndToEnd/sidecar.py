"""A JSON-RPC client over a subprocess's pipes, in both framings: just enough for tests."""
import json
import os
import queue
import shutil
import subprocess
import threading
import time

BINARY = os.environ.get(
    "DH_SIDECAR_BIN", os.path.join(os.path.dirname(__file__), "../../.build/release/dh-sidecar"))


class CallError(Exception):
    """An error answer: `code` is the JSON-RPC number, `data` the error's data."""

    def __init__(self, error):
        super().__init__(json.dumps(error))
        self.code = error["code"]
        self.message = error["message"]
        self.data = error.get("data") or {}


def clean_environment(**changes):
    """This process's environment without what would steer the sidecar; None removes a variable."""
    steering = ("DH_SIDECAR_", "DHCORE_", "DH_NAME", "DH_CONFIG", "OAUTH2_", "AWS_", "S3_", "DOCKER_HOST",
                "CONTAINER_HOST", "DOCKER_CONTEXT")
    env = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    for name, value in changes.items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = str(value)
    return env


def without_sockets():
    """The start of a command line for which the machine's own engines are not there."""
    return [shutil.which("unshare"), "-m", "/bin/sh", "-c", '/bin/mount -t tmpfs tmpfs /run && exec "$0" "$@"']


class Sidecar:
    def __init__(self, env, arguments=(), headers=False, within=()):
        """`within` is the start of a command line that ends with the sidecar's own."""
        self.headers = headers
        self.process = subprocess.Popen(
            [*within, BINARY, *arguments], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.next_id = 0
        self.answers = {}
        self.others = queue.Queue()
        self.arrived = threading.Condition()
        self.closed = False
        self.stderr = b""
        for target in (self._read, self._read_stderr):
            threading.Thread(target=target, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _frames(self):
        out = self.process.stdout
        while True:
            line = out.readline()
            if not line:
                return
            if not self.headers:
                yield line
                continue
            length = None
            while line.strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                line = out.readline()
            yield out.read(length)

    def _read(self):
        for frame in self._frames():
            message = json.loads(frame)
            with self.arrived:
                for one in message if isinstance(message, list) else [message]:
                    if one.get("id") is not None and "method" not in one:
                        self.answers[one["id"]] = (one, time.monotonic())
                    else:
                        self.others.put(one)
                self.arrived.notify_all()
        with self.arrived:
            self.closed = True
            self.arrived.notify_all()

    def _read_stderr(self):
        for line in self.process.stderr:
            self.stderr = (self.stderr + line)[-20000:]

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def frame(self, message):
        body = json.dumps(message).encode()
        return b"Content-Length: %d\r\n\r\n%s" % (len(body), body) if self.headers else body + b"\n"

    def request(self, method, params=None):
        self.next_id += 1
        message = {"jsonrpc": "2.0", "id": self.next_id, "method": method}
        if params is not None:
            message["params"] = params
        return message

    def send(self, method, params=None):
        """The id under which the answer will come."""
        message = self.request(method, params)
        self.write(self.frame(message))
        return message["id"]

    def answer(self, id, timeout=60):
        return self.answer_at(id, timeout)[0]

    def answer_at(self, id, timeout=60):
        """The result, and the moment at which it arrived."""
        with self.arrived:
            done = self.arrived.wait_for(lambda: id in self.answers or self.closed, timeout)
            if id not in self.answers:
                raise AssertionError(
                    f"no answer to {id} ({'closed' if done else 'timeout'}); stderr: {self.stderr.decode()[-3000:]}")
            message, at = self.answers.pop(id)
        if "error" in message:
            raise CallError(message["error"])
        return message["result"], at

    def call(self, _method, /, _timeout=60, **params):
        return self.answer(self.send(_method, params), _timeout)

    def function(self, name="f", **params):
        return self.call("createFunction", project="default", name=name, kind="container",
                         **{"image": os.environ.get("DH_TEST_IMAGE"), **params})

    def start(self, function="f", **params):
        return self.call("run", project="default", function=function, **{"action": "job", **params})

    def wait(self, run, timeout_seconds=60, **params):
        return self.call("waitRun", _timeout=timeout_seconds + 30, project="default", id=run["id"],
                         timeout_seconds=timeout_seconds, **params)

    def job(self, script, **params):
        """A shell script run to its end."""
        self.function(command="sh")
        return self.wait(self.start(args=["-c", script], **params))

    def logs(self, run, **params):
        return self.call("getRunLogs", project="default", id=run["id"], **params)

    def until(self, run, state, seconds=30):
        """The run, once it is in that state."""
        end = time.monotonic() + seconds
        while True:
            now = self.call("getRun", project="default", id=run["id"])
            if now["status"]["state"] == state:
                return now
            assert time.monotonic() < end, f"still {now['status']}"
            time.sleep(0.05)

    def close(self, timeout=10):
        """The exit code after the end of stdin."""
        if self.process.stdin and not self.process.stdin.closed:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def kill(self):
        self.process.kill()
        self.process.wait()
