"""A client that reads as much as it is told to, as it comes: what a flood of notifications needs."""
import json
import os
import re
import subprocess
import threading
import time

from sidecar import BINARY

REPLY = re.compile(rb'^\{"jsonrpc":"2.0","id":(\d+)', re.M)
SEQ = re.compile(rb'^\{"jsonrpc":"2.0","method":"run/event","params":\{"subscription":"[^"]*","seq":(\d+)', re.M)


class FloodClient:
    """Keeps of events their sequence numbers and the last of them, and when each reply came."""

    def __init__(self, env):
        self.process = subprocess.Popen([BINARY], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.reading = threading.Event()
        self.reading.set()
        self.replies, self.arrived = {}, threading.Condition()
        self.next_id = self.seq = self.bytes = 0
        self.out_of_order = []
        self.end = None
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def _read(self):
        rest = b""
        while True:
            self.reading.wait()
            chunk = os.read(self.process.stdout.fileno(), 1 << 20)
            if not chunk:
                return
            at = time.monotonic()
            self.bytes += len(chunk)
            whole, _, rest = (rest + chunk).rpartition(b"\n")
            whole += b"\n"
            for match in SEQ.finditer(whole):
                seq = int(match[1])
                if seq != self.seq + 1:
                    self.out_of_order.append((self.seq, seq))
                self.seq = seq
            with self.arrived:
                for match in REPLY.finditer(whole):
                    line = whole[match.start():whole.index(b"\n", match.start())]
                    self.replies[int(match[1])] = (at, json.loads(line))
                last = whole[whole.rindex(b"\n", 0, -1) + 1 if b"\n" in whole[:-1] else 0:]
                if b'"type":"end"' in last:
                    self.end = json.loads(last)["params"]
                self.arrived.notify_all()

    def call(self, method, /, **params):
        """The result, and how many seconds it took to come."""
        self.next_id += 1
        id, began = self.next_id, time.monotonic()
        message = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()
        with self.arrived:
            assert self.arrived.wait_for(lambda: id in self.replies, 60), f"no answer to {method}"
            at, reply = self.replies.pop(id)
        return reply["result"], at - began

    def wait_for_end(self, timeout):
        with self.arrived:
            assert self.arrived.wait_for(lambda: self.end, timeout), f"no end; {self.seq} events so far"
        return self.end

    def memory(self):
        """MiB that are resident."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * 4096 / (1 << 20)
