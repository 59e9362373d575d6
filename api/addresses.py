"""Addresses of clients: which count as one, and which lie within networks that the operator named."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


@lru_cache(4096)
def group_of(address: str) -> str:
    """Give what counts as one client's address: an IPv4 address, or the /64 of an IPv6 one.

    >>> group_of("192.0.2.7"), group_of("2001:db8:1:2:3::4"), group_of("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8:1:2::/64', '192.0.2.7')
    """
    try:
        ip = ip_address(address.split("%", 1)[0])
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))


@lru_cache(4096)
def is_within(address: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    """Say whether an address is of one of the networks."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in networks)
