// What a forger of answers must guess (RFC 5452): the port, the ID, and the letter case of the question;
// and servers that don't give that case back.

import { expect } from 'chai';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { systemClock } from '../../../../src/base/clock.js';
import { CdnError } from '../../../../src/base/errors.js';
import { createSeededRandom, systemRandom } from '../../../../src/base/random.js';
import type { Endpoint } from '../../../../src/net/address.js';
import { createResponse } from '../../../../src/net/dns/build.js';
import { createDnsExchange } from '../../../../src/net/dns/exchange.js';
import { Deframer, frame } from '../../../../src/net/dns/framing.js';
import { TYPE, type DnsMessage } from '../../../../src/net/dns/message.js';
import { encodeMessage } from '../../../../src/net/dns/wire.js';
import { addressRecord, message, name, query, useParties } from '../../../fixtures/dns/parties.js';

const NAME = 'a-rather-long-name.hiscinema.com.';
const ASKED = query(NAME, TYPE.A);
const OPTIONS = { timeoutMs: 10_000, attempts: 1, mixCase: true };

const asSent = (octets: Uint8Array): string => String(message(octets).questions[0]?.name);
/** The answer to what has come, its question written as `rewrite` has it. */
const reply = (octets: Uint8Array, address: string, rewrite: (text: string) => string = (text) => text): Uint8Array => {
  const asked = message(octets);
  const questions = asked.questions.map((question) => ({ ...question, name: name(rewrite(String(question.name))) }));
  return encodeMessage(createResponse(asked, { questions, answers: questions.map((question) => addressRecord(question.name, address)) }));
};
const lower = (text: string): string => text.toLowerCase();
const addresses = (answer: DnsMessage): readonly unknown[] => answer.answers.map(({ name: owner, data }) => `${owner} ${data.kind === 'A' ? data.address : data.kind}`);

describe('a DNS exchange that mixes the letter case', () => {
  const parties = useParties();

  const tcp = async (endpoint: Endpoint, answer: (octets: Uint8Array) => Uint8Array): Promise<void> => {
    const server = createServer((socket) => {
      parties.closing(() => socket.destroy());
      const deframer = new Deframer();
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        deframer.push(chunk);
        const octets = deframer.next();
        if (octets) socket.write(frame(answer(octets)));
      });
    });
    parties.closing(() => server.close());
    server.listen(endpoint.port, endpoint.address);
    await once(server, 'listening');
  };

  it('sends another case each time, and gives its caller the caller’s own', async () => {
    const sent: string[] = [];
    const server = await parties.fake((octets, send) => {
      sent.push(asSent(octets));
      send(reply(octets, '192.0.2.9'));
    });
    const exchange = createDnsExchange({ clock: systemClock, random: systemRandom });
    for (let i = 0; i < 8; i += 1) {
      const result = await exchange(server, ASKED, OPTIONS);
      expect(result.transport).to.equal('udp');
      expect(String(result.message.questions[0]?.name)).to.equal(NAME);
      expect(addresses(result.message)).to.deep.equal([`${NAME} 192.0.2.9`]);
    }
    expect(new Set(sent).size).to.be.greaterThan(6);
    expect(new Set(sent.map(lower))).to.deep.equal(new Set([NAME]));
  });
  it('leaves the case alone unless told to mix it', async () => {
    const sent: string[] = [];
    const server = await parties.fake((octets, send) => {
      sent.push(asSent(octets));
      send(reply(octets, '192.0.2.9', lower));
    });
    const exchange = createDnsExchange({ clock: systemClock, random: systemRandom });
    expect((await exchange(server, ASKED, { timeoutMs: 10_000 })).transport).to.equal('udp');
    expect(sent).to.deep.equal([NAME]);
  });
  it('asks over TCP when the case is not the one it sent, and does not believe the datagram', async () => {
    const server = await parties.fake((octets, send) => send(reply(octets, '192.0.2.66', lower)));
    const overTcp: string[] = [];
    await tcp(server, (octets) => {
      overTcp.push(asSent(octets));
      return reply(octets, '192.0.2.9');
    });
    const exchange = createDnsExchange({ clock: systemClock, random: systemRandom });
    for (let i = 0; i < 2; i += 1) {
      const result = await exchange(server, ASKED, OPTIONS);
      expect(result.transport).to.equal('tcp');
      expect(addresses(result.message)).to.deep.equal([`${NAME} 192.0.2.9`]);
    }
    // Over TCP it did repeat the case: the datagrams were not its own, and the next is mixed as well.
    expect(overTcp.filter((text) => text !== NAME)).to.have.length(2);
  });
  it('learns of a server that changes the case over TCP too, and asks it plainly from then on', async () => {
    const sent: string[] = [];
    const server = await parties.fake((octets, send) => {
      sent.push(asSent(octets));
      send(reply(octets, '192.0.2.9', lower));
    });
    await tcp(server, (octets) => reply(octets, '192.0.2.9', lower));
    const exchange = createDnsExchange({ clock: systemClock, random: systemRandom });
    const transports: string[] = [];
    for (let i = 0; i < 3; i += 1) transports.push((await exchange(server, ASKED, OPTIONS)).transport);
    expect(transports).to.deep.equal(['tcp', 'udp', 'udp']);
    expect(sent.slice(1)).to.deep.equal([NAME, NAME]);
  });
  it('fails when only the doubtful datagram came, and there is no TCP', async () => {
    const server = await parties.fake((octets, send) => send(reply(octets, '192.0.2.66', lower)));
    const exchange = createDnsExchange({ clock: systemClock, random: systemRandom });
    const error = await exchange(server, ASKED, OPTIONS).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(CdnError).with.property('code', 'DNS_UNREACHABLE');
    expect(error).to.have.property('message').that.includes('over TCP');
  });
  it('RFC 5452 §9.2: spreads ports over all but the well-known, and IDs over 16 bits', async () => {
    const ids: number[] = [];
    const ports: number[] = [];
    const cases: string[] = [];
    const server = await parties.fake((octets, send, from) => {
      ids.push(message(octets).id);
      ports.push(from.port);
      cases.push(asSent(octets));
      send(reply(octets, '192.0.2.9'));
    });
    const exchange = createDnsExchange({ clock: systemClock, random: createSeededRandom(5452) });
    const COUNT = 640;
    for (let i = 0; i < COUNT; i += 16) await Promise.all(Array.from({ length: 16 }, () => exchange(server, ASKED, OPTIONS)));
    for (const values of [ids, ports]) {
      const perSixteenth = new Array<number>(16).fill(0);
      for (const value of values) perSixteenth[value >>> 12] = (perSixteenth[value >>> 12] ?? 0) + 1;
      // 40 are due to each; less than 15 or more than 75 is no chance.
      for (const count of perSixteenth) expect(count).to.be.within(15, 75);
      expect(new Set(values).size).to.be.greaterThan(COUNT - 20);
      for (let bit = 0; bit < 12; bit += 1) expect(values.filter((value) => (value >>> bit) & 1).length).to.be.within(COUNT * 0.35, COUNT * 0.65);
    }
    expect(Math.min(...ports)).to.be.at.least(1024);
    expect(new Set(cases).size).to.be.greaterThan(COUNT - 20);
  });
});
