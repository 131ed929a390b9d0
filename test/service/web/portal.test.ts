// The portal's pages over a real socket.

import { expect } from 'chai';
import { CdnError } from '../../../src/base/errors.js';
import { ask, get, useServers } from './harness.js';

const HOSTILE = `a "b" <script>alert(1)</script> 'c' %2e%2e &\u202efdp ☃ é.mp4`;

describe('the portal', () => {
  const { startStore, startPortal, serve } = useServers();

  it('lists all titles, as a page or as JSON, as the client likes it', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    const expected = {
      site: 'hiscinema.com',
      titles: [1, 2, 3].map((number) => ({
        title: `File${number}`,
        page: `/F${number}/`,
        content: `http://file${number}.hiscinema.com:${store.endpoint.port}/video${number}.mp4`,
        object: `video${number}`,
      })),
    };
    const page = await get(`${portal.url}/`, { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
    expect(page.status).to.equal(200);
    expect(page.fields).to.include({ 'content-type': 'text/html; charset=utf-8', vary: 'Accept', 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' });
    expect(page.fields['content-security-policy']).to.match(/^default-src 'none'; style-src 'self';/).and.not.include('unsafe');
    for (const { page: path, content } of expected.titles) expect(page.text).to.include(`href="${path}"`).and.include(content);
    const json = await get(`${portal.url}/`, { accept: 'application/json' });
    expect(json.fields).to.include({ 'content-type': 'application/json', vary: 'Accept' });
    expect(JSON.parse(json.text)).to.deep.equal(expected);
    expect(JSON.parse((await get(`${portal.url}/catalog.json`)).text)).to.deep.equal(expected);
  });

  it('lists titles with the default port when DNS is down', async () => {
    const store = await startStore();
    const portal = await startPortal(store, { content: { port: () => Promise.reject(new CdnError('DNS_UNREACHABLE', 'no DNS')) } });
    expect((await get(`${portal.url}/catalog.json`)).text).to.include('"http://file1.hiscinema.com:40721/video1.mp4"');
  });

  it('has a page for each title that plays the relayed copy and names its store', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    const page = await get(`${portal.url}/F2/`);
    expect(page.status).to.equal(200);
    expect(page.text).to.match(/<video controls[^>]* src="\/static\/downloadedvideo2\.mp4"/);
    expect(page.text).to.include(`127.0.0.1:${store.endpoint.port}`).and.include('file2.hercdn.com').and.include('cdn fetch hiscinema.com/File2');
    expect(page.text).to.include('rel="prev" href="/F1/"').and.include('rel="next" href="/F3/"');
    expect(store.requests).to.deep.equal(['GET /video2.mp4']);
    // The film is on its way before anybody plays it.
    await portal.said(/^Download Complete!$/);
    const line = await portal.said(/"GET \/F2\/ HTTP\/1\.1" 200 -$/);
    expect(line.message).to.match(/^127\.0\.0\.1 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4} \d\d:\d\d:\d\d\] /);
  });

  it('points the player at the store in direct mode, and relays nothing', async () => {
    const store = await startStore();
    const portal = await startPortal(store, { mode: 'direct' });
    const origin = `http://127.0.0.1:${store.endpoint.port}`;
    const page = await get(`${portal.url}/F1/`);
    expect(page.text).to.include(`src="${origin}/video1.mp4"`);
    expect(page.fields['content-security-policy']).to.include(`media-src 'self' ${origin};`);
    const media = await get(`${portal.url}/static/downloadedvideo1.mp4`);
    expect(media.status).to.equal(307);
    expect(media.fields['location']).to.equal(`${origin}/video1.mp4`);
    expect(store.requests).to.deep.equal([]);
  });

  for (const [target, location] of [['/F1', '/F1/'], ['/f1/', '/F1/'], ['/File3', '/F3/']] as const) {
    it(`sends ${target} on to ${location}`, async () => {
      const portal = await startPortal(await startStore());
      const answer = await ask(portal, 'GET', target);
      expect(answer.status).to.equal(301);
      expect(answer.fields['location']).to.equal(location);
    });
  }

  for (const target of ['/F9/', '/nope', '/static/', '/static/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/F1%00/', '/%ff', '//evil.example/', '/assets/none.css']) {
    it(`has no page ${target}`, async () => {
      const portal = await startPortal(await startStore());
      const answer = await ask(portal, 'GET', target, { accept: 'text/html' });
      expect(answer.status).to.equal(404);
      expect(answer.text).to.include('No such page').and.include('href="/"');
      const json = await ask(portal, 'GET', target, { accept: 'application/json' });
      expect(JSON.parse(json.text)).to.have.nested.property('error.status', 404);
    });
  }

  it('shows hostile file names as the text they are, and plays them', async () => {
    const store = await startStore();
    const portal = await startPortal(store, { files: [HOSTILE, 'b.mp4'] });
    for (const path of ['/', '/F1/']) {
      const page = await get(portal.url + path, { accept: 'text/html' });
      expect(page.text).to.include('&lt;script&gt;alert(1)&lt;/script&gt;').and.not.include('<script');
      expect(page.text).not.to.include('\u202e');
    }
    expect(store.requests).to.deep.equal([`GET /${encodeURIComponent(HOSTILE)}`]);
    expect((await get(`${portal.url}/static/downloadedvideo1.mp4`)).octets.equals(store.octets)).to.equal(true);
  });

  it('says which party failed and what to type when the store is down, and stays up', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    await store.stop();
    for (const path of ['/F1/', '/static/downloadedvideo1.mp4']) {
      const answer = await get(portal.url + path, { accept: 'text/html' });
      expect(answer.status).to.equal(502);
      expect(answer.text).to.include(`cannot connect to the store 127.0.0.1:${store.endpoint.port}`).and.include('<code>cdn store</code>').and.include('href="/"');
      expect(answer.fields).to.include({ 'cache-control': 'no-store' });
    }
    expect((await get(`${portal.url}/`)).status).to.equal(200);
    const line = await portal.said(/^GET \/F1\/ failed: cannot connect/);
    expect(line.level).to.equal('warn');
  });

  it('says that DNS is silent with 504', async () => {
    const fail = () => Promise.reject(new CdnError('DNS_UNREACHABLE', 'the local DNS 127.0.0.1:40722 did not answer'));
    const store = await startStore();
    const relay = await startPortal(store, { content: { open: fail } });
    const direct = await startPortal(store, { mode: 'direct', content: { locate: fail } });
    for (const portal of [relay, direct]) {
      const answer = await get(`${portal.url}/F1/`);
      expect(answer.status).to.equal(504);
      expect(answer.text).to.include('did not answer').and.include('<code>cdn dns</code>');
    }
  });

  it('explains the commands it suggests outside of what is to be typed', async () => {
    const suggestions = ['cdn dns   (starts the local DNS)', 'name another DNS with --dns ADDR:PORT'];
    const portal = await startPortal(await startStore(), { content: { open: () => Promise.reject(new CdnError('DNS_UNREACHABLE', 'no DNS', { suggestions })) } });
    const { text } = await get(`${portal.url}/F1/`);
    expect(text).to.include('<code>cdn dns</code>').and.include('<p>starts the local DNS</p>').and.include('<p>name another DNS');
  });

  it('survives a fault of its own and tells no stranger what it was', async () => {
    const portal = await startPortal(await startStore(), { content: { open: () => Promise.reject(new TypeError('secret')) } });
    const answer = await get(`${portal.url}/F1/`);
    expect(answer.status).to.equal(500);
    expect(answer.text).not.to.include('secret');
    expect((await portal.said(/failed: secret/)).level).to.equal('error');
    expect((await get(`${portal.url}/`)).status).to.equal(200);
  });

  it('tells its health', async () => {
    const portal = await startPortal(await startStore());
    expect(JSON.parse((await get(`${portal.url}/_cdn/health`)).text)).to.deep.equal({ status: 'ok', role: 'portal', mode: 'relay', titles: 3, relays: 0 });
  });

  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    it(`refuses ${method}`, async () => {
      const portal = await startPortal(await startStore());
      const answer = await ask(portal, method, '/');
      expect(answer.status).to.equal(405);
      expect(answer.fields['allow']).to.equal('GET, HEAD');
    });
  }

  it('answers HEAD with the head of GET and no body', async () => {
    const portal = await startPortal(await startStore());
    for (const path of ['/', '/F1/', '/static/downloadedvideo1.mp4', '/favicon.svg']) {
      // The film comes for a viewer; HEAD tells what came.
      await ask(portal, 'GET', path);
      await ask(portal, 'GET', '/static/downloadedvideo1.mp4');
      const [head, whole] = [await ask(portal, 'HEAD', path), await ask(portal, 'GET', path)];
      expect(head.status, path).to.equal(200);
      expect(head.octets.length, path).to.equal(0);
      expect(head.fields['content-type'], path).to.equal(whole.fields['content-type']);
      expect(head.fields['content-length'], path).to.equal(whole.fields['content-length']);
    }
  });

  it('asks no store for a HEAD, and tells only what it knows without', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    const page = await ask(portal, 'HEAD', '/F1/');
    expect(page.status).to.equal(200);
    expect(page.fields).to.include({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' });
    const media = await ask(portal, 'HEAD', '/static/downloadedvideo1.mp4', { range: 'bytes=0-9', 'if-none-match': '"one"' });
    expect(media.status).to.equal(200);
    for (const { fields, octets } of [page, media]) {
      expect(fields).to.not.have.property('content-length');
      expect(octets.length).to.equal(0);
    }
    expect(media.fields).to.not.have.any.keys('content-type', 'etag', 'repr-digest');
    await portal.said(/"HEAD \/static\/downloadedvideo1\.mp4 HTTP\/1\.1" 200 -$/);
    expect(store.requests).to.deep.equal([]);
  });

  it('tells of a film that is still arriving in answer to HEAD, and keeps nobody waiting for it', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    store.allow(1000);
    await ask(portal, 'GET', '/F1/');
    const head = await ask(portal, 'HEAD', '/static/downloadedvideo1.mp4');
    expect(head.fields).to.include({ 'content-length': String(store.octets.length), etag: '"one"', 'content-type': 'video/mp4' });
    expect(store.requests).to.deep.equal(['GET /video1.mp4']);
  });

  it('serves what its pages are made with, with validators', async () => {
    const portal = await startPortal(await startStore());
    const page = await get(`${portal.url}/`);
    const links = [...page.text.matchAll(/<link[^>]* href="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(links).to.have.length(2);
    for (const link of [...links, '/robots.txt']) {
      const answer = await get(portal.url + link);
      expect(answer.status, link).to.equal(200);
      const again = await get(portal.url + link, { 'if-none-match': answer.fields['etag'] ?? '' });
      expect(again.status, link).to.equal(304);
    }
  });

  it('does not pass a page of the store on as one of its own', async () => {
    const endpoint = await serve(() => ({ status: 200, fields: { 'content-type': 'text/html' }, body: { kind: 'bytes', bytes: Buffer.from('<script>1</script>') } }));
    const store = await startStore();
    store.endpoint = endpoint;
    const portal = await startPortal(store);
    const answer = await get(`${portal.url}/static/downloadedvideo1.mp4`);
    expect(answer.fields).to.include({ 'content-type': 'application/octet-stream', 'x-content-type-options': 'nosniff' });
  });
});
