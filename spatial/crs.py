"""Coordinate systems: SRIDs, URIs, axis order and the one pinned VN-2000 transformation. Nothing else names a CRS.

VN-2000 to WGS 84 is EPSG:6960 (seven parameters of Decision 05/2007/QĐ-BTNMT, coordinate-frame rotation, 1 m). PROJ and
PostGIS choose another operation inside 104.24-107.11E, 9.35-11.04N, 0.80 m away, so neither is ever asked to choose.
"""

from dataclasses import dataclass
from functools import cache

from pyproj import Transformer

from spatial.errors import UnknownCrs

WGS84 = 4326
"""SRID of storage. GeoJSON's CRS84 is the same datum with the axes in the order longitude, latitude."""
WEB_MERCATOR = 3857

CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG_URI = "http://www.opengis.net/def/crs/EPSG/0/"

VN2000_GEOGRAPHIC = 4756
VN2000_UTM = {3405: 105.0, 3406: 111.0}
"""SRID -> central meridian in degrees east; scale 0.9996."""
VN2000_TM3 = {
    9205: 103.0,
    9206: 104.0,
    9207: 104.5,
    9208: 104.75,
    5897: 105.0,
    9209: 105.5,
    9210: 105.75,
    9211: 106.0,
    9212: 106.25,
    9213: 106.5,
    9214: 107.0,
    9215: 107.25,
    9216: 107.5,
    5899: 107.75,
    5898: 108.0,
    9217: 108.25,
    9218: 108.5,
}
"""SRID -> central meridian in degrees east of the 17 provincial zones; scale 0.9999, false easting 500 km."""

STORED_SRID_OFFSET = 900_000
"""PostGIS's own rows of 3405, 3406 and 5896-5899 follow PROJ's choice; ours, with the pinned shift, stand at 900000 + EPSG."""

COUNTRY_BBOX = (102.0, 6.0, 118.0, 23.5)
"""West, south, east, north in degrees: the mainland with Hoàng Sa and Trường Sa. Beyond it a point is not in Vietnam."""

_HELMERT = (
    "+step +proj=push +v_3 +step +proj=cart +ellps=WGS84"
    " +step +proj=helmert +x=-191.90441429 +y=-39.30318279 +z=-111.45032835"
    " +rx=-0.00928836 +ry=0.01975479 +rz=-0.00427372 +s=0.252906278 +convention=coordinate_frame"
    " +step +inv +proj=cart +ellps=WGS84 +step +proj=pop +v_3"
)
TOWGS84 = "-191.90441429,-39.30318279,-111.45032835,0.00928836,-0.01975479,0.00427372,0.252906278"
"""EPSG:6960 in the position-vector form that `+towgs84` wants: the signs of the rotations are turned."""


@dataclass(frozen=True)
class Crs:
    """One coordinate system that the doors accept.

    Attributes:
        epsg: EPSG code; 4326 also stands for CRS84, see `uri`.
        uri: the OGC name that requests and answers use.
        database_srid: the row of `spatial_ref_sys` that PostGIS transforms with.
        north_first: whether the axes of the URI come as latitude/northing first.
        decimals: digits after the point that keep what is stored: of degrees the very digits, of metres 1 mm, a tenth of them.
    """

    epsg: int
    uri: str
    database_srid: int
    north_first: bool
    decimals: int


def is_vn2000(epsg: int) -> bool:
    """Say whether the EPSG code is a VN-2000 system that dothi reads and writes."""
    return epsg == VN2000_GEOGRAPHIC or epsg in VN2000_UTM or epsg in VN2000_TM3


def database_srid(epsg: int) -> int:
    """Give the SRID under which PostGIS holds the system with the pinned transformation."""
    return epsg + STORED_SRID_OFFSET if is_vn2000(epsg) else epsg


CRS84 = Crs(WGS84, CRS84_URI, WGS84, north_first=False, decimals=7)
SUPPORTED: tuple[Crs, ...] = (
    CRS84,
    Crs(WGS84, f"{EPSG_URI}4326", WGS84, north_first=True, decimals=7),
    Crs(WEB_MERCATOR, f"{EPSG_URI}3857", WEB_MERCATOR, north_first=False, decimals=3),
    *(
        Crs(epsg, f"{EPSG_URI}{epsg}", database_srid(epsg), north_first=False, decimals=3)
        for epsg in (*sorted(VN2000_UTM), *sorted(VN2000_TM3))
    ),
)
_BY_URI = {crs.uri: crs for crs in SUPPORTED}


def parse_crs(text: str) -> Crs:
    """Read a CRS as requests write it: an OGC URI, a safe CURIE (`[EPSG:9210]`) or `EPSG:9210`.

    Raises:
        UnknownCrs: the system is not one of `SUPPORTED`.
    """
    name = text.strip().strip("[]")
    if name.upper() in ("CRS84", "OGC:CRS84"):
        return CRS84
    if name.upper().startswith("EPSG:"):
        name = EPSG_URI + name[5:]
    try:
        return _BY_URI[name]
    except KeyError:
        raise UnknownCrs(
            f"CRS '{text}' is not offered. Use {CRS84_URI} or {EPSG_URI}CODE with CODE one of "
            + ", ".join(str(crs.epsg) for crs in SUPPORTED[1:])
            + "."
        ) from None


def proj4_with_shift(epsg: int) -> str:
    """Give the PROJ.4 text of a VN-2000 system with the pinned shift, as the migration writes it to `spatial_ref_sys`."""
    tail = f"+ellps=WGS84 +towgs84={TOWGS84}"
    if epsg == VN2000_GEOGRAPHIC:
        return f"+proj=longlat {tail} +no_defs"
    return f"{_projection(epsg)} {tail} +units=m +no_defs"


def _projection(epsg: int) -> str:
    if epsg in VN2000_UTM:
        meridian, scale = VN2000_UTM[epsg], 0.9996
    elif epsg in VN2000_TM3:
        meridian, scale = VN2000_TM3[epsg], 0.9999
    else:
        raise UnknownCrs(f"EPSG:{epsg} is not a VN-2000 system. Known: 4756, 3405, 3406 and the 17 provincial zones.")
    return f"+proj=tmerc +lat_0=0 +lon_0={meridian:g} +k={scale} +x_0=500000 +y_0=0"


@cache
def transformer_to_wgs84(epsg: int) -> Transformer:
    """Give the transformer from `epsg` (x east, y north; degrees for geographic systems) to longitude, latitude.

    VN-2000 always goes by EPSG:6960. Anything else that PROJ knows goes by PROJ's own choice.

    Raises:
        UnknownCrs: PROJ does not know the code.
    """
    if is_vn2000(epsg):
        start = (
            "+step +proj=unitconvert +xy_in=deg +xy_out=rad"
            if epsg == VN2000_GEOGRAPHIC
            else f"+step +inv {_projection(epsg)} +ellps=WGS84"
        )
        return Transformer.from_pipeline(f"+proj=pipeline {start} {_HELMERT} +step +proj=unitconvert +xy_in=rad +xy_out=deg")
    try:
        return Transformer.from_crs(epsg, WGS84, always_xy=True)
    except Exception as error:
        raise UnknownCrs(f"PROJ does not know EPSG:{epsg}. Give the EPSG code of the file's coordinate system.") from error
