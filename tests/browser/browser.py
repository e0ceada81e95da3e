# SPDX-License-Identifier: MIT
"""browser.py - a headless Chromium, controlled through its DevTools port; standard library only

WebSocket after RFC 6455, as far as a client needs it that talks to a browser on the same machine.
"""

import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request


def find_chromium():
    """The path of Chromium, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        path = shutil.which(name)
        if path:
            return path
    return None


class WebSocket:
    """A WebSocket that sends and receives whole text messages."""

    def __init__(self, port, path):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                             "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
                             ).encode())
        while b"\r\n\r\n" not in self.buffer:
            self.receive_more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        assert b" 101 " in head.split(b"\r\n")[0], head

    def receive_more(self):
        piece = self.socket.recv(1 << 20)
        if not piece:
            raise EOFError("the browser closed the connection")
        self.buffer += piece

    def read_exact(self, n):
        while len(self.buffer) < n:
            self.receive_more()
        piece, self.buffer = self.buffer[:n], self.buffer[n:]
        return piece

    def send(self, text):
        data = text.encode()
        n = len(data)
        length = bytes([0x80 | n]) if n < 126 else \
            b"\xfe" + struct.pack(">H", n) if n < 65536 else b"\xff" + struct.pack(">Q", n)
        mask = os.urandom(4)
        stretched = mask * (n // 4 + 1)
        masked = bytes(a ^ b for a, b in zip(data, stretched))
        self.socket.sendall(b"\x81" + length + mask + masked)

    def receive(self):
        message = b""
        while True:
            first, second = self.read_exact(2)
            n = second & 0x7F
            if n == 126:
                n, = struct.unpack(">H", self.read_exact(2))
            elif n == 127:
                n, = struct.unpack(">Q", self.read_exact(8))
            data = self.read_exact(n)
            if first & 0x0F in (0, 1):  # a text, or more of one
                message += data
                if first & 0x80:
                    return message.decode()


class Browser:
    """One page of a browser with a profile of its own."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="patina-browser-")
        self.process = subprocess.Popen(
            [find_chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--mute-audio", "--autoplay-policy=no-user-gesture-required", "--hide-scrollbars",
             "--no-first-run", "--disable-extensions", "--disable-background-networking",
             "--remote-debugging-port=0", f"--user-data-dir={self.profile}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = self.wait_for_port()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=60) as response:
            pages = [t for t in json.load(response) if t["type"] == "page"]
        path = pages[0]["webSocketDebuggerUrl"].split(str(port), 1)[1]
        self.socket = WebSocket(port, path)
        self.n_sent = 0
        self.events = []
        for domain in "Page", "Runtime", "Log", "Network":
            self.call(domain + ".enable")

    def wait_for_port(self):
        port_file = os.path.join(self.profile, "DevToolsActivePort")
        for _ in range(600):
            if self.process.poll() is not None:
                raise RuntimeError(f"the browser ended with status {self.process.returncode}")
            if os.path.exists(port_file):
                with open(port_file, encoding="ascii") as file:
                    lines = file.read().splitlines()
                if len(lines) >= 2:
                    return int(lines[0])
            time.sleep(0.1)
        raise TimeoutError("the browser does not report its port")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method, **params):
        self.n_sent += 1
        self.socket.send(json.dumps({"id": self.n_sent, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.receive())
            if message.get("id") == self.n_sent:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            self.events.append(message)

    def wait_for(self, method):
        while not any(e.get("method") == method for e in self.events):
            self.events.append(json.loads(self.socket.receive()))

    def open(self, path):
        self.events.clear()
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        self.wait_for("Page.loadEventFired")

    def run(self, script):
        """The value of an expression; promises are awaited."""
        response = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                           awaitPromise=True, userGesture=True)
        if "exceptionDetails" in response:
            raise RuntimeError(json.dumps(response["exceptionDetails"])[:2000])
        return response["result"].get("value")

    def console_errors(self):
        """Errors and warnings in the console of the page, and resources that could not be loaded."""
        found = []
        for event in self.events:
            params = event.get("params", {})
            if event.get("method") == "Log.entryAdded" and \
                    params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"])
            elif event.get("method") == "Runtime.exceptionThrown":
                found.append(params["exceptionDetails"]["text"])
            elif event.get("method") == "Runtime.consoleAPICalled" and \
                    params["type"] in ("error", "warning", "assert"):
                found.append(json.dumps(params["args"])[:300])
            elif event.get("method") == "Network.loadingFailed":
                found.append("not loaded: " + params.get("errorText", ""))
        return found

    def requests(self):
        """Requests to URLs other than the page."""
        return [e["params"]["request"]["url"][:200] for e in self.events
                if e.get("method") == "Network.requestWillBeSent" and
                not e["params"]["request"]["url"].startswith("data:")]

    def set_viewport(self, width, height, dark=False, media="", scale=1):
        """Sets the window, the mode and the medium ("print")."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=scale, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media=media, features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def screenshot(self, path):
        """A screenshot of the whole page."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": size["width"], "height": size["height"],
                               "scale": 1})
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
        return size["width"], size["height"]
