// The story of real fetches, whole: phases, caches, failures, and the form that docs/explain.schema.json promises.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { expect } from 'chai';
import mermaid from 'mermaid';
import { createExplainer, renderExplanation, type Explanation } from '../../../src/fetch/index.js';
import type { Account } from '../../../src/net/dns/account.js';
import { EXTENDED_ERROR, encodeExtendedError } from '../../../src/net/dns/extended-error.js';
import type { FetchRequest } from '../../../src/fetch/index.js';
import type { Endpoint } from '../../../src/net/address.js';
import { RCODE } from '../../../src/net/dns/message.js';
import { PROJECT } from '../../helpers/process.js';
import { a, indexHandler, siteRows, table, useParties } from './parties.js';

const CONTENT = Buffer.from('content '.repeat(4000));
const ACCOUNT: Account = {
  cached: false,
  exchanges: [{ at: 0.5, ms: 1, from: '127.0.0.1:50001', to: '127.0.0.1:40723', transport: 'udp', authority: 'hiscinema.com.', name: 'file1.hiscinema.com.', type: 'A', rcode: 'NOERROR', records: ['file1.hiscinema.com. 300 IN CNAME file1.hercdn.com.'] }],
};

const schema: unknown = JSON.parse(readFileSync(path.join(PROJECT, 'docs', 'explain.schema.json'), 'utf8'));
const ajv = new Ajv({ allErrors: true });
const isValid = ajv.compile(schema as object);

