"""api.weather.gov on loopback: the list of alerts in force as GeoJSON, what was sent since some time, and the CAP of each."""

import datetime
import http.server
import json
import threading
import urllib.parse


class _Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        self.server.asked.append(self.path)
        fault = self.server.fault(path)
        if fault is not None:
            self.answer_badly(fault)
        elif path.endswith(".cap"):
            alert = self.server.alerts.get(path.removeprefix("/alerts/").removesuffix(".cap"))
            self.answer(alert.xml if alert else None, "application/cap+xml")
        elif path == "/alerts/active":
            self.answer_list([one for one in self.alerts() if one.identifier not in self.server.ended])
        elif path == "/alerts":
            start = datetime.datetime.fromisoformat(urllib.parse.parse_qs(query)["start"][0])
            self.answer_list([one for one in self.alerts() if datetime.datetime.fromisoformat(one.sent) >= start])
        else:
            self.answer(None, "text/plain")

    def alerts(self):
        return list(self.server.alerts.values())

    def answer_list(self, alerts):
        features = [{"id": f"https://api.weather.gov/alerts/{one.identifier}", "properties": {"id": one.identifier, "sent": one.sent}}
                    for one in alerts]
        self.answer(json.dumps({"type": "FeatureCollection", "features": features}).encode(), "application/geo+json")

    def answer(self, body, kind):
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def answer_badly(self, fault):
        """A status, or "cut": the half of a document."""
        self.send_response(200 if fault == "cut" else fault)
        self.send_header("Content-Length", "1000" if fault == "cut" else "7")
        self.end_headers()
        self.wfile.write(b"<alert>")
        self.close_connection = fault == "cut"

    def log_message(self, *_):
        pass


class WeatherGov:
    """`fault` is asked with each request's path: a status or "cut", or None for a good answer."""

    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Api)
        self.server.alerts, self.server.asked, self.server.ended = {}, [], set()
        self.server.fault = lambda path: None
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def publish(self, alert):
        self.server.alerts[alert.identifier] = alert

    def end(self, alert):
        """It is no longer in the list of what is in force."""
        self.server.ended.add(alert.identifier)

    def source(self, **options):
        return {"name": "nws", "adapter": "nws", "country": "us", "url": self.url, "user_agent": "caprelay-test (ops@eoc.example)",
                "interval": "1s", **options}

    def close(self):
        self.server.shutdown()
        self.server.server_close()
