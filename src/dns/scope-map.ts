// The operator's map of networks: "192.0.2.0/24 store-1 store-3 | eu", one network a line. Stores and
// regions before a bar come first; "48.2,16.37" says where the network is.

import type { Clock } from '../base/clock.js';
import { parseIPv4, parseIPv6 } from '../net/dns/ip.js';
import type { ClientSubnet } from '../net/dns/edns.js';
import type { Location, Place } from './routing-edge.js';
import type { Locate } from './scope.js';
import { createPrefixTree, type PrefixTree } from './scope-tree.js';
import { finish, finishInTurns, STEP, type Steps } from './zone-steps.js';

export type ScopeMap =
  | { readonly kind: 'map'; readonly locate: Locate; readonly networks: number }
  | { readonly kind: 'invalid'; readonly problems: readonly { readonly line: number; readonly column: number; readonly text: string }[] };

interface Word {
  readonly text: string;
  /** 1-based. */
  readonly column: number;
}

/** `known`: the ids and regions that there are, in lower case; a word that is none of them is a mistake. */
export function parseScopeMap(text: string, known: ReadonlySet<string>): ScopeMap {
  return finish(parseScopeMapInSteps(text, known));
}

/** The same, of a map of many networks, while others have a turn. */
export function loadScopeMap(text: string, known: ReadonlySet<string>, env: { readonly clock: Clock }): Promise<ScopeMap> {
  return finishInTurns(parseScopeMapInSteps(text, known), env.clock);
}

function* parseScopeMapInSteps(text: string, known: ReadonlySet<string>): Steps<ScopeMap> {
  const trees = { 1: createPrefixTree<Place>(), 2: createPrefixTree<Place>() } as const;
  const problems: { line: number; column: number; text: string }[] = [];
  let networks = 0;
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    if (index % STEP === STEP - 1) yield;
    const words = wordsOf(content);
    const [first, ...rest] = words;
    if (!first) continue;
    const complain = (word: Word, what: string): void => void problems.push({ line: index + 1, column: word.column, text: what });
    const network = parseNetwork(first.text);
    if (typeof network === 'string') complain(first, network);
    const place = readPlace(rest, known, complain);
    if (rest.length === 0) complain(first, `${first.text} goes nowhere: name stores, regions, or where it is`);
    if (typeof network === 'string') continue;
    networks += 1;
    const tree: PrefixTree<Place> = trees[network.family];
    if (!tree.add(network.address, network.prefixLength, place)) complain(first, `${first.text} is here twice`);
  }
  if (problems.length > 0) return { kind: 'invalid', problems };
  const locate = ({ family, address, sourcePrefixLength }: ClientSubnet): ReturnType<Locate> => {
    if (family === 0) return { place: undefined, prefixLength: 0 };
    const { value, depth } = trees[family].find(address, sourcePrefixLength);
    return { place: value, prefixLength: depth };
  };
  return { kind: 'map', locate, networks };
}

function wordsOf(line: string): readonly Word[] {
  const content = line.replace(/#.*$/, '');
  return [...content.matchAll(/\||[^\s|]+/g)].map((match) => ({ text: match[0], column: match.index + 1 }));
}

function readPlace(words: readonly Word[], known: ReadonlySet<string>, complain: (word: Word, what: string) => void): Place {
  const served: string[][] = [[]];
  let location: Location | undefined;
  for (const word of words) {
    const at = parseLocation(word.text);
    if (at) location = at;
    else if (word.text === '|') served.push([]);
    else if (known.has(word.text.toLowerCase())) served.at(-1)?.push(word.text.toLowerCase());
    else complain(word, `${JSON.stringify(word.text)} is no store, no region, and no place such as 48.2,16.37`);
  }
  return { served: served.filter((set) => set.length > 0), location };
}

/** "48.2,16.37": latitude, longitude. undefined if it is none. */
function parseLocation(text: string): Location | undefined {
  const match = /^(-?\d{1,2}(?:\.\d+)?),(-?\d{1,3}(?:\.\d+)?)$/.exec(text);
  if (!match) return undefined;
  const [latitude, longitude] = [Number(match[1]), Number(match[2])];
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : undefined;
}

/** The network, or what is wrong with it. A network of all addresses is /0. */
function parseNetwork(text: string): { readonly family: 1 | 2; readonly address: Uint8Array; readonly prefixLength: number } | string {
  const match = /^([0-9a-f.:]+)\/(\d{1,3})$/i.exec(text);
  const address = match?.[1] === undefined ? undefined : parseIPv4(match[1]) ?? parseIPv6(match[1]);
  const prefixLength = Number(match?.[2]);
  if (!address || prefixLength > address.length * 8) return `expected a network such as 192.0.2.0/24, got ${JSON.stringify(text)}`;
  for (let bit = prefixLength; bit < address.length * 8; bit += 1) {
    if ((((address[bit >> 3] as number) >> (7 - (bit & 7))) & 1) !== 0) return `${text} has bits set beyond its /${prefixLength}`;
  }
  return { family: address.length === 4 ? 1 : 2, address, prefixLength };
}
