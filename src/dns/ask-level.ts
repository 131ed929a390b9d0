// All servers of one zone are asked one question, one after the other: those that are known, and then
// those whose addresses must be looked up first.

import { formatEndpoint, type Endpoint } from '../net/address.js';
import { EXTENDED_ERROR } from '../net/dns/extended-error.js';
import { askServer, whoIs, type Level, type Tour, type Wanted } from './ask-server.js';
import type { Failure } from './cache.js';
import type { Reading } from './reply.js';
import type { Audience } from './subnet.js';
import { plain } from './words.js';

export interface Usable {
  readonly reading: Exclude<Reading, { kind: 'unusable' }> | { readonly kind: 'failure'; readonly failure: Failure };
  readonly audience: Audience;
}

/** What to do about name servers that nobody knows an address of. */
export const NO_ADDRESS = 'without an address, name one with --authority';

/** The first usable reply; each server gets its share of the time that is left. */
export async function askLevel(tour: Tour, level: Level, wanted: Wanted): Promise<Usable> {
  const complaints: string[] = [];
  const asked = new Set<string>();
  let infoCode: number = EXTENDED_ERROR.NO_REACHABLE_AUTHORITY;
  const { env } = tour;

  /** `later`: lookups that still want a share of the time. */
  const ask = async (servers: readonly Endpoint[], later: number): Promise<Usable | undefined> => {
    const ordered = env.book.order(servers.filter((server) => !asked.has(formatEndpoint(server))), level.apex);
    for (const [index, server] of ordered.entries()) {
      asked.add(formatEndpoint(server));
      const outcome = await askServer(tour, level, server, wanted, ordered.length - index + later);
      if ('reading' in outcome && outcome.reading.kind !== 'unusable') {
        env.book.answered(server, level.apex);
        return { reading: outcome.reading, audience: outcome.audience };
      }
      if ('why' in outcome && !outcome.garbage) env.book.wasSilent(server);
      else env.book.wasUseless(server, level.apex);
      // RFC 8914 §4.24: it was reached, and what it said is of no use.
      if ('reading' in outcome || outcome.garbage) infoCode = EXTENDED_ERROR.NETWORK_ERROR;
      complaints.push(`${whoIs(level, server)} ${'why' in outcome ? outcome.why : outcome.reading.kind === 'unusable' ? outcome.reading.why : ''}`);
    }
    return undefined;
  };

  const { known, named } = level.servers;
  const found = await ask(known, named.length > 0 ? 1 : 0);
  if (found) return found;
  for (const [index, name] of named.entries()) {
    const left = tour.endsAtMs - env.clock.monotonic();
    if (left <= 0 || tour.lineage.allowance.lookups <= 0) break;
    tour.lineage.allowance.lookups -= 1;
    const { addresses, why, exchanges } = await env.findAddresses(name, left / (named.length - index + 1), tour.lineage);
    tour.exchanges.push(...exchanges);
    if (addresses.length === 0) complaints.push(`${plain(level.apex)} is served by ${plain(name)} ${NO_ADDRESS}${why === undefined ? '' : ` (${why})`}`);
    const reply = await ask(addresses.map((address) => ({ address, port: level.port })), named.length - index - 1);
    if (reply) return reply;
  }
  if (complaints.length === 0) complaints.push(`${whoIs(level)} has not answered for a while, and is left alone for a few seconds`);
  return { reading: { kind: 'failure', failure: { infoCode, text: complaints.join('; ') } }, audience: 'everybody' };
}
