"""A unix socket in front of an engine's, which holds one request: where a crash is to be exactly there."""
import json
import re
import socket
import threading


class Gate:
    """Passes everything on until a request matches; from then on nothing comes back.

    `request` is a pattern of a request line. With `before` the request itself doesn't reach the engine; without it, it
    does, and its answer is kept.
    """

    def __init__(self, path, engine, request, before):
        self.engine = engine.removeprefix("unix://")
        self.request = re.compile(request.encode())
        self.before = before
        self.reached = threading.Event()
        self.passed = []
        self.host = f"unix://{path}"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def requests(self):
        """Every request that was passed on, in order: method, path and body (JSON; None where it is none)."""
        found = []
        for data in self.passed:
            head, length, body = self._parts(data)
            method, path, _ = head[0].split(" ")
            is_json = any(line.lower().startswith("content-type: application/json") for line in head[1:])
            found.append((method, path, json.loads(body) if length and is_json else None))
        return found

    @staticmethod
    def _parts(data):
        """Lines of the head, the length of the body, and what came of it."""
        head, _, body = bytes(data).partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        return lines, next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length")), 0), body

    def _keep(self, request, data):
        """The request that the piece belongs to: a new one where the last is whole."""
        if request is not None:
            _, length, body = self._parts(request)
            if b"\r\n\r\n" not in request or len(body) < length:
                request += data
                return request
        self.passed.append(bytearray(data))
        return self.passed[-1]

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        upstream = socket.socket(socket.AF_UNIX)
        upstream.connect(self.engine)
        held = threading.Event()
        request = None
        threading.Thread(target=self._answer, args=(upstream, client, held), daemon=True).start()
        # A client that keeps its connection sends the next request after the answer: each starts a piece of its own.
        while data := self._read(client):
            if not held.is_set() and self.request.match(data):
                held.set()
                if self.before:
                    self.reached.set()
            if not (held.is_set() and self.before):
                request = self._keep(request, data)
                upstream.sendall(data)
        upstream.close()

    def _answer(self, upstream, client, held):
        while data := self._read(upstream):
            if held.is_set():
                self.reached.set()
            else:
                client.sendall(data)
        if not held.is_set():
            client.close()

    @staticmethod
    def _read(connection):
        try:
            return connection.recv(65536)
        except OSError:
            return b""
