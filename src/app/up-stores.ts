// The stores of `cdn up` as routing is to know them: where they run, and what the topology says of them.

import { CdnError } from '../base/errors.js';
import type { Edge } from '../dns/index.js';
import { formatEndpoint, type Endpoint } from '../net/address.js';

/** A store to run, and what routing should know of it. */
export interface StorePlan extends Omit<Edge, 'endpoint'> {
  /** undefined: an address of its own and the common port. */
  readonly endpoint?: Endpoint | undefined;
  /** Bytes a second for each response; undefined: as fast as it goes. */
  readonly rateBytesPerSecond: number | undefined;
}

/**
 * `first`: the plan that they were started by, `running`: where they are.
 * @throws CdnError USAGE for a plan that only another start could carry out, with all that it would take
 */
export function placeStores(planned: readonly StorePlan[], first: readonly StorePlan[], running: readonly { readonly id: string; readonly endpoint: Endpoint }[]): readonly Edge[] {
  const problems: string[] = [];
  const edges = planned.flatMap((plan, index): readonly Edge[] => {
    const started = first.find(({ id }) => id === plan.id);
    const place = running.find(({ id }) => id === plan.id);
    if (!started || !place) {
      problems.push(`stores[${index}].id: ${plan.id} is not running`);
      return [];
    }
    for (const what of ['address', 'rate', 'capacity'] as const) {
      if (describe(plan)[what] !== describe(started)[what]) problems.push(`stores[${index}].${what}: ${plan.id} runs with ${describe(started)[what]}, not ${describe(plan)[what]}`);
    }
    return [{ ...plan, endpoint: place.endpoint }];
  });
  for (const { id } of first) if (!planned.some((plan) => plan.id === id)) problems.push(`stores: ${id} is running, and missing here`);
  if (problems.length === 0) return edges;
  throw new CdnError('USAGE', `cdn up runs its stores as they were when it started:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, {
    details: { problems }, suggestions: ['start cdn up again, or use cdn store and cdn dns, where stores come and go'],
  });
}

function describe({ endpoint, rateBytesPerSecond: rate, capacity }: StorePlan): Readonly<Record<'address' | 'rate' | 'capacity', string>> {
  return { address: endpoint ? formatEndpoint(endpoint) : 'an address of its own', rate: rate === undefined ? 'no rate' : `${rate} bytes/s`, capacity: capacity === undefined ? 'no capacity' : String(capacity) };
}
