"""Find the account that opened a loopback connection, from Linux's ``/proc/net``."""

import ipaddress
import socket
import sys
from pathlib import Path

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ESTABLISHED = "01"


def is_known() -> bool:
    """Return whether the system lists connections with their owners."""
    return TABLES[0].is_file()


def endpoints(request) -> tuple[tuple, tuple] | None:
    """Return local and remote address and port of a request's socket, or None if it has no open socket."""
    stream = getattr(request.connection, "stream", None)
    if stream is None or stream.closed() or stream.socket.family not in (socket.AF_INET, socket.AF_INET6):
        return None
    try:
        return stream.socket.getsockname()[:2], stream.socket.getpeername()[:2]
    except OSError:
        return None


def owner_of(local: tuple[str, int], remote: tuple[str, int]) -> int | None:
    """Return the user ID that owns the remote end of a connection, or None if it is not listed.

    Parameters
    ----------
    local, remote : tuple of (str, int)
        Address and port of either end, as seen from this process; the owner's entry has them swapped.
    """
    wanted = (_endpoint(*remote), _endpoint(*local))
    for table in TABLES:
        try:
            lines = table.read_text().splitlines()[1:]
        except OSError:
            continue
        # Fields: number, local and remote address, state, queues, timers, retransmissions, user ID.
        port = f":{remote[1]:04X}"
        for line in lines:
            if port not in line:
                continue
            fields = line.split()
            if fields[3] == _ESTABLISHED and (_listed(fields[1]), _listed(fields[2])) == wanted:
                return int(fields[7])
    return None


def _endpoint(address: str, port: int) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]:
    """Parse an address; convert IPv4-mapped IPv6 to IPv4."""
    found = ipaddress.ip_address(address.partition("%")[0])
    return getattr(found, "ipv4_mapped", None) or found, port


def _listed(text: str) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]:
    """Parse an address of the table, 4-byte words in native byte order, and a port."""
    address, port = text.split(":")
    words = bytes.fromhex(address)
    if sys.byteorder == "little":
        words = b"".join(words[i : i + 4][::-1] for i in range(0, len(words), 4))
    return _endpoint(str(ipaddress.ip_address(words)), int(port, 16))
