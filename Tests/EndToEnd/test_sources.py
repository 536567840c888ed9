"""Sources on a real Podman and a real Docker: each form of them, under /shared in the container."""
import base64
import functools
import hashlib
import http.server
import io
import json
import os
import ssl
import stat
import subprocess
import sys
import threading
import zipfile

import pytest
from sidecar import CallError, Sidecar

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT = "echo ran $0; cat /shared/data/words 2>/dev/null; id -u; echo more >/shared/new && cat /shared/new\n"


def texts(sidecar, run):
    return [entry["text"] for entry in sidecar.logs(run)["entries"] if entry["stream"] == "stdout"]


def run_of(sidecar, *args, run=None, **function):
    sidecar.function(command="sh", **function)
    return sidecar.wait(sidecar.start(args=list(args), **(run or {})))


def output(sidecar, *args, **params):
    run = run_of(sidecar, *args, **params)
    assert run["status"]["state"] == "COMPLETED", run["status"]
    return texts(sidecar, run)


def refused(sidecar, engine, *args, **params):
    """The message of a run that failed for its source; nothing was created for it."""
    run = run_of(sidecar, *args, **params)
    assert (run["status"]["state"], run["status"]["reason"]) == ("ERROR", "SourceError"), run["status"]
    assert engine.containers(run) == []
    return run["status"]["message"]


@pytest.fixture
def folder(tmp_path):
    source = tmp_path / "source"
    (source / "data").mkdir(parents=True)
    (source / "run.sh").write_text(SCRIPT)
    (source / "data/words").write_text("in a folder\n")
    (source / "tool").write_text("#!/bin/sh\necho tool\n")
    (source / "tool").chmod(0o755)
    return source


EXPECTED = ["ran /shared/run.sh", "in a folder", "0", "more"]


def zipped(folder):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return data.getvalue()


def malicious(**entries):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("run.sh", SCRIPT)
        for name, (entry, mode, content) in entries.items():
            info = zipfile.ZipInfo(entry)
            info.create_system = 3
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return data.getvalue()


# --- inline ---

def test_code(sidecar):
    assert output(sidecar, "/shared/main.sh", code=SCRIPT, lang="sh") == ["ran /shared/main.sh", "0", "more"]


def test_base64(sidecar):
    encoded = base64.encodebytes(SCRIPT.encode()).decode()
    assert output(sidecar, "/shared/main", base64=encoded)[0] == "ran /shared/main"


def test_each_run_has_a_copy_of_its_own(sidecar):
    sidecar.function(command="sh", code="ls /shared; echo changed >>/shared/main.sh\n", lang="sh")
    for _ in range(2):
        run = sidecar.wait(sidecar.start(args=["/shared/main.sh"]))
        assert texts(sidecar, run) == ["main.sh"]


@pytest.mark.parametrize("identity, expected", [
    ({"run_as_user": 1000}, "755 1000:0 644 1000:0"),
    ({"run_as_user": 1000, "run_as_group": 1000}, "755 1000:1000 644 1000:1000"),
    ({"run_as_user": 1000, "fs_group": 2000}, "2775 1000:2000 664 1000:2000"),
    ({"run_as_group": 1000}, "777 0:1000 666 0:1000"),
])
def test_owner(sidecar, identity, expected):
    code = "touch /shared/mine && stat -c '%a %u:%g' /shared /shared/main.sh\n"
    lines = output(sidecar, "/shared/main.sh", code=code, lang="sh", run=identity)
    assert " ".join(lines) == expected


@pytest.mark.parametrize("run", [
    {"volumes": [{"volume_type": "empty_dir", "name": "v", "mount_path": "/shared"}]},
    {"volumes": [{"volume_type": "persistent_volume_claim", "name": "v", "mount_path": "/shared/"}]},
    {"resources": {"disk": "1Gi"}},
    {"volumes": [{"volume_type": "empty_dir", "name": "v", "mount_path": "/shared/data"}]},
])
def test_with_a_volume(sidecar, run):
    lines = output(sidecar, "/shared/main.sh", code="echo more >>/shared/data2; cat /shared/data2\n", lang="sh", run=run)
    assert lines[-1] == "more"


def test_an_own_volume_is_writable_for_the_user(sidecar):
    run = {"resources": {"disk": "1Gi"}, "run_as_user": 1000}
    assert output(sidecar, "/shared/main.sh", code="touch /shared/x && echo yes\n", lang="sh", run=run) == ["yes"]


def test_memory_on_shared_is_refused(sidecar):
    sidecar.function(command="sh", code="true\n", lang="sh")
    volume = {"volume_type": "empty_dir", "name": "v", "mount_path": "/shared", "spec": {"medium": "Memory"}}
    with pytest.raises(CallError) as error:
        sidecar.start(volumes=[volume])
    assert error.value.data["errors"][0]["pointer"] == "/volumes/0/spec/medium"


