# SPDX-License-Identifier: MIT
"""hub_server.py - a Hugging Face hub with one model, in threads of the test, with injected faults

    with Hub() as hub:                       serves the small model of the tests
        hub.on("GET", "vocab.json", disconnect_after(100), times=1)
        ...run something with hub.environment...
        hub.log                              the requests: server, path, range, token

The headers are those of the real hub. It sends small files itself, with their git hash as ETag, and
redirects large ones to a store on another host; the redirect has their SHA-256 and size in its
X-Linked-... headers. Standard library only.
"""

import hashlib
import json
import os
import re
import socketserver
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote, urlsplit

LARGE = {"model.safetensors", "pytorch_model.bin", "data/train-0.tar"}
NAME = "laion/clap-htsat-unfused"
FILES = ["config.json", "preprocessor_config.json", "vocab.json", "merges.txt",
         "model.safetensors", "tokenizer_config.json"]
COMMIT = hashlib.sha1(b"the newest state").hexdigest()


# ---- faults: actions, each called with (handler, file, body) ------------------------------------

def status(code, **headers):
    """Sends an error status; _ in the names of headers stands for -."""
    def handle(handler, _file, _body):
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "5")
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(b"oh no")
    return handle


def disconnect_after(after):
    """Sends the first bytes of the body and closes the connection."""
    def handle(handler, _file, body):
        handler.send_partial_headers(body)
        handler.wfile.write(handler.part(body)[:after])
        handler.wfile.flush()
        handler.close_connection = True
        handler.connection.shutdown(2)
    return handle


def stall(after, seconds=60):
    """Sends the first bytes of the body and then nothing until the test ends."""
    def handle(handler, _file, body):
        handler.send_partial_headers(body)
        handler.wfile.write(handler.part(body)[:after])
        handler.wfile.flush()
        handler.hub.closing.wait(seconds)
        handler.close_connection = True
    return handle


def slow(bytes_per_step, pause):
    """Sends the whole body in steps."""
    def handle(handler, _file, body):
        handler.send_partial_headers(body)
        part = handler.part(body)
        for at in range(0, len(part), bytes_per_step):
            handler.wfile.write(part[at:at + bytes_per_step])
            handler.wfile.flush()
            if handler.hub.closing.wait(pause):
                return
    return handle


def silence(seconds=60):
    """Reads the request and does not respond."""
    def handle(handler, _file, _body):
        handler.hub.closing.wait(seconds)
        handler.close_connection = True
    return handle


def replace_body(change):
    """Sends a changed body with the headers of the original."""
    def handle(handler, _file, body):
        handler.send_partial_headers(body)
        handler.wfile.write(change(handler.part(body)))
    return handle


def replace_body_and_length(change):
    """Sends a changed body with its own length."""
    def handle(handler, _file, body):
        handler.send_partial_headers(change(body))
        handler.wfile.write(handler.part(change(body)))
    return handle


def endless(handler, _file, body):
    """Sends a body without end and without Content-Length."""
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    handler.wfile.write(body)
    while not handler.hub.closing.is_set():
        handler.wfile.write(bytes(1 << 16))


def ignore_range(handler, file, body):
    """Ignores the Range header."""
    del handler.headers["Range"]
    handler.serve_file(file, body)


def headers(**changes):
    """Sends the right response with these headers changed; None omits one."""
    def handle(handler, file, body):
        handler.changes = {name.replace("_", "-").lower(): value
                           for name, value in changes.items()}
        handler.serve_file(file, body)
    return handle


def redirect(to, code=302):
    def handle(handler, _file, _body):
        handler.send_response(code)
        handler.send_header("Location", to() if callable(to) else to)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
    return handle


