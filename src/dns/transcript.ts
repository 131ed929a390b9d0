// What the DNS roles say about each query: the local DNS of a video's name in the four lines of the
// original demo; of any other name, and an authority of every name, in one. The facts are the same.

import type { Clock } from '../base/clock.js';
import type { Log, LogFacts } from '../observe/log.js';
import { formatEndpoint } from '../net/address.js';
import { ACCOUNT_OPTION, decodeTraceId } from '../net/dns/account.js';
import { findOption } from '../net/dns/edns.js';
import { RCODE, TYPE, type DnsQuery, type Peer } from '../net/dns/message.js';
import { formatRcode, formatType } from '../net/dns/text.js';
import type { Eventual, Layer } from '../net/handler.js';
import type { Catalog } from '../catalog/index.js';
import { messageOf, type Answer, type Answerer } from './answerer.js';
import type { ZoneSet } from './authoritative.js';
import { createPace } from './pace.js';
import { describeAnswer, describeQuestion, plain } from './words.js';

export interface TranscriptEnv {
  readonly clock: Clock;
  readonly log: Log;
}

/** "Local DNS Received Message: hiscinema.com/File1  (A file1.hiscinema.com)" … */
export function tellAsLocalDns(catalog: Catalog | undefined, env: TranscriptEnv): Layer<Answerer> {
  const titles = new Map(catalog?.titles.map(({ contentName, title }) => [contentName, title]));
  const titleOf = (name: string): string | undefined => titles.get(name.toLowerCase());
  return tell(env, 'Local DNS', {
    received: (query, peer, facts) => {
      const name = plain(query.question.name);
      const title = titleOf(name);
      if (title === undefined) return;
      // The original's title is what stands behind the host: hiscinema.com/File1.
      const wanted = `${name.slice(name.indexOf('.') + 1).toLowerCase()}/${title}`;
      env.log.info(`Local DNS Received Message: ${wanted}  (${describeQuestion(query.question)})\n`, facts);
      env.log.info(`Received data from this address: ('${peer.remote.address}', ${peer.remote.port})`, facts);
      env.log.info('Resolving the DNS query now..', facts);
    },
    answered: (query, peer, answer, facts) => {
      const line = titleOf(plain(query.question.name)) === undefined ? oneLine('Local DNS', query, peer, answer) : outcome(answer);
      env.log.info(line, facts);
    },
  });
}

/** "Authority hiscinema.com: A file1.hiscinema.com from 127.0.0.1:4242 -> CNAME file1.hercdn.com". */
function oneLine(who: string, query: DnsQuery, peer: Peer, answer: Answer): string {
  const why = answer.failure === undefined ? '' : `: ${answer.failure}`;
  return `${who}: ${describeQuestion(query.question)} from ${formatEndpoint(peer.remote)} -> ${describeAnswer(messageOf(answer))}${why}`;
}

function outcome(answer: Answer): string {
  const { failure } = answer;
  const message = messageOf(answer);
  const rcode = formatRcode(message.rcode);
  if (failure !== undefined) return `Query Failed - Sending ${rcode} back to the client: ${failure}`;
  if (message.rcode === RCODE.NXDOMAIN) return 'Query Resolved: no such name - Sending NXDOMAIN back to the client';
  const asked = message.questions[0]?.type;
  const answered = message.answers.some(({ type }) => type === asked || asked === TYPE.ANY);
  return answered ? 'Query Resolved - Sending back to the client' : 'Query Resolved: no data of this type - Sending back to the client';
}

export function tellAsAuthority(set: ZoneSet, env: TranscriptEnv): Layer<Answerer> {
  const everyZone = set.zones.map((zone) => plain(zone.apex)).join(', ');
  return tell(env, `Authority ${everyZone}`, {
    received: () => undefined,
    answered: (query, peer, answer, facts) => {
      const zone = set.find(query.question.name, query.question.type);
      env.log.info(oneLine(`Authority ${zone ? plain(zone.apex) : everyZone}`, query, peer, answer), facts);
    },
  });
}

interface Teller {
  received(query: DnsQuery, peer: Peer, facts: LogFacts): void;
  answered(query: DnsQuery, peer: Peer, answer: Answer, facts: LogFacts): void;
}

/** Past the pace the answers are as ever, and only their number is told; with --verbose everything is. */
function tell(env: TranscriptEnv, who: string, teller: Teller): Layer<Answerer> {
  return (next) => {
    if (!env.log.tells('info')) return next;
    const more = (count: number): void => env.log.info(`${who}: … and ${count.toLocaleString('en')} more ${count === 1 ? 'query' : 'queries'} in the last second (--verbose tells each)`, { queries: count });
    const pace = env.log.tells('debug') ? undefined : createPace(more, env.clock);
    return (query, peer) => (pace?.take() === false ? next(query, peer) : tellOne(env, teller, next, query, peer));
  };
}

function tellOne(env: TranscriptEnv, teller: Teller, next: Answerer, query: DnsQuery, peer: Peer): Eventual<Answer> {
  const startedAtMs = env.clock.monotonic();
  const option = findOption(query.message.edns, ACCOUNT_OPTION);
  const traceId = option && decodeTraceId(option);
  const facts: LogFacts = {
    qname: query.question.name.toString(),
    qtype: formatType(query.question.type),
    peer: formatEndpoint(peer.remote),
    transport: peer.transport,
    ...(traceId !== undefined && { traceId }),
  };
  teller.received(query, peer, facts);
  const answered = (answer: Answer): Answer => {
    const { cached, failure, dropped } = answer;
    // A flood that gets no answers gets no lines either; the limit tells when it begins.
    if (dropped === true) return answer;
    teller.answered(query, peer, answer, { ...facts, rcode: formatRcode(messageOf(answer).rcode), ms: Math.round((env.clock.monotonic() - startedAtMs) * 1000) / 1000, cached, ...(failure !== undefined && { failure }) });
    return answer;
  };
  const answer = next(query, peer);
  return answer instanceof Promise ? answer.then(answered) : answered(answer);
}
