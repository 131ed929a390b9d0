// What an edge makes of interim answers (RFC 9110 §15.2) and of trailers (§6.5): a case a line, on both
// ways of reading requests. Origin and client are octets.

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { parseResponses, sendRaw, WAYS } from '../service/net/http/raw.js';
import { useEdges } from '../service/store/running-edge.js';

const HINT = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n';
const OK = 'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\n';
const H = 'Host: a.test\r\nConnection: close\r\n\r\n';

interface Case {
  readonly section: string;
  readonly rule: string;
  /** What the client sends; a GET of HTTP/1.1 unless said. */
  readonly send?: string;
  /** What the origin answers. */
  readonly origin: string;
  /** What the client gets: status, and of interim answers the fields. */
  readonly gets: readonly (number | readonly [number, Readonly<Record<string, string>>])[];
  readonly body?: string;
}

const link = { link: '</a.css>; rel=preload', via: '1.1 edge' };

const CASES: readonly Case[] = [
  { section: '15.2', rule: 'a proxy passes 1xx on, with Via', origin: `${HINT}\r\n${OK}ok`, gets: [[103, link], 200], body: 'ok' },
  { section: '15.2', rule: '… all of them, in their order', origin: `${HINT}\r\nHTTP/1.1 102 Processing\r\n\r\n${HINT}\r\n${OK}ok`, gets: [[103, link], [102, { via: '1.1 edge' }], [103, link], 200], body: 'ok' },
  { section: '15.2', rule: '… also one that nobody knows', origin: `HTTP/1.1 142 Hm\r\nx-a: 1\r\n\r\n${OK}ok`, gets: [[142, { 'x-a': '1', via: '1.1 edge' }], 200], body: 'ok' },
  { section: '15.2', rule: 'a client of HTTP/1.0 gets none', send: `GET /a HTTP/1.0\r\n${H}`, origin: `${HINT}\r\n${OK}ok`, gets: [200], body: 'ok' },
  { section: '15.2', rule: 'to HEAD as well', send: `HEAD /a HTTP/1.1\r\n${H}`, origin: `${HINT}\r\n${OK}`, gets: [[103, link], 200], body: '' },
  { section: '15.2', rule: 'to what passes as well', send: `POST /a HTTP/1.1\r\nContent-Length: 2\r\n${H}hi`, origin: `${HINT}\r\n${OK}ok`, gets: [[103, link], 200], body: 'ok' },
  { section: '7.6.1', rule: 'fields of the connection end here', origin: `HTTP/1.1 103 Early Hints\r\nConnection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nX-End: 2\r\nVia: 1.1 other\r\n\r\n${OK}ok`, gets: [[103, { 'x-end': '2', via: '1.1 other, 1.1 edge' }], 200], body: 'ok' },
  { section: '5.3', rule: 'lines of Set-Cookie are not joined: a hint goes on without them', origin: `${HINT}Set-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n${OK}ok`, gets: [[103, link], 200], body: 'ok' },
  { section: '15.2', rule: 'a hint that contradicts itself is left out, and the answer comes', origin: `HTTP/1.1 103 Early Hints\r\nETag: "a"\r\nETag: "b"\r\n\r\n${OK}ok`, gets: [200], body: 'ok' },
  { section: '15.2.1', rule: '100 is between the edge and its origin', send: `POST /a HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n${H}hi`, origin: `${HINT}\r\n${OK}ok`, gets: [100, [103, link], 200], body: 'ok' },
  { section: '6.5.1', rule: 'trailers are dropped, and not announced', origin: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 5\r\n\r\n', gets: [200], body: 'ok' },
  { section: '6.5', rule: 'chunks are made anew, whatever the origin’s were, extensions too', origin: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\no\r\n1\r\nk\r\n000\r\n\r\n', gets: [200], body: 'ok' },
  { section: '6.5', rule: 'trailers of a request are neither', send: `POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n${H}2\r\nhi\r\n0\r\nX-Sum: 5\r\n\r\n`, origin: `${OK}ok`, gets: [200], body: 'ok' },
];

for (const { way, direct } of WAYS) {
  describe(`interim answers and trailers (RFC 9110 §15.2, §6.5): ${way}`, () => {
    const startEdge = useEdges();
    const servers: Server[] = [];
    const sockets = new Set<Socket>();
    afterEach('stop origins', async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
    });

    /** Answers each request, when its head has come, with these octets. */
    async function startOrigin(answer: string): Promise<{ readonly url: URL; asked(): string }> {
      let asked = '';
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => undefined);
        let came = '';
        socket.on('data', (octets: Buffer) => {
          came += octets.toString('latin1');
          asked += octets.toString('latin1');
          if (!came.includes('\r\n\r\n')) return;
          came = '';
          if (!socket.destroyed && socket.writable) socket.end(answer, 'latin1');
        });
      });
      servers.push(server);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), asked: () => asked };
    }

    for (const { section, rule, send, origin, gets, body } of CASES) {
      it(`§${section}: ${rule}`, async () => {
        const { url, asked } = await startOrigin(origin);
        const edge = await startEdge([url], { direct });
        const request = send ?? `GET /a HTTP/1.1\r\n${H}`;
        const { octets } = await sendRaw({ address: '127.0.0.1', port: edge.port }, request);
        const answers = parseResponses(octets, [/^\w+/.exec(request)?.[0] ?? 'GET']);
        const told = answers.map(({ status, fields }) => {
          const via = fields['via']?.replace(/edge-1-\w+/g, 'edge');
          return status >= 102 && status < 200 ? [status, { ...fields, ...(via === undefined ? {} : { via }) }] : status;
        });
        expect(told, octets.toString('latin1')).to.deep.equal(gets);
        expect(answers.at(-1)?.body).to.equal(body);
        expect(answers.at(-1)?.fields).not.to.have.property('trailer');
        expect(asked().toLowerCase()).not.to.match(/\r\n(?:trailer|x-sum|expect|te):/);
      });
    }

    it('§15.2: who joins another’s request, and who is answered from here, gets none', async () => {
      const { url } = await startOrigin(`${HINT}\r\n${OK}ok`);
      const edge = await startEdge([url], { direct });
      const endpoint = { address: '127.0.0.1', port: edge.port };
      await sendRaw(endpoint, `GET /a HTTP/1.1\r\n${H}`);
      const { octets } = await sendRaw(endpoint, `GET /a HTTP/1.1\r\n${H}`);
      expect(parseResponses(octets).map(({ status }) => status)).to.deep.equal([200]);
    });

    it('§15.2: hints pass two stores', async () => {
      const { url } = await startOrigin(`${HINT}\r\n${OK}ok`);
      const shield = await startEdge([url], { direct, id: 'shield' });
      const edge = await startEdge([new URL(`http://127.0.0.1:${shield.port}`)], { direct });
      const { octets } = await sendRaw({ address: '127.0.0.1', port: edge.port }, `GET /a HTTP/1.1\r\n${H}`);
      const [first] = parseResponses(octets);
      expect([first?.status, first?.fields['via']?.replace(/-\w{8}/g, '')]).to.deep.equal([103, '1.1 shield, 1.1 edge-1']);
    });
  });
}
