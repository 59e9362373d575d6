/** Small measures on GeoJSON in longitude and latitude: extents and places for labels. */

export type Extent = [west: number, south: number, east: number, north: number];

type Ring = GeoJSON.Position[];

export function extentOf(geometries: (GeoJSON.Geometry | null)[]): Extent | null {
  const extent: Extent = [Infinity, Infinity, -Infinity, -Infinity];
  for (const geometry of geometries) {
    for (const [lon, lat] of positionsOf(geometry)) {
      if (lon === undefined || lat === undefined) continue;
      extent[0] = Math.min(extent[0], lon);
      extent[1] = Math.min(extent[1], lat);
      extent[2] = Math.max(extent[2], lon);
      extent[3] = Math.max(extent[3], lat);
    }
  }
  return extent[0] <= extent[2] ? extent : null;
}

export interface Place {
  position: GeoJSON.Position;
  size: number;
}

/** The centroid of a geometry's largest part, where its name is written, and that part's size in square degrees. */
export function labelPlace(geometry: GeoJSON.Geometry | null): Place | null {
  let best: Place | null = null;
  for (const outline of outlinesOf(geometry)) {
    const place = centroidOf(outline);
    if (place && (!best || place.size > best.size)) best = place;
  }
  return best;
}

function outlinesOf(geometry: GeoJSON.Geometry | null): Ring[] {
  if (geometry?.type === "Polygon") return geometry.coordinates.slice(0, 1);
  if (geometry?.type === "MultiPolygon") return geometry.coordinates.flatMap((polygon) => polygon.slice(0, 1));
  return [];
}

function centroidOf(ring: Ring): Place | null {
  let [doubled, x, y] = [0, 0, 0];
  for (let i = 0; i + 1 < ring.length; i++) {
    const [ax = 0, ay = 0] = ring[i] ?? [];
    const [bx = 0, by = 0] = ring[i + 1] ?? [];
    const cross = ax * by - bx * ay;
    doubled += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  return doubled === 0 ? null : { position: [x / (3 * doubled), y / (3 * doubled)], size: Math.abs(doubled) / 2 };
}

function* positionsOf(geometry: GeoJSON.Geometry | null): Generator<GeoJSON.Position> {
  if (!geometry) return;
  if (geometry.type === "GeometryCollection") {
    for (const part of geometry.geometries) yield* positionsOf(part);
  } else {
    yield* flatten(geometry.coordinates);
  }
}

function* flatten(coordinates: unknown[]): Generator<GeoJSON.Position> {
  if (typeof coordinates[0] === "number") yield coordinates as GeoJSON.Position;
  else for (const inner of coordinates) yield* flatten(inner as unknown[]);
}
