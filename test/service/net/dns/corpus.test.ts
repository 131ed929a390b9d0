// A live server under the hostile packets collected for Knot DNS.

import { expect } from 'chai';
import { frame } from '../../../../src/net/dns/framing.js';
import { TYPE } from '../../../../src/net/dns/message.js';
import { encodeMessage } from '../../../../src/net/dns/wire.js';
import { CORPUS, readCorpus } from '../../../fixtures/dns/corpus.js';
import { expectAlive, message, query, useParties } from '../../../fixtures/dns/parties.js';

const asked = (id: number, type: number = TYPE.A): Uint8Array => encodeMessage(query('file1.hercdn.com', type, { id }));

describe('a DNS server under hostile packets', () => {
  const parties = useParties();
  const corpus = CORPUS ? it : it.skip;

  corpus('over UDP: answers a proper query after each hundred of them [needs ../shared/corpus/dns]', async () => {
    const server = await parties.server();
    const client = await parties.udp(server.endpoint);
    const packets = readCorpus().filter((octets) => octets.length <= 65_507);
    for (let start = 0; start < packets.length; start += 100) {
      for (const octets of packets.slice(start, start + 100)) client.send(octets);
      await expectAlive(parties, server.endpoint);
    }
  });

  corpus('over TCP: the same, in frames and as they are [needs ../shared/corpus/dns]', async () => {
    const server = await parties.server();
    const packets = readCorpus();
    for (let start = 0; start < packets.length; start += 100) {
      const framed = await parties.tcp(server.endpoint);
      const raw = await parties.tcp(server.endpoint);
      for (const octets of packets.slice(start, start + 100)) {
        // One that the server has closed on takes the rest on a connection of their own.
        const client = framed.socket.destroyed ? await parties.tcp(server.endpoint) : framed;
        if (client !== framed) client.socket.end(frame(octets));
        else client.send(octets);
        raw.socket.write(octets);
      }
      framed.socket.end();
      raw.socket.end();
      await expectAlive(parties, server.endpoint);
      const proper = await parties.tcp(server.endpoint);
      proper.send(asked(4712));
      expect(message(await proper.receive()).id).to.equal(4712);
      proper.socket.end();
    }
  }).timeout(60_000);
});
