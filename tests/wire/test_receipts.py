"""One receipt for the same bytes, however often and fast they come (docs/protocol.md 5.2)."""

import zmq

from alerts import Alert


def test_the_same_bytes_at_once_get_one_receipt(relay, injector):
    cap = Alert("twice", side="ca").xml
    sockets = [injector.link.socket(zmq.DEALER, injector.link.card["inject"]) for _ in range(5)]
    for socket in sockets:
        socket.send(injector.request(cap))
    frames = []
    for socket in sockets:
        assert socket.poll(5000)
        frames.append(socket.recv())
        socket.close()
    assert len(set(frames)) == 1
    receipt = injector.read(frames[0], cap)
    assert receipt["outcome"] == "accepted" and receipt["bulletins"][0]["seq"] == 1
    assert injector.send(injector.request(cap)) == frames[0]
