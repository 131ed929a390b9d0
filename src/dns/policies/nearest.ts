// Nearest by coordinates: great circles on a sphere, which is as exact as knowing where an address is
// can be. Stores about equally far are equals, for the next policy to order.

import { rememberPairs } from '../remember.js';
import { banded, type Edge, type Location, type Split } from '../routing-edge.js';

const EARTH_RADIUS_KM = 6371;
/** Less than databases of addresses are wrong by. */
const TIE_KM = 50;

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Along the great circle (haversine). */
export function distanceKm(a: Location, b: Location): number {
  const half = (angle: number): number => Math.sin(angle / 2) ** 2;
  const h = half(radians(b.latitude - a.latitude))
    + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * half(radians(b.longitude - a.longitude));
  // Rounding may lift the square above 1 where the two are opposite each other.
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(Math.min(1, h)));
}

const byDistance = rememberPairs((group: readonly Edge[], from: Location) =>
  banded(group, ({ location }) => location && distanceKm(from, location), (first, value) => value - first <= TIE_KM));

export const nearest: Split = (group, { place }) => (place?.location ? byDistance(group, place.location) : [group]);