# ---- the servers ------------------------------------------------------------------------------

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    changes = {}

    def log_message(self, *_):
        pass

    @property
    def hub(self):
        return self.server.hub

    def send_header(self, name, value):
        value = self.changes.get(name.lower(), value)
        if value is not None:
            super().send_header(name, value)

    def send_json(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def start(self):
        """The first byte of the requested range."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        return int(found[1]) if found else 0

    def part(self, body):
        return body[self.start():]

    def send_partial_headers(self, body):
        """Sends status and headers for the requested part of body."""
        start = self.start()
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()

    def send_commit_header(self):
        self.send_header("X-Repo-Commit", self.hub.commit)

    def serve_file(self, file, body):
        """Responds as the real hub does."""
        if self.server.is_cdn:
            if self.start() >= len(body) > 0:
                status(416)(self, file, body)
                return
            self.send_partial_headers(body)
            if self.command != "HEAD":
                self.wfile.write(self.part(body))
        elif file in LARGE:
            self.send_response(302)
            self.send_commit_header()
            self.send_header("X-Linked-Etag", f'"{hashlib.sha256(body).hexdigest()}"')
            self.send_header("X-Linked-Size", str(len(body)))
            self.send_header("ETag", '"the-redirect-has-another"')
            self.send_header("Location", f"{self.hub.cdn_address}/{file}?Signature=secret")
            self.send_header("Content-Length", "22")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(b"Found. Redirecting ...")
        else:
            self.send_response(206 if self.start() else 200)
            self.send_commit_header()
            if self.start():
                self.send_header("Content-Range",
                                 f"bytes {self.start()}-{len(body) - 1}/{len(body)}")
            git = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
            self.send_header("ETag", f'"{git}"')
            self.send_header("Content-Length", str(len(self.part(body))))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(self.part(body))

    def handle_request(self):
        self.changes = {}
        hub, path = self.hub, unquote(urlsplit(self.path).path)
        hub.log_request(self.server, self)
        if self.server.is_cdn:
            file = path[1:]
            action = hub.action("store " + self.command, file)
        else:
            found = re.fullmatch(f"/{re.escape(hub.name)}/resolve/([^/]*(?:/[^/]*)*)/([^/]*)", path)
            if hub.is_dataset:
                found = re.fullmatch(f"/datasets/{re.escape(hub.name)}/resolve/([^/]*)/(.*)", path)
            if path.startswith(f"/api/{'datasets' if hub.is_dataset else 'models'}/{hub.name}/"):
                return self.api(path)
            if not found:
                return status(404, X_Error_Code="RepoNotFound")(self, "", b"")
            revision, file = found[1], found[2]
            action = hub.action(self.command, file)
            if revision not in (hub.commit, *hub.branches) and not action:
                return status(404, X_Error_Code="RevisionNotFound")(self, file, b"")
        body = hub.files.get(file)
        if action:
            action(self, file, body or b"")
        elif body is None:
            status(404, X_Error_Code="EntryNotFound", X_Repo_Commit=hub.commit)(self, file, b"")
        else:
            self.serve_file(file, body)

    def api(self, path):
        """The part of the API that huggingface_hub.snapshot_download uses."""
        hub = self.hub
        action = hub.action("api", "")
        if action:
            return action(self, "", b"")
        revision = path.rsplit("/", 1)[1]
        if "/revision/" in path and revision not in (hub.commit, *hub.branches):
            return status(404, X_Error_Code="RevisionNotFound")(self, "", b"")
        if "/tree/" in path:
            return self.send_json([self.entry(name) for name in sorted(hub.files)])
        return self.send_json({"_id": "0", "id": hub.name, "modelId": hub.name, "sha": hub.commit,
                               "private": False, "tags": [], "downloads": 0, "likes": 0,
                               "siblings": [{"rfilename": name} for name in sorted(hub.files)]})

    def entry(self, name):
        body = self.hub.files[name]
        git = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
        entry = {"type": "file", "path": name, "size": len(body), "oid": git}
        if name in LARGE:
            entry["lfs"] = {"oid": hashlib.sha256(body).hexdigest(), "size": len(body),
                            "pointerSize": 134}
        return entry

    def handle_request_safely(self):
        try:
            self.handle_request()
        except OSError:  # the client has closed the connection
            self.close_connection = True

    do_GET = do_HEAD = handle_request_safely


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64
    block_on_close = False


class Hub:
    def __init__(self, folder=None, name=NAME, files=FILES):
        folder = folder or os.environ["MINI"]
        self.name, self.commit, self.branches = name, COMMIT, ["main"]
        self.is_dataset = False
        self.files, self.log, self.rules = {}, [], []
        self.lock, self.closing = threading.Lock(), threading.Event()
        for file in files:
            with open(os.path.join(folder, file), "rb") as opened:
                self.files[file] = opened.read()
        self.servers = []
        for is_cdn in False, True:
            server = Server(("127.0.0.1", 0), Handler)
            server.hub, server.is_cdn = self, is_cdn
            self.servers.append(server)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.address, self.cdn_address = (f"http://127.0.0.1:{server.server_address[1]}"
                                            for server in self.servers)

    def secure(self, which, context):
        """Serves hub (0) or store (1) over TLS."""
        server = self.servers[which]
        server.socket = context.wrap_socket(server.socket, server_side=True)
        if which == 0:
            self.address = self.address.replace("http:", "https:")
        else:
            self.cdn_address = self.cdn_address.replace("http:", "https:")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closing.set()
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def on(self, method, file, action, times=10 ** 9):
        """Injects an action into the next requests; method "GET", "HEAD", or "store GET"."""
        with self.lock:
            self.rules.append([method, file, action, times])

    def reset(self):
        """Removes all faults and clears the log."""
        with self.lock:
            self.rules, self.log = [], []

    def action(self, method, file):
        with self.lock:
            for rule in self.rules:
                if rule[:2] == [method, file] and rule[3] > 0:
                    rule[3] -= 1
                    return rule[2]
        return None

    def log_request(self, server, handler):
        with self.lock:
            self.log.append({"who": "store" if server.is_cdn else "hub",
                             "method": handler.command, "path": handler.path,
                             "range": handler.headers["Range"],
                             "token": handler.headers["Authorization"], "at": time.monotonic()})

    def requests_for(self, method, file, who="hub"):
        with self.lock:
            return [entry for entry in self.log if entry["method"] == method and
                    entry["who"] == who and
                    urlsplit(entry["path"]).path.rsplit("/", 1)[-1] == file]

    def environment(self, cache, **more):
        """Environment of a program that uses this hub, without proxies and the user's settings."""
        ours = {name: value for name, value in os.environ.items()
                if not name.startswith(("HF_", "HUGGING", "TRANSFORMERS_"))
                and not name.lower().endswith("_proxy")}
        ours.update(HF_ENDPOINT=self.address, HF_HOME=os.path.abspath(cache),
                    HF_HUB_DOWNLOAD_TIMEOUT="2", HF_HUB_DISABLE_XET="1",
                    HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
        ours.update(more)
        return {name: value for name, value in ours.items() if value is not None}


# ---- the program under test -------------------------------------------------------------------

def start(hub, *args, cache="cache", **environment):
    return subprocess.Popen([os.environ["PATINA"], *args], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=hub.environment(cache, **environment))


def end(process, status=0):
    """(stdout, stderr) of a program that exits with a status."""
    printed, said = process.communicate(timeout=120)
    assert "Sanitizer" not in said and "runtime error:" not in said, said
    assert process.returncode == status, (process.returncode, printed, said)
    return printed, said


def fetch(hub, *args, status=0, cache="cache", **environment):
    return end(start(hub, "model", "fetch", *args, cache=cache, **environment), status)


def refused(hub, sentence, *args, status=1, cache="cache", **environment):
    """Runs a fetch that fails with one error message, which contains this sentence."""
    printed, said = fetch(hub, *args, status=status, cache=cache, **environment)
    faults = [line for line in said.splitlines() if line.startswith("patina: ")]
    assert printed == "" and len(faults) == 1 and not faults[0].endswith("."), said
    assert sentence in faults[0], (sentence, said)
    return said


def repo_cache_dir(cache="cache", name=NAME):
    return os.path.join(cache, "hub", "models--" + name.replace("/", "--"))


def blobs(cache="cache"):
    folder = os.path.join(repo_cache_dir(cache), "blobs")
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def published_files(cache="cache"):
    """Every file name that a reader takes for a complete file."""
    return [name for name in blobs(cache) if not name.endswith(".incomplete")] + \
        [os.path.join(where, name) for where, _, names in os.walk(repo_cache_dir(cache))
         for name in names if "/snapshots/" in where + "/" or "/refs" in where]


def sha256(body):
    return hashlib.sha256(body).hexdigest()


def git_sha1(body):
    return hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()


def assert_cache_complete(hub, cache="cache"):
    """Asserts that the cache contains exactly the model of the hub."""
    snapshot = os.path.join(repo_cache_dir(cache), "snapshots", hub.commit)
    wanted = {name: body for name, body in hub.files.items() if name != "tokenizer_config.json"}
    assert sorted(os.listdir(snapshot)) == sorted(wanted), os.listdir(snapshot)
    etags = {}
    for name, body in wanted.items():
        etags[name] = sha256(body) if name in LARGE else git_sha1(body)
        assert os.readlink(os.path.join(snapshot, name)) == "../../blobs/" + etags[name]
        with open(os.path.join(snapshot, name), "rb") as file:
            assert file.read() == body, name
    assert blobs(cache) == sorted(etags.values()), blobs(cache)
    with open(os.path.join(repo_cache_dir(cache), "refs", "main"), "rb") as file:
        assert file.read() == hub.commit.encode()
    return True