def test_rendered(sidecar):
    sidecar.function(command="sh", code=SCRIPT, lang="sh")
    calls = sidecar.call("renderRun", project="default", function="f", action="job")["calls"]
    assert [(call["method"], call["path"].split("?")[1]) for call in calls if "/archive" in call["path"]] == [
        ("HEAD", "path=%2Fshared"), ("PUT", "path=%2F"), ("PUT", "path=%2Fshared")]
    assert "`code`" in calls[-2]["upload"]


# --- this machine ---

def test_folder(sidecar, folder):
    assert output(sidecar, "/shared/run.sh", code_src=str(folder)) == EXPECTED


def test_a_relative_path_is_settled_when_the_run_is_made(environment, folder):
    before = os.getcwd()
    try:
        os.chdir(folder.parent)
        with Sidecar(environment) as process:
            assert output(process, "/shared/run.sh", code_src="source") == EXPECTED
            run = process.wait(process.start(args=["/shared/run.sh"]))
            assert run["spec"]["code_src"] == str(folder)
    finally:
        os.chdir(before)


def test_executables_stay_so(sidecar, folder):
    assert output(sidecar, "-c", "/shared/tool", code_src=str(folder)) == ["tool"]


def test_file(sidecar, folder):
    assert output(sidecar, "/shared/run.sh", code_src=f"file://{folder}/run.sh")[0] == "ran /shared/run.sh"


def test_zip(sidecar, folder, tmp_path):
    (tmp_path / "source.zip").write_bytes(zipped(folder))
    assert output(sidecar, "/shared/run.sh", code_src=str(tmp_path / "source.zip")) == EXPECTED
    assert output(sidecar, "-c", "/shared/tool", code_src=str(tmp_path / "source.zip")) == ["tool"]


def test_a_missing_file(sidecar, engine, tmp_path):
    assert f"{tmp_path}/no.py does not exist" in refused(sidecar, engine, code_src=f"{tmp_path}/no.py")


def test_a_link_that_leads_out(sidecar, engine, folder):
    (folder / "out").symlink_to("/etc/passwd")
    assert f"{folder}/out is a link to something outside" in refused(sidecar, engine, code_src=str(folder))


def test_a_link_inside_of_a_zip(sidecar, tmp_path):
    path = tmp_path / "links.zip"
    path.write_bytes(malicious(link=("d/again.sh", stat.S_IFLNK | 0o777, "../run.sh")))
    assert output(sidecar, "/shared/d/again.sh", code_src=str(path))[0] == "ran /shared/d/again.sh"


@pytest.mark.parametrize("entry, mode, content, words", [
    ("../out", stat.S_IFREG | 0o644, "x", "../out has a name that leads elsewhere"),
    ("a/../../out", stat.S_IFREG | 0o644, "x", "a/../../out has a name that leads elsewhere"),
    ("/etc/out", stat.S_IFREG | 0o644, "x", "/etc/out has an absolute name"),
    ("link", stat.S_IFLNK | 0o777, "/etc/passwd", "link is a link to something outside"),
    ("a/link", stat.S_IFLNK | 0o777, "../../x", "a/link is a link to something outside"),
    ("run.sh", stat.S_IFREG | 0o644, "x", "run.sh is there twice"),
    ("run.sh/x", stat.S_IFREG | 0o644, "x", "run.sh/x is both a file and a folder"),
    ("null", stat.S_IFCHR | 0o666, "", "null is neither a file nor a folder nor a link"),
    ("disk", stat.S_IFBLK | 0o666, "", "disk is neither a file nor a folder nor a link"),
    ("socket", stat.S_IFSOCK | 0o666, "", "socket is neither a file nor a folder nor a link"),
    ("zeros", stat.S_IFREG | 0o644, b"\0" * (64 << 20), "unpacks to more than 100 times its size (at zeros)"),
], ids=lambda value: value[:12] if isinstance(value, str) else "")
def test_a_malicious_zip(sidecar, engine, tmp_path, entry, mode, content, words):
    path = tmp_path / "bad.zip"
    path.write_bytes(malicious(bad=(entry, mode, content)))
    assert words in refused(sidecar, engine, code_src=str(path))


