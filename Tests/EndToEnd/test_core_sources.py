"""Core: sources that the caller has on this machine, and servers behind TLS and proxies; with the real parts."""
import json
import os
import socket
import ssl
import subprocess
import threading
import zipfile

import pytest
from core_double import CoreDouble
from core_fixtures import PROJECT, connect, function, refused

S3_SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Sources/s3_server.py")


@pytest.fixture(scope="module")
def s3():
    process = subprocess.Popen([os.environ.get("DH_TEST_PYTHON", "python3"), S3_SERVER], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    yield json.loads(process.stdout.readline())
    process.stdin.close()
    process.wait(10)


@pytest.fixture
def core():
    with CoreDouble(15) as double:
        yield double


def store(s3, **changes):
    return {"AWS_ENDPOINT_URL": s3["endpoint"], "AWS_REGION": s3["region"], "AWS_ACCESS_KEY_ID": s3["access_key"],
            "AWS_SECRET_ACCESS_KEY": s3["secret_key"], "DHCORE_DEFAULT_FILES_STORE": f"s3://{s3['bucket']}/lake", **changes}


def source_of(core, made):
    return core.api("GET", f"/-/{PROJECT}/functions/{made['id']}")["spec"]["source"]


def test_a_local_file_travels_in_the_function(core, tmp_path):
    (tmp_path / "src.py").write_text("print(1)\n")
    with connect(core, tmp_path) as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        made = function(sidecar, code_src=str(tmp_path / "src.py"), handler="main")
        assert source_of(core, made) == {"source": "src.py", "base64": "cHJpbnQoMSkK", "handler": "main"}
        assert made["spec"]["code_src"] == "src.py"


def test_a_folder_goes_to_the_store_once(core, s3, tmp_path):
    folder = tmp_path / "app"
    (folder / "sub").mkdir(parents=True)
    (folder / "main.py").write_text("print(1)\n")
    (folder / "sub" / "x.txt").write_text("x")
    with connect(core, tmp_path, **store(s3)) as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        made = function(sidecar, code_src=str(folder))
        uri = source_of(core, made)["source"]
        assert uri.startswith(f"zip+s3://{s3['bucket']}/lake/{PROJECT}/function/") and uri.endswith(".zip")
        assert source_of(core, function(sidecar, code_src=str(folder)))["source"] == uri
        (folder / "main.py").write_text("print(2)\n")
        assert source_of(core, function(sidecar, code_src=str(folder)))["source"] != uri
        script = "import boto3, sys; boto3.client('s3', endpoint_url=sys.argv[1]).download_file(*sys.argv[2:])"
        bucket, _, key = uri.removeprefix("zip+s3://").partition("/")
        subprocess.run([os.environ.get("DH_TEST_PYTHON", "python3"), "-c", script, s3["endpoint"], bucket, key,
                        tmp_path / "got.zip"], env={**os.environ, **store(s3)}, check=True, timeout=60)
    with zipfile.ZipFile(tmp_path / "got.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")} == {
            "main.py": b"print(1)\n", "sub/x.txt": b"x"}


def test_the_keys_that_core_hands_out_are_used(s3, tmp_path):
    lent = s3["temporary"]
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "a").write_text("a")
    credentials = {"aws_access_key_id": lent["access_key"], "aws_secret_access_key": lent["secret_key"],
                   "aws_session_token": lent["token"], "aws_endpoint_url": s3["endpoint"], "s3_bucket": s3["bucket"]}
    with CoreDouble(15, auth="bearer", credentials=credentials) as core, connect(
            core, tmp_path, DHCORE_PERSONAL_ACCESS_TOKEN="dhcp_pat", DHCORE_CLIENT_ID="c",
            DHCORE_ISSUER=core.endpoint) as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        made = function(sidecar, code_src=str(tmp_path / "app"))
        assert made["spec"]["code_src"].startswith(f"zip+s3://{s3['bucket']}/{PROJECT}/function/")


@pytest.mark.parametrize("missing, says", [("DHCORE_DEFAULT_FILES_STORE", "DHCORE_DEFAULT_FILES_STORE"),
                                           ("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY")])
def test_what_an_upload_lacks_is_named(core, s3, tmp_path, missing, says):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "a").write_text("a")
    with connect(core, tmp_path, **store(s3, **{missing: None})) as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        error = refused(function, sidecar, code_src=str(tmp_path / "app"))
        assert error.data["code"] == "source_error" and says in error.message + error.data["hint"]
        assert sidecar.call("listFunctions")["total"] == 0


