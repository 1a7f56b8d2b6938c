"""The MSC Datamart on loopback: files over HTTP, announced over AMQP by a real RabbitMQ."""

import http.server
import json
import threading

import pika


class _Files(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        status = self.server.faults.pop(0) if self.server.faults else 200
        body = self.server.files.get(self.path)
        if status == 200 and body is None:
            status = 404
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if status == 200 else 0))
        self.end_headers()
        if status == 200:
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Datamart:
    """`faults` is a list of status codes that the next requests are answered with."""

    def __init__(self, broker, exchange="xpublic"):
        self.broker, self.exchange = broker, exchange
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Files)
        self.server.files, self.server.asked, self.server.faults = {}, [], []
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.connection = self.channel = None
        self.connect()

    def connect(self):
        self.connection = self.broker.connect()
        self.channel = self.connection.channel()
        self.channel.exchange_declare(self.exchange, "topic", durable=True)
        self.channel.confirm_delivery()

    def publish(self, alert, number, form="v02", keep=True, office="CWUL"):
        name = f"T_WWCN16_C_{office}_202604152051_{number:010d}.cap"
        path = f"/20260415/WXO-DD/alerts/cap/20260415/{office}/20/{name}"
        if keep:
            self.server.files[path] = alert.xml
        if form == "v02":
            body = f"20260415205147.123 {self.url} {path}"
        else:
            body = json.dumps({"pubTime": "20260415T205147.123", "baseUrl": self.url, "relPath": path.lstrip("/"), "integrity": {}})
        self.announce(body, f"v02.post.20260415.WXO-DD.alerts.cap.20260415.{office}.20")

    def announce(self, body, key="v02.post.20260415.WXO-DD.alerts.cap.x"):
        self.channel.basic_publish(self.exchange, key, body, pika.BasicProperties(delivery_mode=2))

    def waiting(self, queue):
        """(ready, consumers) of the queue, by the broker's word."""
        with self.broker.connect() as connection:
            method = connection.channel().queue_declare(queue, passive=True).method
            return method.message_count, method.consumer_count

    def source(self, **options):
        return {"name": "datamart", "adapter": "eccc", "country": "ca", "broker": "127.0.0.1", "port": self.broker.port, "tls": False,
                "queue": "q_anonymous.test", "fetch_from": [self.url], "reconnect_max": "1s", **options}

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        try:
            self.connection.close()
        except pika.exceptions.AMQPError:
            pass
