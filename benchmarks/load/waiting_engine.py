"""A transcription service that computes nothing: it answers every call after a while, as a busy one would.

After ``WAIT_SECONDS``, and ``WAIT_PER_AUDIO_SECOND`` for each second that it was sent. It runs in a
container too (``benchmarks.load.scaling``), so it needs Python's own library only.
"""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 9000
BYTES_PER_AUDIO_SECOND = 32_000
_WORDS = "I slept badly again this week."


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self.rfile.read(size)
        audio_seconds = size / BYTES_PER_AUDIO_SECOND
        per_second = float(os.environ.get("WAIT_PER_AUDIO_SECOND", "0"))
        time.sleep(float(os.environ.get("WAIT_SECONDS", "0")) + per_second * audio_seconds)
        segment = {"start": 0.0, "end": 5.0, "text": _WORDS}
        body = json.dumps({"text": _WORDS, "duration": 10.0, "segments": [segment]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", PORT), _Answer).serve_forever()  # noqa: S104 - in a container's own network
