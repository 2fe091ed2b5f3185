"""An admission handler as people write them for OvenMediaEngine: it looks for a password in the URL, and nothing else.

Python's library alone, so that nothing of ours reads or writes its JSON. Run as `admission-hook.py PORT`; it prints each
request as a line of JSON. Lines on stdin change it: `delay SECONDS`, `reply TEXT` (to openings, instead of its own word),
`status NUMBER`, `normal`.
"""

import hashlib
import hmac
import json
import sys
import threading
import time
from base64 import urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET_KEY = b"1234"
behaviour = {"delay": 0.0, "reply": None, "status": 200}


def check_admission(input_json):
    if input_json["request"]["status"] == "closing":
        return {}
    if "password=IAmAnAuthorizedStreamer" in input_json["request"]["url"]:
        return {"allowed": True}
    return {"allowed": False}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        digest = hmac.new(SECRET_KEY, body, hashlib.sha1).digest()
        signature = urlsafe_b64encode(digest).decode().rstrip("=")
        message = json.loads(body)
        is_opening = message["request"]["status"] == "opening"
        told = {
            "at": time.time() * 1000,
            "path": self.path,
            "signed": self.headers["X-OME-Signature"] == signature,
            "type": self.headers["Content-Type"],
            "message": message,
        }
        print(json.dumps(told), flush=True)
        now = dict(behaviour)
        time.sleep(now["delay"])
        reply = json.dumps(check_admission(message))
        if is_opening and now["reply"] is not None:
            reply = now["reply"]
        self.send_response(now["status"])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply.encode())

    def log_message(self, *_):
        pass


def obey():
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        if word == "delay":
            behaviour["delay"] = float(rest)
        elif word == "reply":
            behaviour["reply"] = rest
        elif word == "status":
            behaviour["status"] = int(rest)
        elif word == "normal":
            behaviour.update(delay=0.0, reply=None, status=200)
        print(json.dumps({"obeyed": line.strip()}), flush=True)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
threading.Thread(target=obey, daemon=True).start()
print(json.dumps({"obeyed": "listening"}), flush=True)
server.serve_forever()
