"""api.weather.gov on loopback: the list of alerts in force as GeoJSON, and the CAP of each."""

import http.server
import json
import threading


class _Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.partition("?")[0]
        self.server.asked.append(self.path)
        alerts = self.server.alerts
        if path.endswith(".cap"):
            alert = alerts.get(path.removeprefix("/alerts/").removesuffix(".cap"))
            self.answer(alert.xml if alert else None, "application/cap+xml")
        elif path in ("/alerts", "/alerts/active"):
            features = [{"id": f"https://api.weather.gov/alerts/{one.identifier}", "properties": {"id": one.identifier, "sent": one.sent}}
                        for one in alerts.values()]
            self.answer(json.dumps({"type": "FeatureCollection", "features": features}).encode(), "application/geo+json")
        else:
            self.answer(None, "text/plain")

    def answer(self, body, kind):
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        pass


class WeatherGov:
    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Api)
        self.server.alerts, self.server.asked = {}, []
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def publish(self, alert):
        self.server.alerts[alert.identifier] = alert

    def source(self, **options):
        return {"name": "nws", "adapter": "nws", "country": "us", "url": self.url, "user_agent": "caprelay-test (ops@eoc.example)",
                "interval": "1s", **options}

    def close(self):
        self.server.shutdown()
        self.server.server_close()
