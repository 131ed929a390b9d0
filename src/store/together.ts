// Several edges administered as one: a purge goes from the origin outwards, what is warmed is warmed in each,
// and whatever is told says of which it is.

import type { Metric } from '../observe/exposition.js';
import type { AdminControls } from './admin.js';
import type { Standing } from './standing.js';
import type { Warmed, Warming, WarmWish } from './warm.js';

export interface NamedControls {
  readonly id: string;
  readonly controls: AdminControls;
}

function standingOfAll(target: string, edges: readonly NamedControls[]): Standing {
  const all = edges.map(({ id, controls }) => ({ id, standing: controls.why(target) }));
  return {
    target,
    here: all.some(({ standing }) => standing.here),
    underWay: all.some(({ standing }) => standing.underWay),
    responses: all.flatMap(({ id, standing }) => standing.responses.map((response) => ({ ...response, store: id }))),
    removals: all.flatMap(({ id, standing }) => standing.removals.map((removal) => ({ ...removal, store: id }))),
  };
}

const WORST: readonly Warmed['outcome'][] = ['hit', 'stored', 'not-stored', 'failed'];

async function* warmAll(wish: WarmWish, edges: readonly NamedControls[], signal: AbortSignal): AsyncGenerator<Warming | Warmed, void, undefined> {
  let sum: Warmed | undefined;
  for (const { id, controls } of edges) {
    for await (const word of controls.warm(wish, signal)) {
      if (!('outcome' in word)) {
        yield { octets: (sum?.octets ?? 0) + word.octets, length: word.length === null ? null : word.length * edges.length };
        continue;
      }
      const named: Warmed = { ...word, why: word.why === null ? null : `${id}: ${word.why}` };
      const isWorse = sum === undefined || WORST.indexOf(named.outcome) > WORST.indexOf(sum.outcome);
      const told: Warmed = sum === undefined || isWorse ? named : sum;
      sum = { ...told, octets: (sum?.octets ?? 0) + word.octets, storedOctets: (sum?.storedOctets ?? 0) + word.storedOctets };
    }
  }
  if (sum !== undefined) yield edges.length === 1 ? sum : { ...sum, edges: edges.length };
}

/** Each metric once, the samples of each edge under its name. */
function metricsOfAll(edges: readonly NamedControls[]): readonly Metric[] {
  const all = new Map<string, Metric>();
  for (const { id, controls } of edges) {
    for (const metric of controls.metrics()) {
      const samples = metric.samples.map(({ labels, value }) => ({ labels: { store: id, ...labels }, value }));
      all.set(metric.name, { ...metric, samples: [...(all.get(metric.name)?.samples ?? []), ...samples] });
    }
  }
  return [...all.values()];
}

/** `shields`: whom the edges fill from, the nearest to the origin first; they are filled by their edges. */
export function administerTogether(shields: readonly NamedControls[], edges: readonly NamedControls[]): AdminControls {
  const all = [...shields, ...edges];
  return {
    purge: async (purge) => {
      let purged = 0;
      // An edge that is emptied before its shield could fill from what is to go.
      for (const { controls } of all) purged += await controls.purge(purge);
      return purged;
    },
    warm: (wish, signal) => warmAll(wish, edges, signal),
    why: (target) => standingOfAll(target, all),
    metrics: () => metricsOfAll(all),
  };
}