@pytest.mark.parametrize("source", ["git+https://example.org/o/r#main", "zip+https://example.org/a.zip",
                                    "s3://bucket/key", "zip+s3://bucket/key.zip", "https://example.org/f.py"])
def test_what_containers_fetch_themselves_passes_through(core, tmp_path, source):
    with connect(core, tmp_path) as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        made = function(sidecar, code_src=source, handler="m:f")
        assert made["spec"]["code_src"] == source
        assert source_of(core, made) == {"source": source, "handler": "m:f"}


@pytest.mark.parametrize("source", ["gti+https://h/r", "no/such/file.py", "https://user:pw@h/f"])
def test_a_source_that_cannot_be_is_refused(core, tmp_path, source):
    with connect(core, tmp_path) as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        error = refused(function, sidecar, code_src=source)
        assert error.data["code"] in ("invalid_params", "source_error") and error.data["hint"] and "pw" not in str(error)


# TLS and proxies.

@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate authority of its own, and a certificate for 127.0.0.1 by it."""
    folder = tmp_path_factory.mktemp("authority")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "1",
            "-subj", "/CN=Test authority")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=core")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1",
            "-extfile", "names", "-out", "cert.pem")
    return folder


def pump(source, target):
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Listener:
    """Takes connections on a port of its own, each on a thread of its own, until closed."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def close(self):
        self.listener.close()


class Relay(Listener):
    """Carries the bytes of connections to a port of this machine; what comes in is TLS where a context is given."""

    def __init__(self, port, context=None):
        self.target, self.context = port, context
        super().__init__()

    def _carry(self, client):
        try:
            if self.context:
                client = self.context.wrap_socket(client, server_side=True)
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            return client.close()
        threading.Thread(target=pump, args=(client, server), daemon=True).start()
        pump(server, client)


@pytest.fixture
def secure(core, authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "cert.pem", authority / "key.pem")
    relay = Relay(int(core.endpoint.rsplit(":")[-1]), context)
    yield f"https://127.0.0.1:{relay.port}"
    relay.close()


@pytest.mark.parametrize("variable", ["DH_SIDECAR_CORE_CA_FILE", "REQUESTS_CA_BUNDLE"])
def test_an_authority_of_ones_own_is_named(core, secure, authority, tmp_path, variable):
    with connect(core, tmp_path, DHCORE_ENDPOINT=secure, **{variable: authority / "ca.pem"}) as sidecar:
        assert sidecar.call("getOrCreateProject", name=PROJECT)["name"] == PROJECT


def test_a_server_that_nobody_vouches_for_is_refused_at_once(core, secure, tmp_path):
    with connect(core, tmp_path, DHCORE_ENDPOINT=secure) as sidecar:
        error = refused(sidecar.call, "getProject", name=PROJECT)
        assert error.data["code"] == "untrusted_server" and "core.ca_file" in error.data["hint"]
        assert core.asked() == []


class TunnelProxy(Listener):
    """An HTTP proxy: CONNECT (RFC 9110, section 9.3.6) to any port of this machine."""

    def __init__(self):
        self.targets = []
        super().__init__()
        self.address = f"http://127.0.0.1:{self.port}"

    def _carry(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(1)
        method, target, _ = head.split(b"\r\n")[0].decode().split()
        self.targets.append((method, target))
        server = socket.create_connection(("127.0.0.1", int(target.rsplit(":")[-1])))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        threading.Thread(target=pump, args=(client, server), daemon=True).start()
        pump(server, client)


def test_proxy_variables(core, secure, authority, tmp_path):
    proxy = TunnelProxy()
    env = {"DHCORE_ENDPOINT": secure, "DH_SIDECAR_CORE_CA_FILE": authority / "ca.pem", "https_proxy": proxy.address,
           "NO_PROXY": None}
    with connect(core, tmp_path, no_proxy="example.org", **env) as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
    assert proxy.targets == [("CONNECT", secure.removeprefix("https://"))]
    with connect(core, tmp_path, no_proxy="127.0.0.1", **env) as sidecar:
        sidecar.call("getProject", name=PROJECT)
    assert len(proxy.targets) == 1
    proxy.close()
