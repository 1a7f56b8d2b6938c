"""Where a test's server may listen."""

import random
import socket

# Below the ports that the kernel gives to outgoing connections (from 32768): one of those could be taken while a server is away,
# and a client that calls there meanwhile can meet itself.
FIRST, END = 10000, 32768
_ours = []  # sockets whose names keep other tests off a port that a server is still to take, or takes again


def _reserve(port):
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    with socket.socket() as probe:
        try:
            name.bind(f"\0caprelay-test-port-{port}")
            probe.bind(("127.0.0.1", port))
        except OSError:
            name.close()
            return False
    _ours.append(name)
    return True


def free_ports(count):
    """Ports of 127.0.0.1 that no other test's server is given while this process lives."""
    found = []
    for port in random.SystemRandom().sample(range(FIRST, END), 1000):
        if len(found) == count:
            return found
        if _reserve(port):
            found.append(port)
    raise OSError(f"no {count} ports are free from {FIRST} to {END - 1}")
