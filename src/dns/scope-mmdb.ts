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
  return ({ family, address }: ClientSubnet) => {
    if (family === 0) return { place: undefined, prefixLength: 0 };
    const [record, prefixLength] = reader.getWithPrefixLength(family === 1 ? formatIPv4(address) : formatIPv6(address));
    return { place: placeOf(record), prefixLength };
  };
}

function placeOf(record: unknown): Place | undefined {
  const latitude = at(record, 'location', 'latitude');
  const longitude = at(record, 'location', 'longitude');
  const location = typeof latitude === 'number' && typeof longitude === 'number' ? { latitude, longitude } : undefined;
  const regions = [at(record, 'country', 'iso_code'), at(record, 'continent', 'code')];
  const served = regions.flatMap((code) => (typeof code === 'string' ? [[code.toLowerCase()]] : []));
  return location || served.length > 0 ? { served, location } : undefined;
}

/** A field of a field, of whatever it is. */
function at(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>((inner, name) => (typeof inner === 'object' && inner !== null ? Object.entries(inner).find(([key]) => key === name)?.[1] : undefined), value);
}
