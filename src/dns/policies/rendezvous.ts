// Rendezvous hashing (Thaler and Ravishankar 1998) with bounded loads (Mirrokni, Thorup and Zadimoghaddam
// 2016): a content name has the same stores as long as they live, a store's death moves only its own
// names, each to another store, and nobody has more than 1.25 times its part of the load.

import { weightOf, type Circumstances, type Edge, type Order } from '../routing-edge.js';

const BOUND = 1.25;
/** So few clients are no load: to spread them would only cool the store's cache. */
const NO_LOAD = 10;

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

/** Those that could take one client more within the bound; `noLoad` is what each may have in any case. */
function hasRoom(group: readonly Edge[], { load }: Pick<Circumstances, 'load'>, noLoad: number): (edge: Edge) => boolean {
  const clients = group.reduce((sum, edge) => sum + load(edge), 0) + 1;
  const weights = group.reduce((sum, edge) => sum + weightOf(edge), 0);
  return (edge) => {
    const part = weights > 0 ? weightOf(edge) / weights : 1 / group.length;
    return load(edge) + 1 <= Math.max(noLoad, Math.ceil(BOUND * clients * part));
  };
}

/** By hash, those beyond the bound after all others. */
export function orderWithinBound(group: readonly Edge[], about: Pick<Circumstances, 'name' | 'load'>, noLoad = NO_LOAD): readonly Edge[] {
  const order = orderByHash(group, about.name);
  const fits = hasRoom(group, about, noLoad);
  if (order.every(fits)) return order;
  return [...order.filter(fits), ...order.filter((edge) => !fits(edge))];
}

export const rendezvous: Order = (edges, about) => orderWithinBound(edges, about);
