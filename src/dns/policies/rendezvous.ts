// Rendezvous hashing (Thaler and Ravishankar 1998) with bounded loads (Mirrokni, Thorup and Zadimoghaddam
// 2016): a content name has the same stores as long as they live, a store's death moves only its own
// names, each to another store, and nobody has more than 1.25 times its part of the load.

import { rememberByText } from '../remember.js';
import { weightOf, type Circumstances, type Edge, type Order } from '../routing-edge.js';

const BOUND = 1.25;
/** So few clients are no load: to spread them would only cool the store's cache. */
const NO_LOAD = 10;
/** Whose orders are remembered: of 64 stores 2 MB. */
const MOST_NAMES = 4096;

/** FNV-1a, then the finaliser of MurmurHash3: every bit of the text moves every bit of the hash. */
export function hash32(text: string): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  return mix(hash);
}

function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Higher is nearer; of several stores each is the highest for its part of the names by weight. */
function scoreOf(nameHash: number, edge: Edge): number {
  const draw = (mix(nameHash ^ hash32(edge.id)) + 0.5) / 2 ** 32;
  return -weightOf(edge) / Math.log(draw);
}

/** By score alone: the order that a name keeps whatever the load. */
export function orderByHash(group: readonly Edge[], name: string): readonly Edge[] {
  const nameHash = hash32(name);
  return group
    .map((edge) => ({ edge, score: scoreOf(nameHash, edge) }))
    .sort((a, b) => b.score - a.score || (a.edge.id < b.edge.id ? -1 : 1))
    .map(({ edge }) => edge);
}

const remembered = rememberByText(MOST_NAMES, orderByHash);

/** By hash, those beyond the bound after all others. `noLoad` is what each may have in any case. */
export function orderWithinBound(group: readonly Edge[], { name, load }: Pick<Circumstances, 'name' | 'load'>, noLoad = NO_LOAD): readonly Edge[] {
  const order = remembered(group, name);
  const loads = order.map(load);
  let clients = 1;
  let weights = 0;
  let most = 0;
  for (let index = 0; index < order.length; index += 1) {
    const clientsOf = loads[index] as number;
    clients += clientsOf;
    weights += weightOf(order[index] as Edge);
    if (clientsOf > most) most = clientsOf;
  }
  if (most + 1 <= noLoad) return order;
  const fits = (edge: Edge, index: number): boolean => {
    const part = weights > 0 ? weightOf(edge) / weights : 1 / order.length;
    return (loads[index] as number) + 1 <= Math.max(noLoad, Math.ceil(BOUND * clients * part));
  };
  if (order.every(fits)) return order;
  return [...order.filter(fits), ...order.filter((edge, index) => !fits(edge, index))];
}

export const rendezvous: Order = (edges, about) => orderWithinBound(edges, about);
