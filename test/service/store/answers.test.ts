// What a live store says besides the octets: fields, methods, health, transcript.

import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { useTempFolders } from '../../helpers/temp.js';
import { formatReprDigest } from '../../../src/net/http/digest.js';
import { ask, sha256, useStores, type RunningStore } from './running-store.js';

describe('answers of a store', () => {
  const tempFolder = useTempFolders();
  const startStore = useStores();

  async function start(over: Parameters<typeof startStore>[1] = {}): Promise<RunningStore> {
    const folder = await tempFolder();
    await writeFile(path.join(folder, 'video1.mp4'), '0123456789');
    await writeFile(path.join(folder, 'captions.vtt'), 'WEBVTT');
    await writeFile(path.join(folder, 'unknown.zzz'), '?');
    return startStore(folder, over);
  }

  const types: readonly [string, string][] = [['video1.mp4', 'video/mp4'], ['captions.vtt', 'text/vtt; charset=utf-8'], ['unknown.zzz', 'application/octet-stream']];
  for (const [file, type] of types) {
    it(`${file} is ${type}`, async () => {
      const { port } = await start();
      expect((await ask(port, 'GET', `/${file}`)).fields['content-type']).to.equal(type);
    });
  }

  it('every answer says which store gave it, and may be read by pages of any origin', async () => {
    const { port } = await start({ id: 'store-2' });
    for (const [method, target, fields] of [
      ['GET', '/video1.mp4', []], ['GET', '/video1.mp4', ['Range: bytes=0-0']], ['GET', '/video1.mp4', ['If-None-Match: *']], ['GET', '/video1.mp4', ['Range: bytes=99-']],
      ['GET', '/', []], ['GET', '/%', []], ['DELETE', '/video1.mp4', []], ['OPTIONS', '/video1.mp4', []], ['GET', '/_cdn/health', []],
    ] as const) {
      const answer = await ask(port, method, target, fields);
      expect(answer.fields['server'], `${method} ${target}`).to.equal('hercdn (store-2)');
      expect(answer.fields['access-control-allow-origin'], `${method} ${target}`).to.equal('*');
      expect(answer.fields['access-control-expose-headers']).to.contain('content-range').and.contain('repr-digest').and.contain('etag');
    }
  });

  it('an id with parentheses or foreign letters is still one comment (RFC 9110 §5.6.5)', async () => {
    const { port } = await start({ id: 'a(b)\\é\n' });
    expect((await ask(port, 'GET', '/')).fields['server']).to.equal('hercdn (a\\(b\\)\\\\??)');
  });

  const methods: readonly [method: string, target: string, status: number, allow: string | undefined][] = [
    ['POST', '/video1.mp4', 405, 'GET, HEAD, OPTIONS'],
    ['PUT', '/new.mp4', 405, 'GET, HEAD, OPTIONS'],
    ['DELETE', '/video1.mp4', 405, 'GET, HEAD, OPTIONS'],
    ['PATCH', '/_cdn/health', 405, 'GET, HEAD, OPTIONS'],
    ['OPTIONS', '/video1.mp4', 204, 'GET, HEAD, OPTIONS'],
    ['OPTIONS', '*', 204, 'GET, HEAD, OPTIONS'],
    ['PROPFIND', '/video1.mp4', 501, undefined],
  ];
  for (const [method, target, status, allow] of methods) {
    it(`${method} ${target}: ${status} (RFC 9110 §15.5.6, §15.6.2, §9.3.7)`, async () => {
      const { port } = await start();
      const answer = await ask(port, method, target);
      expect([answer.status, answer.fields['allow']]).to.deep.equal([status, allow]);
      expect((await ask(port, 'GET', '/video1.mp4')).body.toString()).to.equal('0123456789');
    });
  }

  it('a page of another origin is told beforehand that it may ask for ranges', async () => {
    const { port } = await start();
    const answer = await ask(port, 'OPTIONS', '/video1.mp4', ['Origin: http://127.0.0.1:40720', 'Access-Control-Request-Method: GET', 'Access-Control-Request-Headers: range']);
    expect(answer.status).to.equal(204);
    expect(answer.fields['access-control-allow-methods']).to.contain('GET');
    expect(answer.fields['access-control-allow-headers']).to.contain('range');
  });

  it('HEAD has the fields of GET', async () => {
    const { port } = await start();
    const wanted = ['Want-Repr-Digest: sha-256=1'];
    const get = await ask(port, 'GET', '/video1.mp4', wanted);
    const head = await ask(port, 'HEAD', '/video1.mp4', wanted);
    expect({ ...head.fields, date: '' }).to.deep.equal({ ...get.fields, date: '' });
    expect(head.body).to.have.length(0);
  });

  it('the videos of the folder get their digests unasked, from the start', async () => {
    const { port } = await start();
    const digest = formatReprDigest(sha256(Buffer.from('0123456789')));
    for (;;) {
      const promised = (await ask(port, 'HEAD', '/video1.mp4')).fields['repr-digest'];
      if (promised === undefined) continue;
      expect(promised).to.equal(digest);
      return;
    }
  });

  it('/_cdn/health says how it is', async () => {
    const { port } = await start();
    const answer = await ask(port, 'GET', '/_cdn/health');
    expect([answer.status, answer.fields['content-type'], answer.fields['cache-control']]).to.deep.equal([200, 'application/json', 'no-store']);
    const health = JSON.parse(answer.body.toString()) as Record<string, unknown>;
    expect(health).to.include({ status: 'ok', id: 'store-1', titles: 1, transfers: 0 });
    expect(health['uptimeSeconds']).to.be.a('number').and.at.least(0);
    expect((await ask(port, 'HEAD', '/_cdn/health')).status).to.equal(200);
  });

  describe('in the transcript', () => {
    it('a transfer is two lines in the words of the original, with facts for machines', async () => {
      const store = await start();
      const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
      await ask(store.port, 'GET', '/video1.mp4', ['Range: bytes=2-5', `traceparent: 00-${traceId}-00f067aa0ba902b7-01`]);
      const complete = await store.logged(/^video1 Transfer Complete!$/);
      const told = store.lines.filter((line) => line.level !== 'debug');
      expect(told.map((line) => [line.level, line.message])).to.deep.equal([['info', 'Received data: video1'], ['info', 'video1 Transfer Complete!']]);
      expect(complete.facts).to.include({ object: 'video1', status: 206, range: 'bytes 2-5/10', bytes: 4, traceId });
      expect(complete.facts['peer']).to.match(/^127\.0\.0\.1:\d+$/);
      expect(complete.facts['durationMs']).to.be.a('number');
    });

    it('what isn\'t a transfer is a line for those who want all of it', async () => {
      const store = await start();
      await ask(store.port, 'HEAD', '/video1.mp4');
      await ask(store.port, 'GET', '/video1.mp4', ['If-None-Match: *']);
      await ask(store.port, 'GET', '/absent.mp4');
      expect(store.lines.map((line) => [line.level, line.message])).to.deep.equal([
        ['debug', 'HEAD /video1.mp4 200'],
        ['debug', 'GET /video1.mp4 304'],
        ['debug', 'GET /absent.mp4 404'],
      ]);
    });

    it('an empty file is a transfer, too', async () => {
      const folder = await tempFolder();
      await writeFile(path.join(folder, 'empty.mp4'), '');
      const store = await startStore(folder);
      expect((await ask(store.port, 'GET', '/empty.mp4')).status).to.equal(200);
      expect((await store.logged(/^empty Transfer Complete!$/)).facts['bytes']).to.equal(0);
    });
  });
});
