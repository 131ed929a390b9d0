// What the packets cost that are made to cost most: processor time to decode and to encode each, and what
// the local DNS makes of one that an authority sends it: node --import tsx bench/dns-packets.ts [TIMES]

import { createResolver } from '../src/dns/index.js';
import { createQuery, createResponse } from '../src/net/dns/build.js';
import { createEdns } from '../src/net/dns/edns.js';
import type { DnsExchange } from '../src/net/dns/exchange.js';
import { TYPE, type DnsMessage, type DnsQuery, type Peer } from '../src/net/dns/message.js';
import { Name } from '../src/net/dns/name.js';
import { encodeWithin } from '../src/net/dns/truncate.js';
import { decodeMessage, encodeUpTo } from '../src/net/dns/wire.js';
import { systemClock } from '../src/base/clock.js';
import { silentLog } from '../src/observe/log.js';
import { COSTLY, COSTLY_ANSWERS } from '../test/fixtures/dns/costly.js';

/** The least and the middle of the milliseconds of processor time that it takes: what else runs here only adds to it. */
async function measure(times: number, work: () => unknown): Promise<string> {
  const spent: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    spent.push((user + system) / 1000);
  }
  spent.sort((a, b) => a - b);
  return `${(spent[0] ?? 0).toFixed(2)} ${(spent[times >>> 1] ?? 0).toFixed(2)}`.padStart(12);
}

const PEER: Peer = { remote: { address: '127.0.0.1', port: 4000 }, local: { address: '127.0.0.1', port: 53 }, transport: 'tcp' };

/** Asks a local DNS for what it doesn't know, and its authority answers with these octets, as if they were for it. */
function resolving(octets: Uint8Array): () => Promise<unknown> {
  const exchange: DnsExchange = (server, query) => {
    const decoded = decodeMessage(octets);
    if (decoded.kind !== 'message') throw new Error('no message');
    // Every owner becomes the name asked for: the costliest that it can be.
    const [question] = query.questions;
    const own = (records: DnsMessage['answers']): DnsMessage['answers'] => records.map((record) => ({ ...record, name: question?.name ?? Name.root }));
    const message = { ...decoded.message, id: query.id, questions: query.questions, authoritative: true, rcode: 0, answers: own(decoded.message.answers) };
    return Promise.resolve({ message, transport: 'tcp', local: PEER.local, remote: server, durationMs: 1 });
  };
  const handler = createResolver({ authorities: [{ zone: 'one.test', endpoint: { address: '127.0.0.1', port: 53 } }] }, { clock: systemClock, log: silentLog, exchange });
  const decoded = decodeMessage(octets);
  const type = decoded.kind === 'message' ? (decoded.message.answers[0]?.type ?? TYPE.A) : TYPE.A;
  let count = 0;
  return async () => {
    const message = createQuery({ name: Name.parse(`n${(count += 1)}.one.test.`) ?? Name.root, type, id: 1, recursionDesired: true, edns: createEdns() });
    const [question] = message.questions;
    const query: DnsQuery = { message, question: question ?? { name: Name.root, type, class: 1 } };
    const answer = await handler(query, PEER);
    if ('shared' in answer) encodeWithin(answer.shared.message, 0xffff);
    else if ('questions' in answer) encodeWithin(answer, 0xffff);
  };
}

async function main(times: number): Promise<void> {
  const rows: string[] = [`${'64 KiB of'.padEnd(52)}${'decode'.padStart(12)}${'encode'.padStart(12)}${'cut'.padStart(12)}${'resolve'.padStart(12)}   (ms: least, middle)`];
  for (const [what, octets] of [...COSTLY, ...COSTLY_ANSWERS]) {
    const decoded = decodeMessage(octets);
    let row = what.padEnd(52) + (await measure(times, () => decodeMessage(octets)));
    if (decoded.kind === 'message') {
      const { message } = decoded;
      const reply = createResponse(message, { questions: [], answers: message.answers.slice(0, 1), additionals: message.answers });
      row += await measure(times, () => encodeUpTo(message, 0xffff));
      row += await measure(times, () => encodeWithin(reply, 1232));
      row += await measure(times, resolving(octets));
    } else {
      row += `   refused: it ${decoded.kind === 'malformed' ? decoded.why : 'has no header'}`;
    }
    rows.push(row);
  }
  process.stdout.write(`${rows.join('\n')}\n`);
}

await main(Number(process.argv[2] ?? 100));
