"""A transcription service that computes nothing: it answers every call after a while, as a busy one would.

Run in a container by ``benchmarks.scaling``, so it needs Python's own library only.
"""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 9000
_WORDS = "I slept badly again this week."


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(float(os.environ["WAIT_SECONDS"]))
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
