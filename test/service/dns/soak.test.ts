// The short form of bench/dns/soak.ts: a stream of queries with hostile packets between them, and every answer is right.

import { createSocket } from 'node:dgram';
import { expect } from 'chai';
import { createSeededRandom } from '../../../src/base/random.js';
import { createQuery } from '../../../src/net/dns/build.js';
import { decodeMessage, encodeMessage } from '../../../src/net/dns/wire.js';
import { CORPUS, readCorpus } from '../../fixtures/dns/corpus.js';
import { nameOf, zoneOf } from '../../helpers/dns.js';
import { useParties } from '../../helpers/dns-parties.js';
import { openVolley } from '../../helpers/dns-volley.js';

const NAMES = 500;

describe('an authority among hostile packets', () => {
  const parties = useParties();

  it('answers each of 3,000 queries, and rightly', async () => {
    const lines = Array.from({ length: NAMES }, (_, index) => `h${index} 60 A 10.0.${index >>> 8}.${index & 255}`);
    const server = await parties.authority([zoneOf(`$ORIGIN soak.test.\n@ 60 SOA ns hostmaster 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.53\n${lines.join('\n')}\n`)]);
    const random = createSeededRandom(1);
    const packets = [...Array.from({ length: 500 }, () => random.bytes(random.int(64))), ...(CORPUS ? readCorpus().slice(0, 500) : [])];
    const indexes = Array.from({ length: 3000 }, () => random.int(NAMES));
    const volley = await openVolley(server, 'udp');
    const enemy = createSocket('udp4');
    let right = 0;
    try {
      for (let at = 0; at < indexes.length; at += 100) {
        for (let count = 0; count < 20; count += 1) enemy.send(packets[random.int(packets.length)]!, server.port, server.address);
        const some = indexes.slice(at, at + 100);
        const answers = await volley.ask(some.map((index) => encodeMessage(createQuery({ name: nameOf(`h${index}.soak.test`), type: 1, id: 1, recursionDesired: false }))));
        answers.forEach((octets, place) => {
          const index = some[place] ?? 0;
          const decoded = octets && decodeMessage(octets);
          const data = decoded?.kind === 'message' ? decoded.message.answers[0]?.data : undefined;
          if (data?.kind === 'A' && data.address === `10.0.${index >>> 8}.${index & 255}`) right += 1;
        });
      }
    } finally {
      volley.close();
      enemy.close();
    }
    expect(right).to.equal(3000);
  }).timeout(60_000);
});
