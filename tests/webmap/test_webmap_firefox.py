"""The page in Firefox, driven by its own remote control (Marionette); skipped where it is not installed."""

import json
import shutil
import socket
import subprocess
import time

import pytest

from hazardmap.outputs.webmap import map_of, save

pytestmark = pytest.mark.browser

LOOK = """
const [resolve] = arguments;
const wait = () => {
  const hm = window.hazardmap;
  if (!hm || !hm.ready) return setTimeout(wait, 100);
  hm.showScenario(0, 1);
  hm.tellAt(hm.map.getCenter());
  const canvases = [...document.querySelectorAll(".leaflet-hm-raster-pane canvas")];
  const inked = canvases.some((c) => c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v) => v > 0));
  resolve({
    title: document.title,
    popup: document.querySelector(".leaflet-popup-content").textContent,
    lines: document.querySelectorAll("#hm-chart-0 path.hm-line").length,
    inked,
    wait: document.getElementById("hm-wait") !== null,
  });
};
wait();
"""


class Firefox:
    """A headless Firefox and the socket of its remote control: JSON after its length, an answer to each command."""

    def __init__(self, program, profile):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        (profile / "user.js").write_text(
            f'user_pref("marionette.port", {port});\nuser_pref("network.proxy.type", 1);\n'
            'user_pref("network.proxy.http", "127.0.0.1");\nuser_pref("network.proxy.http_port", 9);\n'
            'user_pref("network.proxy.ssl", "127.0.0.1");\nuser_pref("network.proxy.ssl_port", 9);\n',
            encoding="utf-8",
        )
        self.process = subprocess.Popen(
            [program, "--headless", "--marionette", "--no-remote", "--profile", str(profile)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.socket = self._connected(port)
        self.file = self.socket.makefile("rb")
        self.number = 0
        self._read()
        self.ask("WebDriver:NewSession", {})

    def _connected(self, port):
        for _ in range(300):
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=60)
            except OSError:
                time.sleep(0.1)
        pytest.fail("Firefox did not open its remote control within 30 s")

    def _read(self):
        length = b""
        while (byte := self.file.read(1)) != b":":
            length += byte
        return json.loads(self.file.read(int(length)))

    def ask(self, command, parameters):
        self.number += 1
        text = json.dumps([0, self.number, command, parameters]).encode()
        self.socket.sendall(str(len(text)).encode() + b":" + text)
        _, _, error, result = self._read()
        assert error is None, error
        return result

    def close(self):
        self.file.close()
        self.socket.close()
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def firefox(tmp_path):
    program = shutil.which("firefox") or shutil.which("firefox-esr")
    if program is None:
        pytest.skip("no Firefox is installed")
    profile = tmp_path / "profile"
    profile.mkdir()
    found = Firefox(program, profile)
    yield found
    found.close()


def test_firefox_shows_the_same(firefox, new_page, tmp_path):
    save(map_of(new_page()), tmp_path / "map.html")
    firefox.ask("WebDriver:Navigate", {"url": (tmp_path / "map.html").as_uri() + "#s=0&z=10&c=51.33,5.1&lang=fr"})
    told = firefox.ask("WebDriver:ExecuteAsyncScript", {"script": LOOK, "args": [], "scriptTimeout": 20000})["value"]
    assert told["title"] == "Site map"
    assert "Allemagne" in told["popup"]
    assert "Qui appeler" in told["popup"]
    assert told["lines"] == 4
    assert told["inked"]
    assert not told["wait"]
