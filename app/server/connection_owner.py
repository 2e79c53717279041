"""Which account of this machine made a loopback connection, as Linux lists it in ``/proc/net``."""

import ipaddress
import socket
import sys
from pathlib import Path

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ESTABLISHED = "01"


def is_known() -> bool:
    """Return whether this system lists connections with their owners."""
    return TABLES[0].is_file()


def endpoints(request) -> tuple[tuple, tuple] | None:
    """Return the local and the remote address and port of a request's socket, None where it has none."""
    stream = getattr(request.connection, "stream", None)
    if stream is None or stream.closed() or stream.socket.family not in (socket.AF_INET, socket.AF_INET6):
        return None
    try:
        return stream.socket.getsockname()[:2], stream.socket.getpeername()[:2]
    except OSError:
        return None


def owner_of(local: tuple[str, int], remote: tuple[str, int]) -> int | None:
    """Return the user id that holds the other end of a connection, None where that is not listed.

    Parameters
    ----------
    local, remote : tuple of (str, int)
        Address and port of this end and of the other; for who made the connection it is the other way round.
    """
    wanted = (_endpoint(*remote), _endpoint(*local))
    for table in TABLES:
        try:
            lines = table.read_text().splitlines()[1:]
        except OSError:
            continue
        # Of each line: number, local and remote address, state, queues, timers, retransmissions, user id.
        port = f":{remote[1]:04X}"
        for line in lines:
            if port not in line:
                continue
            fields = line.split()
            if fields[3] == _ESTABLISHED and (_listed(fields[1]), _listed(fields[2])) == wanted:
                return int(fields[7])
    return None


def _endpoint(address: str, port: int) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]:
    """Return an address and a port, IPv4 also where it stands within IPv6."""
    found = ipaddress.ip_address(address.partition("%")[0])
    return getattr(found, "ipv4_mapped", None) or found, port


def _listed(text: str) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]:
    """Return what the table writes as words of four bytes in the machine's own order, and a port."""
    address, port = text.split(":")
    words = bytes.fromhex(address)
    if sys.byteorder == "little":
        words = b"".join(words[i : i + 4][::-1] for i in range(0, len(words), 4))
    return _endpoint(str(ipaddress.ip_address(words)), int(port, 16))
