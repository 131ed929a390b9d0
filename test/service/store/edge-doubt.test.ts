// An edge where what it keeps has become doubtful: by a validation, a purge, another variant, or by whose
// request it came.

import { expect } from 'chai';
import type { RequestListener, ServerResponse } from 'node:http';
import { ask, type Answer } from './running-store.js';
import { createAdjustableClock, patternOf, reply, serveContent, useEdges, useOrigins } from './running-edge.js';

const status = (answer: Answer): string => (answer.fields['cache-status'] ?? '').replace(/; ttl=-?\d+/, '');
const brief = (answer: Answer): readonly unknown[] => [answer.status, status(answer), answer.body.toString()];
const MINUTE = { 'cache-control': 'max-age=60' };

describe('an edge in doubt', () => {
  const startOrigin = useOrigins();
  const startEdge = useEdges();

  describe('a validation that says', () => {
    const cases: readonly [section: string, what: string, fields: Readonly<Record<string, string>>, why: string][] = [
      ['§5.2.2.5', 'no-store', { 'cache-control': 'no-store' }, 'no-store'],
      ['§5.2.2.7', 'private', { 'cache-control': 'max-age=60, private' }, 'private'],
      ['§4.1', 'Vary: *', { ...MINUTE, vary: '*' }, 'vary-all'],
    ];
    for (const [section, what, fields, why] of cases) {
      it(`${what} ends the keeping (RFC 9111 §4.3.4, ${section})`, async () => {
        const clock = createAdjustableClock();
        let now: Readonly<Record<string, string>> = MINUTE;
        const origin = await startOrigin((req, res) => {
          const all = { etag: '"a"', 'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT', ...now };
          if (req.headers['if-none-match'] === '"a"') res.writeHead(304, all).end();
          else reply(res, 'hello', all);
        }, clock);
        const edge = await startEdge([origin.url], { clock });
        await ask(edge.port, 'GET', '/x');
        clock.forward(61);
        now = fields;
        expect(brief(await ask(edge.port, 'GET', '/x'))).to.deep.equal([200, `edge-1; fwd=stale; detail=${why}`, 'hello']);
        expect(brief(await ask(edge.port, 'GET', '/x'))).to.deep.equal([200, `edge-1; fwd=uri-miss; detail=${why}`, 'hello']);
      });
    }

    it('that it varies sends each to the variant of his own (RFC 9111 §4.1)', async () => {
      const clock = createAdjustableClock();
      let varies = false;
      const origin = await startOrigin((req, res) => {
        const etag = `"${req.headers['accept-language'] ?? ''}"`;
        const fields = { ...MINUTE, etag, ...(varies ? { vary: 'Accept-Language' } : {}) };
        if (req.headers['if-none-match'] === etag) res.writeHead(304, fields).end();
        else reply(res, etag, fields);
      }, clock);
      const edge = await startEdge([origin.url], { clock });
      const inLanguage = async (language: string): Promise<readonly unknown[]> => brief(await ask(edge.port, 'GET', '/x', [`Accept-Language: ${language}`]));
      await inLanguage('de');
      clock.forward(61);
      varies = true;
      expect(await inLanguage('de')).to.deep.equal([200, 'edge-1; fwd=stale; stored', '"de"']);
      expect(await inLanguage('en')).to.deep.equal([200, 'edge-1; fwd=vary-miss; stored', '"en"']);
      expect(await inLanguage('de')).to.deep.equal([200, 'edge-1; hit', '"de"']);
    });

    it('304 to the edge is never the answer to a HEAD without a condition (RFC 9111 §4.3.3)', async () => {
      const clock = createAdjustableClock();
      let now: Readonly<Record<string, string>> = MINUTE;
      const origin = await startOrigin((req, res) => serveContent(Buffer.from('hello'), { etag: '"a"', ...now })(req, res), clock);
      const edge = await startEdge([origin.url], { clock });
      await ask(edge.port, 'GET', '/x');
      clock.forward(61);
      expect((await ask(edge.port, 'HEAD', '/x', ['Cookie: me'])).status).to.equal(200);
      now = { 'cache-control': 'no-store' };
      expect((await ask(edge.port, 'HEAD', '/x')).status).to.equal(200);
      expect(status(await ask(edge.port, 'GET', '/x'))).to.equal('edge-1; fwd=uri-miss; detail=no-store');
    });
  });

  it('slices of a variant are asked for by the fields that chose it', async () => {
    const variants = { de: patternOf(400_000, 1), en: patternOf(400_000, 2) };
    const origin = await startOrigin((req, res) => {
      const language = req.headers['accept-language'] === 'de' ? 'de' : 'en';
      serveContent(variants[language], { ...MINUTE, etag: `"${language}"`, vary: 'Accept-Language' })(req, res);
    });
    const edge = await startEdge([origin.url], { sliceOctets: 65_536 });
    for (const language of ['de', 'en'] as const) {
      const first = await ask(edge.port, 'GET', '/v', [`Accept-Language: ${language}`, 'Range: bytes=10-19']);
      expect(first.body.equals(variants[language].subarray(10, 20))).to.equal(true);
    }
    for (const language of ['de', 'en'] as const) {
      const answer = await ask(edge.port, 'GET', '/v', [`Accept-Language: ${language}`, 'Range: bytes=100000-300000']);
      expect([answer.status, status(answer), answer.body.equals(variants[language].subarray(100_000, 300_001))]).to.deep.equal([206, 'edge-1; fwd=partial; stored', true]);
    }
    expect(origin.asked).to.have.length(4);
  });

  it('a variant that was forgotten with the others isn\'t found again (RFC 9111 §4.4)', async () => {
    let [varies, version] = [true, 'old'];
    const origin = await startOrigin((_, res) => reply(res, version, { ...MINUTE, ...(varies ? { vary: 'Accept-Language' } : {}) }));
    const edge = await startEdge([origin.url]);
    const inLanguage = async (language: string): Promise<readonly unknown[]> => brief(await ask(edge.port, 'GET', '/v', [`Accept-Language: ${language}`]));
    await inLanguage('de');
    // The one answer in place of all variants, forgotten in its turn.
    edge.cache.delete('/v', 'evicted');
    varies = false;
    await inLanguage('en');
    await ask(edge.port, 'POST', '/v', ['Content-Length: 0']);
    [varies, version] = [true, 'new'];
    expect(await inLanguage('fr')).to.deep.equal([200, 'edge-1; fwd=uri-miss; stored', 'new']);
    expect(await inLanguage('de')).to.deep.equal([200, 'edge-1; fwd=vary-miss; stored', 'new']);
  });

  it('an answer on its way to somebody, asked for before a change, isn\'t kept after it (RFC 9111 §4.4)', async () => {
    const held: ServerResponse[] = [];
    const origin = await startOrigin((req, res) => {
      if (req.headers.authorization !== undefined) held.push(res);
      else reply(res, 'new', MINUTE);
    });
    const edge = await startEdge([origin.url]);
    const before = ask(edge.port, 'GET', '/p', ['Authorization: me']);
    while (held.length === 0) await ask(edge.port, 'GET', '/other');
    await ask(edge.port, 'POST', '/p', ['Content-Length: 0']);
    for (const res of held) reply(res, 'old', { 'cache-control': 'public, max-age=60' });
    expect(status(await before)).to.equal('edge-1; fwd=uri-miss; detail=invalidated');
    expect(brief(await ask(edge.port, 'GET', '/p'))).to.deep.equal([200, 'edge-1; fwd=uri-miss; stored', 'new']);
  });

  for (const [cacheControl, joins] of [['max-age=60', true], ['no-cache', false], ['max-age=0', false]] as const) {
    it(`what is still coming and says ${cacheControl} is ${joins ? '' : 'not '}shared with those who come later (RFC 9111 §4)`, async () => {
      const open: ServerResponse[] = [];
      const origin = await startOrigin((_, res) => {
        open.push(res);
        res.writeHead(200, { etag: `"${open.length}"`, 'cache-control': cacheControl });
        res.write(`body ${open.length}`);
      });
      const edge = await startEdge([origin.url]);
      const first = await fetch(`http://127.0.0.1:${edge.port}/l`);
      const second = await fetch(`http://127.0.0.1:${edge.port}/l`);
      for (const res of open) res.end();
      expect([await first.text(), await second.text()]).to.deep.equal(['body 1', joins ? 'body 1' : 'body 2']);
    });
  }

  it('an Origin that was put into the answer is a part of its key, also where Vary doesn\'t say so', async () => {
    const origin = await startOrigin((req, res) => {
      const allowed = req.url === '/any' ? '*' : req.headers.origin;
      reply(res, 'film', { ...MINUTE, ...(allowed === undefined ? {} : { 'access-control-allow-origin': allowed }) });
    });
    const edge = await startEdge([origin.url]);
    const from = async (site: string, target: string): Promise<readonly unknown[]> => {
      const answer = await ask(edge.port, 'GET', target, [`Origin: https://${site}`]);
      return [status(answer), answer.fields['access-control-allow-origin']];
    };
    expect(await from('evil.test', '/a')).to.deep.equal(['edge-1; fwd=uri-miss; stored', 'https://evil.test']);
    expect(await from('good.test', '/a')).to.deep.equal(['edge-1; fwd=vary-miss; stored', 'https://good.test']);
    expect(await from('good.test', '/a')).to.deep.equal(['edge-1; hit', 'https://good.test']);
    expect(await from('evil.test', '/any')).to.deep.equal(['edge-1; fwd=uri-miss; stored', '*']);
    expect(await from('good.test', '/any')).to.deep.equal(['edge-1; hit', '*']);
  });

  describe('a viewer with a cookie', () => {
    const film = patternOf(300_000);
    const answering = (cacheControl: string): RequestListener => serveContent(film, { etag: '"f"', 'cache-control': cacheControl });

    it('fills the edge for all where the origin says that it is for all', async () => {
      const origin = await startOrigin(answering('public, max-age=60'));
      const edge = await startEdge([origin.url]);
      expect(status(await ask(edge.port, 'GET', '/f', ['Cookie: me']))).to.equal('edge-1; fwd=uri-miss; stored');
      expect(status(await ask(edge.port, 'GET', '/f'))).to.equal('edge-1; hit');
      expect(status(await ask(edge.port, 'GET', '/f', ['Cookie: you', 'Range: bytes=5-9']))).to.equal('edge-1; hit');
      expect(origin.asked).to.have.length(1);
    });

    it('and seeks: his range passes, and the next one fills the edge', async () => {
      const origin = await startOrigin(answering('s-maxage=60'));
      const edge = await startEdge([origin.url], { sliceOctets: 65_536 });
      const seek = async (cookie: string): Promise<readonly unknown[]> => {
        const answer = await ask(edge.port, 'GET', '/f', [`Cookie: ${cookie}`, 'Range: bytes=100000-199999']);
        return [answer.status, status(answer), answer.body.equals(film.subarray(100_000, 200_000))];
      };
      expect(await seek('me')).to.deep.equal([206, 'edge-1; fwd=bypass; detail=personal', true]);
      expect(await seek('you')).to.deep.equal([206, 'edge-1; fwd=partial; stored', true]);
      expect(await seek('me')).to.deep.equal([206, 'edge-1; hit', true]);
      expect(origin.requests.map(({ headers }) => headers.cookie)).to.deep.equal(['me', undefined]);
    });

    it('gets his own where it doesn\'t', async () => {
      const origin = await startOrigin(answering('max-age=60'));
      const edge = await startEdge([origin.url]);
      for (let round = 0; round < 2; round += 1) {
        expect(status(await ask(edge.port, 'GET', '/f', ['Cookie: me', 'Range: bytes=5-9']))).to.equal('edge-1; fwd=bypass; detail=personal');
        expect(status(await ask(edge.port, 'GET', '/f', ['Cookie: me']))).to.equal('edge-1; fwd=uri-miss; detail=cookie');
      }
    });
  });
});
