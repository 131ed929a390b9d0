// Places out of a MaxMind database (GeoLite2 or GeoIP2, City or Country): coordinates, and the codes of
// country and continent, which are the names of regions.

import { formatIPv4, formatIPv6 } from '../net/dns/ip.js';
import type { ClientSubnet } from '../net/dns/edns.js';
import type { Place } from './routing-edge.js';
import type { Locate } from './scope.js';

/** What the reader gives for an address, and how many of its bits the answer holds for. */
export interface DatabaseReader {
  getWithPrefixLength(address: string): readonly [unknown, number];
}

/** @throws Error if the octets are no such database */
export async function openDatabase(octets: Uint8Array): Promise<Locate> {
  // Loaded for those who have a database.
  const { Reader } = await import('mmdb-lib');
  return locateIn(new Reader(Buffer.from(octets)));
}

export function locateIn(reader: DatabaseReader): Locate {
  // Places are the same objects again, so that what was worked out of them is found again.
  const places = new Map<string, Place>();
  return ({ family, address }: ClientSubnet) => {
    if (family === 0) return { place: undefined, prefixLength: 0 };
    const [record, prefixLength] = reader.getWithPrefixLength(family === 1 ? formatIPv4(address) : formatIPv6(address));
    return { place: placeOf(record, places), prefixLength };
  };
}

/** Most networks are in a few thousand places. */
const MOST_PLACES = 10_000;

function placeOf(record: unknown, places: Map<string, Place>): Place | undefined {
  const latitude = at(record, 'location', 'latitude');
  const longitude = at(record, 'location', 'longitude');
  const location = typeof latitude === 'number' && typeof longitude === 'number' ? { latitude, longitude } : undefined;
  const regions = [at(record, 'country', 'iso_code'), at(record, 'continent', 'code')];
  const served = regions.flatMap((code) => (typeof code === 'string' ? [[code.toLowerCase()]] : []));
  if (!location && served.length === 0) return undefined;
  const key = `${location?.latitude} ${location?.longitude} ${served.join()}`;
  let place = places.get(key);
  if (!place) {
    if (places.size === MOST_PLACES) places.clear();
    places.set(key, (place = { served, location }));
  }
  return place;
}

/** A field of a field, of whatever it is. */
function at(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>((inner, name) => (typeof inner === 'object' && inner !== null ? Object.entries(inner).find(([key]) => key === name)?.[1] : undefined), value);
}
