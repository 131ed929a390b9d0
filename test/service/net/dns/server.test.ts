// A live server on real sockets, and clients of every kind.

import { expect } from 'chai';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { CdnError } from '../../../../src/base/errors.js';
import { systemClock } from '../../../../src/base/clock.js';
import { createResponse } from '../../../../src/net/dns/build.js';
import { TYPE, type DnsHandler, type Peer } from '../../../../src/net/dns/message.js';
import { createDnsServer } from '../../../../src/net/dns/server.js';
import { encodeMessage } from '../../../../src/net/dns/wire.js';
import { silentLog } from '../../../../src/observe/log.js';
import { hex, packet } from '../../../fixtures/dns/packets.js';
import { freePort } from '../../../helpers/free-port.js';
import { expectAlive, heldHandler, message, query, smallHandler, useParties } from '../../../fixtures/dns/parties.js';

const asked = (id: number, type: number = TYPE.A): Uint8Array => encodeMessage(query('file1.hercdn.com', type, { id }));

describe('a DNS server', () => {
  const parties = useParties();

  describe('starting and stopping', () => {
    it('takes one free port for UDP and TCP', async () => {
      const { endpoint } = await parties.server();
      expect(endpoint.port).to.be.greaterThan(0);
      await expectAlive(parties, endpoint);
      const client = await parties.tcp(endpoint);
      client.send(asked(1));
      expect(message(await client.receive()).id).to.equal(1);
    });

    const failure = async (start: () => Promise<void>): Promise<CdnError> => {
      try {
        await start();
      } catch (error) {
        if (error instanceof CdnError) return error;
        throw error;
      }
      throw new Error('it has started');
    };

    it('says which port is in use, by TCP or by UDP, and leaves nothing open', async () => {
      const tcp = createServer();
      parties.closing(() => tcp.close());
      const port = await freePort();
      tcp.listen(port, '127.0.0.1');
      await once(tcp, 'listening');
      const server = createDnsServer({ endpoint: { address: '127.0.0.1', port }, what: 'the local DNS' }, smallHandler, { clock: systemClock, log: silentLog });
      parties.closing(() => server.stop());
      const byTcp = await failure(() => server.start());
      expect(byTcp.code).to.equal('ADDRESS_IN_USE');
      expect(byTcp.message).to.equal(`the local DNS cannot listen on 127.0.0.1:${port}: the port is in use`);

      const udp = createSocket('udp4');
      parties.closing(() => udp.close());
      udp.bind(port, '127.0.0.1');
      await once(udp, 'listening');
      await new Promise((resolve) => tcp.close(resolve));
      expect((await failure(() => server.start())).code).to.equal('ADDRESS_IN_USE');

      // TCP of that port was taken and given back: it can be taken again.
      const again = createServer();
      parties.closing(() => again.close());
      again.listen(port, '127.0.0.1');
      await once(again, 'listening');
    });

    it('starts on the same object once what was in the way has gone', async () => {
      const first = await parties.server();
      const second = createDnsServer({ endpoint: first.endpoint }, smallHandler, { clock: systemClock, log: silentLog });
      parties.closing(() => second.stop());
      expect((await failure(() => second.start())).code).to.equal('ADDRESS_IN_USE');
      await first.stop();
      await second.start();
      await expectAlive(parties, second.endpoint);
    });

    it('says that an address is not of this machine', async () => {
      const server = createDnsServer({ endpoint: { address: '203.0.113.1', port: 0 } }, smallHandler, { clock: systemClock, log: silentLog });
      expect((await failure(() => server.start())).code).to.equal('ADDRESS_UNAVAILABLE');
    });

    it('stops at once, with connections open and answers on their way', async () => {
      const held = heldHandler();
      const server = await parties.server(held.handler);
      const tcp = await parties.tcp(server.endpoint);
      const udp = await parties.udp(server.endpoint);
      tcp.send(asked(1));
      udp.send(asked(2));
      await held.waiting(2);
      await server.stop();
      await tcp.closed;
      // Too late, and no harm done.
      const rejections: unknown[] = [];
      const listen = (reason: unknown): void => void rejections.push(reason);
      process.on('unhandledRejection', listen);
      parties.closing(() => process.off('unhandledRejection', listen));
      held.release(1);
      held.release(2);
      await server.stop();
      await new Promise((resolve) => setImmediate(resolve));
      expect(rejections).to.deep.equal([]);
    });
  });

  it('answers from the address it was asked on, behind 0.0.0.0', async () => {
    const peers: Peer[] = [];
    const handler: DnsHandler = (dnsQuery, peer) => {
      peers.push(peer);
      return smallHandler(dnsQuery, peer);
    };
    const server = await parties.server(handler, { endpoint: { address: '0.0.0.0', port: 0 } });
    const addresses = Object.values(networkInterfaces()).flatMap((list = []) => list.filter(({ family }) => family === 'IPv4').map(({ address }) => address));
    expect(addresses).to.include('127.0.0.1');
    for (const address of addresses) {
      // A connected client hears only what comes from the address it has asked.
      await expectAlive(parties, { address, port: server.endpoint.port });
      expect(peers.at(-1)?.local).to.deep.equal({ address, port: server.endpoint.port });
    }
  });

  it('tells the handler who asks, where, and over what', async () => {
    const peers: Peer[] = [];
    const server = await parties.server((dnsQuery, peer) => {
      peers.push(peer);
      return smallHandler(dnsQuery, peer);
    });
    const tcp = await parties.tcp(server.endpoint);
    tcp.send(asked(1));
    await tcp.receive();
    await expectAlive(parties, server.endpoint);
    expect(peers.map(({ transport, local }) => ({ transport, local }))).to.deep.equal([
      { transport: 'tcp', local: server.endpoint },
      { transport: 'udp', local: server.endpoint },
    ]);
    expect(peers[0]?.remote).to.deep.equal({ address: '127.0.0.1', port: tcp.socket.localPort });
  });

  describe('over UDP', () => {
    it('cuts what is too large, and gives all of it over TCP', async () => {
      const server = await parties.server();
      const udp = await parties.udp(server.endpoint);
      udp.send(asked(1, TYPE.TXT));
      const cut = message(await udp.receive());
      expect([cut.truncated, cut.answers.length]).to.deep.equal([true, 0]);
      const tcp = await parties.tcp(server.endpoint);
      tcp.send(asked(1, TYPE.TXT));
      const whole = message(await tcp.receive());
      expect([whole.truncated, whole.answers.length]).to.deep.equal([false, 40]);
    });

    it('answers each of many askers with theirs', async () => {
      const server = await parties.server();
      const ids = Array.from({ length: 40 }, (_, index) => index + 1);
      const clients = await Promise.all(ids.map(() => parties.udp(server.endpoint)));
      ids.forEach((id, index) => clients[index]?.send(asked(id)));
      expect(await Promise.all(clients.map(async (client) => message(await client.receive()).id))).to.deep.equal(ids);
    });

    it('says nothing to what is no query, and goes on', async () => {
      const server = await parties.server();
      const client = await parties.udp(server.endpoint);
      client.send(hex(''));
      client.send(hex('1234'));
      client.send(encodeMessage(createResponse(query('a'))));
      client.send(packet([1, 0, 0, 0], '', '8000'));
      client.send(asked(77));
      expect(message(await client.receive()).id).to.equal(77);
    });

    it('goes on when askers are gone before their answers come', async () => {
      const held = heldHandler();
      const server = await parties.server(held.handler);
      for (let id = 1; id <= 20; id += 1) {
        const socket = createSocket('udp4');
        socket.send(asked(id), server.endpoint.port, server.endpoint.address, () => socket.close());
      }
      await held.waiting(20);
      for (let id = 1; id <= 20; id += 1) held.release(id);
      const client = await parties.udp(server.endpoint);
      client.send(asked(21));
      await held.waiting(1);
      held.release(21);
      expect(message(await client.receive()).id).to.equal(21);
    });
  });
});
