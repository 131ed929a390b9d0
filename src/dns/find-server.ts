// The address of a name server that was named without one: a question of our own, asked for another's sake.

import { RCODE, TYPE } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import type { FoundAddresses, Lineage } from './ask-server.js';
import { resolve, resolveFromCache, type ResolveEnv, type Resolution } from './resolve.js';

/** IPv6 only where there is no IPv4. Never rejects, and takes no longer than `budgetMs`. */
export async function findServer(env: ResolveEnv, name: Name, budgetMs: number, lineage: Lineage): Promise<FoundAddresses> {
  const endsAtMs = env.clock.monotonic() + budgetMs;
  const exchanges: FoundAddresses['exchanges'][number][] = [];
  let why: string | undefined;
  for (const type of [TYPE.A, TYPE.AAAA]) {
    const leftMs = endsAtMs - env.clock.monotonic();
    if (leftMs <= 0) break;
    const resolution = await lookUp(env, name, type, leftMs, lineage);
    exchanges.push(...(resolution?.exchanges ?? []));
    const addresses = (resolution?.answers ?? []).flatMap(({ data }) => ('address' in data ? [data.address] : []));
    if (addresses.length > 0) return { addresses, exchanges };
    why = resolution?.failure?.text;
    // A name that isn't there has no address of the other kind either.
    if (resolution?.rcode !== RCODE.NOERROR) break;
  }
  return { addresses: [], why, exchanges };
}

/** undefined: out of time. Two questions that wait for each other's servers would otherwise wait for ever. */
function lookUp(env: ResolveEnv, name: Name, type: number, budgetMs: number, lineage: Lineage): Promise<Resolution | undefined> {
  const wanted = { name, type };
  const known = resolveFromCache(env, wanted, { subnet: undefined, stale: false });
  if (known) return Promise.resolve(known);
  return new Promise((done) => {
    const stop = env.clock.after(budgetMs, () => done(undefined));
    void resolve(env, wanted, budgetMs, { subnet: undefined, traceId: undefined, lineage }).then((resolution) => {
      stop();
      done(resolution);
    });
  });
}