def test_nothing_is_left_behind(environment, folder, tmp_path):
    (tmp_path / "source.zip").write_bytes(zipped(folder))
    place = tmp_path / "state/dh-sidecar/sources"
    with Sidecar(environment) as process:
        output(process, "/shared/run.sh", code_src=str(tmp_path / "source.zip"))
        own = [entry for entry in place.iterdir() if entry.is_dir()]
        assert len(own) == 1 and list(own[0].iterdir()) == []
        (own[0] / "left").mkdir()
        process.kill()
    assert list(place.iterdir()) != []
    with Sidecar(environment) as process:
        output(process, "/shared/main", code=SCRIPT)
        assert not own[0].exists()
    assert list(place.iterdir()) == []


# --- git ---

def git(*arguments, cwd):
    names = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *names, *arguments], cwd=cwd, check=True, capture_output=True, text=True,
                          env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": "/"}).stdout.strip()


@pytest.fixture
def repository(folder, tmp_path):
    """A bare repository with the branches main and other, and the tag v1; `first` is a commit that no name leads to."""
    git("init", "-q", "-b", "main", cwd=folder)
    git("add", ".", cwd=folder)
    git("commit", "-qm", "one", cwd=folder)
    git("tag", "-a", "v1", "-m", "v1", cwd=folder)
    first = git("rev-parse", "HEAD", cwd=folder)
    (folder / "data/words").write_text("second\n")
    git("commit", "-qam", "two", cwd=folder)
    git("checkout", "-qb", "other", cwd=folder)
    (folder / "data/words").write_text("other\n")
    git("commit", "-qam", "three", cwd=folder)
    git("checkout", "-q", "main", cwd=folder)
    bare = tmp_path / "bare.git"
    git("clone", "-q", "--bare", str(folder), str(bare), cwd=tmp_path)
    return bare, first


@pytest.mark.parametrize("ref, word", [
    ("", "second"), ("#main", "second"), ("#other", "other"), ("#v1", "in a folder"), ("#FULL", "in a folder"),
    ("#SHORT", "in a folder"),
])
def test_git_file(sidecar, repository, ref, word):
    bare, first = repository
    ref = ref.replace("FULL", first).replace("SHORT", first[:8])
    assert output(sidecar, "/shared/run.sh", code_src=f"git+file://{bare}{ref}")[1] == word


@pytest.mark.parametrize("uri, words", [
    ("git+file://BARE#nowhere", "it has no branch, tag or commit nowhere"),
    ("git+file:///no/such.git", "there is no such repository"),
    ("git+https://127.0.0.1:1/x/y", "its server can't be reached"),
])
def test_git_refusals(sidecar, engine, repository, uri, words):
    assert words in refused(sidecar, engine, code_src=uri.replace("BARE", str(repository[0])))


class GitServer(http.server.BaseHTTPRequestHandler):
    """git http-backend behind HTTP basic authentication."""
    root = user = None
    seen = []

    def _serve(self):
        self.seen.append(self.headers.get("Authorization"))
        if self.user and self.headers.get("Authorization") != "Basic " + base64.b64encode(self.user).decode():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            import gzip
            body = gzip.decompress(body)
        answer = subprocess.run(["git", "http-backend"], input=body, stdout=subprocess.PIPE, check=True, env={
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self.root), "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
            "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_USER": "t",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", "")}).stdout
        head, _, content = answer.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        self.send_response(int(next((value[:3] for name, value in fields if name == "Status"), 200)))
        for name, value in fields:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _serve

    def log_message(self, *_):
        pass


def serve(handler, certificate=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def certificate(tmp_path):
    paths = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-out", paths[0],
                    "-keyout", paths[1]], check=True, capture_output=True)
    return paths


@pytest.mark.parametrize("secrets, user", [
    ({}, None), ({"GIT_TOKEN": "t0ken-value"}, b"oauth2:t0ken-value"),
    ({"GIT_USERNAME": "ann", "GIT_PASSWORD": "pass word%'\"\\"}, b"ann:pass word%'\"\\"),
])
def test_git_https(environment, engine, repository, certificate, secrets, user):
    bare, _ = repository
    handler = type("Handler", (GitServer,), {"root": bare.parent, "user": user, "seen": []})
    server = serve(handler, certificate)
    try:
        uri = f"git+https://127.0.0.1:{server.server_port}/bare.git#v1"
        trusting = {name: value for name, value in environment.items() if not name.startswith("GIT_SSL")}
        with Sidecar({**trusting, "REQUESTS_CA_BUNDLE": str(certificate[0])}) as process:
            for name, value in secrets.items():
                process.call("setSecret", project="default", name=name, value=value)
            run = {"secrets": list(secrets)}
            assert output(process, "/shared/run.sh", code_src=uri, run=run) == EXPECTED
            if user:
                message = refused(process, engine, code_src=uri)
                assert "it wants to know who you are" in message and "GIT_TOKEN" in message
                process.call("setSecret", project="default", name="GIT_TOKEN", value="wr0ng-token")
                message = refused(process, engine, code_src=uri, run={"secrets": ["GIT_TOKEN"]})
                assert "does not accept the credential" in message and "wr0ng" not in message
        with Sidecar(environment) as process:
            assert "is not trusted" in refused(process, engine, code_src=uri)
    finally:
        server.shutdown()


