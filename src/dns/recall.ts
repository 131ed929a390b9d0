// Answers that have been given and hold for others too. What stands before the authority's, or the
// resolver's, own work knows the question by its octets; where it doesn't, everything goes its usual way.

import type { Clock } from '../base/clock.js';
import { isLoopback } from '../net/address.js';
import type { ClientSubnet } from '../net/dns/edns.js';
import type { DnsQuery, Peer } from '../net/dns/message.js';
import { OrdinaryQuery } from '../net/dns/ordinary.js';
import { shareAnswer } from '../net/dns/shared.js';
import type { Layer } from '../net/handler.js';
import { messageOf, withOptions, type Answer, type Answerer } from './answerer.js';
import { answerFromZones, tellScope, type ZoneSet } from './authoritative.js';
import { kindOf } from './limit.js';
import { createPlainAnswerer, type PlainAnswerer } from './plain-answer.js';
import { createRecallTable, type Kept } from './recall-table.js';
import type { SelectRecords } from './select.js';

/** `maxChain` as in answerFromZones. Where records are chosen, each query has its choice made; only the octets are those of before. */
export function recallFromZones(set: ZoneSet, maxChain: number): Layer<Answerer> {
  const table = createRecallTable<Found>();
  const choose = (found: Found & { readonly select: SelectRecords }, query: OrdinaryQuery, peer: Peer, subnet: ClientSubnet | undefined): Answer => {
    const decided = found.select({ peer: peer.remote.address, subnet });
    if (decided.kind !== 'records') return answerFromZones(set, query, peer, maxChain, decided);
    const picks = keyOf(decided.picks);
    let answer = found.answers.get(picks);
    if (!answer) {
      const made = answerFromZones(set, query, peer, maxChain, decided);
      answer = share(query, made);
      if (!answer) return made;
      // Loads shift, and with them what is chosen: those of lately are the ones that come again.
      if (found.answers.size === MOST_CHOICES) found.answers.clear();
      found.answers.set(picks, answer);
    }
    return subnet ? withScope(answer, subnet, decided.scope) : answer;
  };
  let revision: number | undefined;
  let plain: PlainAnswerer | undefined;
  return (next) => (query, peer) => {
    if (!(query instanceof OrdinaryQuery)) return next(query, peer);
    if (revision !== set.revision) {
      revision = set.revision;
      plain = createPlainAnswerer(set);
    }
    const known = table.find(query);
    if (known?.revision !== set.revision) {
      const answer = (query.hasOptions ? undefined : plain?.(query)) ?? next(query, peer);
      return answer instanceof Promise ? answer : keep(set.revision, query, answer);
    }
    const subnet = query.clientSubnet;
    if (isChoice(known)) return choose(known, query, peer, subnet);
    return subnet ? withScope(known.answer, subnet, 0) : known.answer;
  };

  function keep(revision: number, query: OrdinaryQuery, answer: Answer): Answer {
    const shared = answer.reuse && share(query, answer);
    if (!answer.reuse || !shared) return answer;
    const { choice } = answer.reuse;
    const answers = new Map(choice && [[keyOf(choice.picks), shared]]);
    table.keep(query, { section: query.sectionKey(), revision, answer: shared, select: choice?.select, answers, used: false });
    return answer.options ? withOptions(shared, answer.options) : shared;
  }
}

interface Found extends Kept {
  readonly revision: number;
  readonly answer: Answer;
  /** Asked for each query; absent: there is no choice. */
  readonly select: SelectRecords | undefined;
  /** By what was chosen; at most MOST_CHOICES. */
  readonly answers: Map<number | string, Answer>;
}

/** Enough for each of many stores alone; orders of several are many more. */
const MOST_CHOICES = 64;

const isChoice = (found: Found): found is Found & { readonly select: SelectRecords } => found.select !== undefined;

function keyOf(picks: readonly number[]): number | string {
  return picks.length === 1 ? (picks[0] as number) : picks.join();
}

/** Answers of the cache, for as long as none of their TTLs has another second to count. */
export function recallFromCache(env: { readonly clock: Clock }): Layer<Answerer> {
  const table = createRecallTable<Kept & { readonly answer: Answer; readonly untilMs: number; readonly onlyLoopback: boolean }>();
  return (next) => (query, peer) => {
    // Client subnets, traces and the like: what an option asks for is for the resolver to say.
    if (!(query instanceof OrdinaryQuery) || query.hasOptions) return next(query, peer);
    const known = table.find(query);
    if (known && env.clock.monotonic() < known.untilMs && (!known.onlyLoopback || isLoopback(peer.remote.address))) return known.answer;
    const answer = next(query, peer);
    if (answer instanceof Promise || answer.reuse?.untilMs === undefined) return answer;
    const shared = share(query, answer);
    if (!shared) return answer;
    table.keep(query, { section: query.sectionKey(), answer: shared, untilMs: answer.reuse.untilMs, onlyLoopback: answer.reuse.onlyLoopback === true, used: false });
    return shared;
  };
}

function withScope(answer: Answer, subnet: ClientSubnet, scope: number): Answer {
  return withOptions(answer, [tellScope(subnet, scope)]);
}

/** Without what was said to its asker alone. */
function share(query: DnsQuery, answer: Answer): Answer | undefined {
  const message = shareAnswer(messageOf(answer), query.question);
  return message && withOptions({ message, cached: answer.cached, wildcard: answer.wildcard, kind: kindOf(query, answer) }, undefined);
}
