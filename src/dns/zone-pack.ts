// A zone on its way to another process, which has it at once: what was read and checked is not read again.

import { Name } from '../net/dns/name.js';
import { soaOf } from './zone-build.js';
import { ZoneStore, type PackedStore } from './zone-store.js';
import type { Zone } from './zone.js';

export type PackedZone = PackedStore;

/** Of a zone file's zone: one with choices or courtesies holds more than octets. */
export function packZone({ nodes, courtesies }: Zone): PackedZone {
  if (!(nodes instanceof ZoneStore) || nodes.hasChoices || courtesies.length > 0) throw new Error('a zone of this process alone');
  return nodes.pack();
}

export function unpackZone(packed: PackedZone): Zone {
  const nodes = ZoneStore.unpack(packed);
  const apex = new Name(packed.apex);
  const soa = soaOf(nodes, apex);
  if (!soa) throw new Error('a zone without its SOA record');
  return { apex, soa, nodes, courtesies: [] };
}