def test_a_hook_and_a_filter_are_not_run(sidecar, engine, repository, tmp_path):
    """Neither what the repository says in .gitattributes nor what the user's configuration says is carried out."""
    bare, _ = repository
    work = tmp_path / "source"
    (work / ".gitattributes").write_text("* filter=evil\n")
    git("add", ".", cwd=work)
    git("commit", "-qm", "evil", cwd=work)
    git("push", "-q", str(bare), "main", cwd=work)
    assert output(sidecar, "/shared/run.sh", code_src=f"git+file://{bare}")[1] == "second"


# --- http and S3 ---

class Files(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/moved"))
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def files(folder):
    server = serve(functools.partial(Files, directory=str(folder)))
    (folder / "source.zip").write_bytes(zipped(folder))
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_http(sidecar, files):
    assert output(sidecar, "/shared/run.sh", code_src=f"{files}/run.sh?x=1")[0] == "ran /shared/run.sh"
    assert output(sidecar, "/shared/run.sh", code_src=f"{files}/moved/run.sh")[0] == "ran /shared/run.sh"
    assert output(sidecar, "/shared/run.sh", code_src=f"zip+{files}/source.zip") == EXPECTED
    assert output(sidecar, "-c", "ls /shared", code_src=f"{files}/source.zip") == ["source.zip"]


def test_a_checksum(sidecar, engine, files, folder):
    good = hashlib.sha256((folder / "source.zip").read_bytes()).hexdigest()
    assert output(sidecar, "/shared/run.sh", code_src=f"zip+{files}/source.zip#sha256={good}") == EXPECTED
    message = refused(sidecar, engine, code_src=f"zip+{files}/source.zip#sha256={'0' * 64}")
    assert "does not have the checksum" in message and good in message


def test_http_refusals(sidecar, engine, files):
    assert "there is no such file" in refused(sidecar, engine, code_src=f"{files}/no.py")
    assert "no zip file" in refused(sidecar, engine, code_src=f"zip+{files}/run.sh")
    assert "gives no answer" in refused(sidecar, engine, code_src="http://127.0.0.1:1/x.py")


@pytest.fixture(scope="module")
def s3():
    python = os.environ.get("DH_TEST_PYTHON", sys.executable)
    server = subprocess.Popen([python, os.path.join(HERE, "../Sources/s3_server.py")], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    yield json.loads(server.stdout.readline())
    server.stdin.close()
    server.wait(20)


def put(s3, key, content):
    """By botocore, which signs as S3 wants it."""
    code = """
import botocore.session, json, sys
s3 = json.loads(sys.argv[1])
client = botocore.session.get_session().create_client("s3", region_name=s3["region"], endpoint_url=s3["endpoint"],
    aws_access_key_id=s3["access_key"], aws_secret_access_key=s3["secret_key"])
client.put_object(Bucket=s3["bucket"], Key=sys.argv[2], Body=sys.stdin.buffer.read())
"""
    subprocess.run([os.environ.get("DH_TEST_PYTHON", sys.executable), "-c", code, json.dumps(s3), key], input=content,
                   check=True)


def test_s3(environment, engine, s3, folder):
    put(s3, "code/source.zip", zipped(folder))
    put(s3, "code/run.sh", SCRIPT.encode())
    keys = {"AWS_ENDPOINT_URL": s3["endpoint"], "AWS_ACCESS_KEY_ID": s3["access_key"],
            "AWS_SECRET_ACCESS_KEY": s3["secret_key"]}
    with Sidecar({**environment, **keys}) as process:
        assert output(process, "/shared/run.sh", code_src=f"zip+s3://{s3['bucket']}/code/source.zip") == EXPECTED
        assert output(process, "/shared/run.sh", code_src=f"s3://{s3['bucket']}/code/run.sh")[0] == "ran /shared/run.sh"
        assert "there is no such object" in refused(process, engine, code_src=f"s3://{s3['bucket']}/code/no.sh")
    with Sidecar(environment) as process:
        assert "there are no credentials" in refused(process, engine, code_src=f"s3://{s3['bucket']}/code/run.sh")
        for name, value in keys.items():
            process.call("setSecret", project="default", name=name, value=value)
        run = {"secrets": list(keys)}
        assert output(process, "/shared/run.sh", code_src=f"s3://{s3['bucket']}/code/run.sh", run=run)[0] == "ran /shared/run.sh"