describe('fetch: explained', () => {
  const parties = useParties();

  async function explain(dns: Endpoint, request: Partial<FetchRequest> & { target: string }): Promise<Explanation> {
    const explainer = createExplainer(request.target);
    const { report, error } = await parties.run(parties.fetcher({ dns }), { watched: true, ...request }, { onEvent: (event) => explainer.hear(event) });
    return explainer.finish(report === undefined ? { error } : { report });
  }

  async function checked(explanation: Explanation): Promise<Explanation> {
    const json: unknown = JSON.parse(Buffer.from(await renderExplanation('json', explanation, [], 80)).toString('utf8'));
    expect(isValid(json), ajv.errorsText(isValid.errors)).to.equal(true);
    expect(await mermaid.parse(Buffer.from(await renderExplanation('mermaid', explanation, [], 80)).toString('utf8'))).to.include({ diagramType: 'sequence' });
    return explanation;
  }

  const serveContent = (fields: Readonly<Record<string, string>> = {}) => parties.http(() => ({ status: 200, fields: { 'content-type': 'video/mp4', ...fields }, body: { kind: 'bytes', bytes: CONTENT } }));

  it('a title: each phase, inside the whole, the told ones inside their question', async () => {
    const store = await serveContent({ 'cache-status': 'edge-1; fwd=uri-miss; stored' });
    const portal = await parties.http(indexHandler(store.port));
    const rows = siteRows(portal, store);
    const dns = await parties.dns(table({ ...rows, 'A file1.hiscinema.com': { ...rows['A file1.hiscinema.com'], account: ACCOUNT } }));
    const explanation = await checked(await explain(dns, { target: 'hiscinema.com/File1' }));
    expect(explanation.waterfall.filter(({ sight }) => sight === 'seen').map(({ kind }) => kind)).to.deep.equal(['dns', 'dns', 'connect', 'wait', 'transfer', 'dns', 'connect', 'wait', 'transfer']);
    for (const { startMs, endMs } of explanation.waterfall) expect(startMs).to.be.at.least(0).and.at.most(endMs).and.at.most(explanation.durationMs);
    expect(explanation.waterfall.at(-1)).to.include({ bytes: CONTENT.length, label: 'GET /video1.mp4' });
    expect(explanation.waterfall.filter(({ sight }) => sight === 'told').map(({ party }) => party.role)).to.deep.equal(['authority of hiscinema.com']);
    expect(explanation.caches).to.deep.equal({ resolver: 'partial', stores: [{ endpoint: `127.0.0.1:${store.port}`, steps: [{ cache: 'edge-1', hit: false, fwd: 'uri-miss', stored: true }] }] });
    expect(explanation.messages.at(-1)?.what).to.include('cache edge-1 went on (uri-miss), stored');
    expect(explanation.unseen).to.deep.equal([]);
    const answer = explanation.messages.find(({ number }) => number === 8);
    expect(answer?.facts['records']).to.deep.equal(['file1.hiscinema.com. 300 IN CNAME file1.hercdn.com.', 'file1.hercdn.com. 20 IN A 127.0.0.1']);
    expect(explanation.outcome).to.include({ kind: 'done', bytes: CONTENT.length, digest: 'not promised' });
  });

  it('a failover: who failed, why, who was next', async () => {
    const store = await serveContent();
    const dns = await parties.dns(table({ 'A media.test': { answers: [a('media.test', '127.0.0.77'), a('media.test', '127.0.0.1')] } }));
    const explanation = await checked(await explain(dns, { target: `http://media.test:${store.port}/x` }));
    expect(explanation.failures).to.have.length(1);
    expect(explanation.failures[0]).to.include({ party: 'server', endpoint: `127.0.0.77:${store.port}`, why: 'connection refused: nobody listens there', next: `server 127.0.0.1:${store.port}` });
    expect(explanation.waterfall.filter(({ failed }) => failed !== undefined).map(({ kind }) => kind)).to.deep.equal(['connect']);
    expect(explanation.unseen).to.have.length(2);
    expect(explanation.unseen.join()).to.include('gives no account').and.include('no Cache-Status');
  });

  it('a body that broke off is a transfer that failed', async () => {
    const store = await parties.tcp((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'));
    const explanation = await checked(await explain(await parties.nobody(), { target: `http://127.0.0.1:${store.port}/x` }));
    expect(explanation.outcome).to.include({ kind: 'failed', code: 'INCOMPLETE' });
    expect(explanation.waterfall.at(-1)).to.include({ kind: 'transfer', bytes: 3 });
    expect(explanation.waterfall.at(-1)?.failed).to.match(/closed the connection after 3 of 10/);
  });

  it('failovers and retries are lines of their own, at their place, in every form', async () => {
    let asked = 0;
    const { port } = await parties.tcp((socket, head) => {
      asked += 1;
      const firstPos = Number(/bytes=(\d+)-/.exec(head)?.[1] ?? 0);
      if (asked === 2) return void socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n');
      socket.write(`HTTP/1.1 ${asked === 1 ? '200 OK' : `206 Partial\r\nContent-Range: bytes ${firstPos}-${CONTENT.length - 1}/${CONTENT.length}`}\r\nETag: "1"\r\nContent-Length: ${CONTENT.length - firstPos}\r\n\r\n`);
      socket.end(CONTENT.subarray(firstPos, asked === 1 ? 1000 : CONTENT.length));
    });
    const explanation = await checked(await explain(await parties.nobody(), { target: `http://127.0.0.1:${port}/film`, retries: 4, retryDelayMs: 1 }));
    const [left, ...retries] = explanation.turns;
    expect(explanation.outcome.kind).to.equal('done');
    expect(left).to.deep.include({ kind: 'failed-over', endpoint: `127.0.0.1:${port}`, afterMessages: 2 });
    expect(left?.what).to.match(/^Left 127\.0\.0\.1:\d+, the bytes so far are kept: .*after 1000 of 32000/);
    expect(retries.map(({ kind, attempt, of, afterMessages }) => [kind, attempt, of, afterMessages])).to.deep.equal([['retry', 1, 4, 2], ['retry', 2, 4, 4]]);

    const render = async (format: 'text' | 'mermaid' | 'html' | 'pcap'): Promise<string> => Buffer.from(await renderExplanation(format, explanation, [], 100)).toString('utf8');
    const numbers = (await render('text')).split('\n').map((line) => /^(\d+\.|\*) /.exec(line)?.[1]).filter((number) => number !== undefined);
    expect(numbers).to.deep.equal(['9.', '10.', '*', '*', '9.', '10.', '*', '9.', '10.']);
    const diagram = (await render('mermaid')).split('\n').map((line) => /^ +p0-|^ +p1-|Note over p0: \* (?:Left|Trying)/.exec(line)?.[0].trim().slice(0, 2)).filter((begin) => begin !== undefined);
    expect(diagram).to.deep.equal(['p0', 'p1', 'No', 'No', 'p0', 'p1', 'No', 'p0', 'p1']);
    const html = await render('html');
    expect(html.match(/<li>After [\d.]+ ms: (?:Left|Trying)/g)).to.have.lengthOf(3);
    expect(html.match(/<title>\* (?:Left|Trying)/g)).to.have.lengthOf(3);
    expect((await render('pcap')).match(/^\* {3}(?:Left|Trying) /gm)).to.have.lengthOf(3);
  });

  it('a local DNS that is not there, and one that fails and says why', async () => {
    const gone = await checked(await explain(await parties.nobody(), { target: 'http://media.test/x' }));
    expect(gone.outcome).to.include({ kind: 'failed', code: 'DNS_UNREACHABLE' });
    // Asked for both families at the same time.
    expect(gone.failures.map(({ party }) => party)).to.deep.equal(['local DNS', 'local DNS']);
    const dns = await parties.dns(table({ 'A media.test': { rcode: RCODE.SERVFAIL, account: { cached: false, exchanges: [] }, options: [encodeExtendedError(EXTENDED_ERROR.NO_REACHABLE_AUTHORITY, 'the authority is asleep')] } }));
    const failed = await checked(await explain(dns, { target: 'http://media.test/x' }));
    expect(failed.outcome).to.include({ kind: 'failed', code: 'DNS_FAILURE' });
    expect(failed.messages.find(({ number, facts }) => number === 8 && facts['rcode'] === 'SERVFAIL')?.facts['reasons']).to.deep.equal(['the authority is asleep']);
  });

  it('what was typed wrong has no story', async () => {
    const explainer = createExplainer('');
    const { error } = await parties.run(parties.fetcher({ dns: await parties.nobody() }), { target: '' }, { onEvent: (event) => explainer.hear(event) });
    expect(error).to.be.instanceOf(Error);
    expect(explainer.atWallMs).to.equal(0);
  });
});
