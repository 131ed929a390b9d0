import { expect } from 'chai';
import fc from 'fast-check';
import mermaid from 'mermaid';
import { formatCacheStep, parseCacheStatus } from '../../../src/fetch/explain/cache-status.js';
import { createExplainer, type Explanation } from '../../../src/fetch/explain/explanation.js';
import { formatMermaid } from '../../../src/fetch/explain/mermaid.js';
import { formatEnding } from '../../../src/fetch/explain/text.js';
import { formatWaterfall } from '../../../src/fetch/explain/waterfall.js';
import type { Party, Phase, StoryMessage } from '../../../src/fetch/model.js';

const party = (role: string, port?: number): Party => ({ role, endpoint: port === undefined ? undefined : { address: '127.0.0.1', port } });
const message = (over: Partial<StoryMessage>): StoryMessage => ({
  number: 3, atMs: 1, sight: 'seen', transport: 'udp', facts: {}, what: 'A? a.test (RD=1)', from: party('client', 5000), to: party('local DNS', 53), ...over,
});
const phase = (over: Partial<Phase>): Phase => ({ kind: 'dns', label: 'A? a.test', party: party('local DNS', 53), sight: 'seen', startMs: 0, endMs: 1, ...over });

function explain(messages: readonly StoryMessage[], phases: readonly Phase[] = [], target = 'x'): Explanation {
  const explainer = createExplainer(target);
  explainer.hear({ kind: 'begun', traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), atWallMs: 1_000 });
  for (const one of messages) explainer.hear({ kind: 'message', message: one });
  for (const one of phases) explainer.hear({ kind: 'phase', phase: one });
  return explainer.finish({ error: new Error('x') });
}

describe('fetch: Cache-Status (RFC 9211) in a story', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['§2.1 hit', 'ExampleCache; hit', 'ExampleCache hit'],
    ['§2.4 ttl', 'ExampleCache; hit; ttl=376', 'ExampleCache hit, TTL 376 s'],
    ['§2.4 a stale hit', 'ExampleCache; hit; ttl=-412', 'ExampleCache hit, TTL -412 s'],
    ['§2.2 fwd, §2.5 stored', 'ExampleCache; fwd=uri-miss; stored', 'ExampleCache went on (uri-miss), stored'],
    ['§2.6 collapsed', 'ExampleCache; fwd=uri-miss; collapsed', 'ExampleCache went on (uri-miss), collapsed'],
    ['§2 nearest to the origin first', 'OriginCache; hit; ttl=1100, "CDN Company Here"; hit; ttl=545', 'OriginCache hit, TTL 1100 s; CDN Company Here hit, TTL 545 s'],
    ['§2.1 hit and fwd together say fwd', 'c; hit; fwd=stale', 'c went on (stale)'],
    ['§2.8 detail, a string with separators in it', 'c; fwd=miss; detail="a;b, \\"c\\""', 'c went on (miss), a;b, "c"'],
    ['RFC 8941 §3.3.6, false', 'c; hit=?0', 'c says neither hit nor fwd'],
    ['neither', 'c', 'c says neither hit nor fwd'],
    ['an open string', '"c; hit', 'c; hit says neither hit nor fwd'],
    ['a ttl that is none', 'c; hit; ttl=soon', 'c hit'],
    ['nothing', ' , ;, ', ''],
  ];
  for (const [name, field, words] of cases) it(name, () => expect(parseCacheStatus(field).map(formatCacheStep).join('; ')).to.equal(words));

  it('no text throws', () => fc.assert(fc.property(fc.string(), (text) => { parseCacheStatus(text).map(formatCacheStep); })));
});

describe('fetch: the waterfall', () => {
  const phases = [
    phase({ endMs: 40 }), phase({ sight: 'told', party: party('authority of a.test', 53), startMs: 10, endMs: 20 }),
    phase({ kind: 'connect', party: party('store', 80), startMs: 40, endMs: 50 }), phase({ kind: 'wait', label: 'GET /a', startMs: 50, endMs: 60 }),
    phase({ kind: 'transfer', startMs: 60, endMs: 100, bytes: 5000, failed: 'cut' }),
  ];

  it('a bar each, on one scale', () => {
    expect(formatWaterfall(phases, 100, 70)).to.deep.equal([
      'DNS A? a.test          ▒▒▒▒▒▒▒▒▒▒▒▒▒                             40 ms',
      '└ authority of a.test     ▒▒▒                                    10 ms',
      'connect 127.0.0.1:80                ▓▓▓                          10 ms',
      'first byte GET /a                      ░░░                       10 ms',
      'transfer 5.0 kB                           █████████████   40 ms failed',
    ]);
  });

  it('never wider than the terminal, whatever the labels', () => fc.assert(fc.property(
    fc.integer({ min: 60, max: 200 }), fc.array(fc.record({ label: fc.string({ maxLength: 300 }), startMs: fc.nat(500), ms: fc.nat(500) }), { minLength: 1 }),
    (columns, bars) => {
      const lines = formatWaterfall(bars.map(({ label, startMs, ms }) => phase({ label, startMs, endMs: startMs + ms })), 1000, columns);
      expect(lines.every((line) => line.length <= columns), lines.join('\n')).to.equal(true);
    },
  )));

  it('nothing without phases', () => expect(formatWaterfall([], 0, 80)).to.deep.equal([]));
});

describe('fetch: what an explanation says of the whole', () => {
  it('whether the resolver had it', () => {
    const answer = (cached: unknown, ...more: readonly StoryMessage[]): string => explain([...more, message({ number: 8, facts: { cached, rcode: 'NOERROR' } })]).caches.resolver;
    expect([answer(true), answer(false), answer(undefined)]).to.deep.equal(['hit', 'miss', 'unknown']);
    expect(answer(false, message({ number: 4, sight: 'not-sent', facts: { cached: true } }))).to.equal('partial');
  });

  it('what a store’s caches did, failures and who came next, and where sight ends', () => {
    const store = (port: number): Party => party('store', port);
    const explanation = explain([
      message({ number: 4, sight: 'not-visible', what: 'not visible: 127.0.0.1:53 gives no account' }),
      message({ number: 5, sight: 'not-visible', what: 'not visible: 127.0.0.1:53 gives no account' }),
      message({ number: 9, to: store(1), facts: { failed: 'connection refused' } }), message({ number: 9, to: store(2) }),
      message({ number: 10, from: store(2), facts: { fields: { 'cache-status': 'edge-1; hit; ttl=5' } } }), message({ number: 10, from: store(3), facts: { fields: {} } }),
    ]);
    expect(explanation.caches.stores).to.deep.equal([{ endpoint: '127.0.0.1:2', steps: [{ cache: 'edge-1', hit: true, ttlSeconds: 5 }] }]);
    expect(explanation.failures).to.deep.include({ atMs: 1, party: 'store', endpoint: '127.0.0.1:1', why: 'connection refused', next: 'store 127.0.0.1:2' });
    expect(explanation.unseen).to.have.length(2);
    const lines = formatEnding(explanation, 80).join('\n');
    expect(lines).to.include('Caches behind 127.0.0.1:2: edge-1 hit, TTL 5 s').and.include('store 127.0.0.1:1, connection refused; went on with store 127.0.0.1:2');
    expect(lines).to.include('Not seen, messages 4 to 7: 127.0.0.1:53 gives no account').and.include('behind store 127.0.0.1:3: it does not say');
  });
});

describe('fetch: the story in Mermaid, by its own parser', () => {
  it('a whole story', async () => {
    const text = formatMermaid(explain([
      message({}), message({ number: 4, sight: 'not-sent', what: 'not sent: why' }), message({ number: 5, sight: 'not-sent', what: 'not sent: why' }),
      message({ number: 8, from: party('local DNS', 53), to: party('client', 5000), transport: 'tcp' }), message({ number: 9, to: party('store', 80), facts: { failed: 'refused' } }),
    ]));
    expect(text).to.include('participant p1 as local DNS<br/>127.0.0.1#58;53').and.include('Note over p1: 4 and 5 not sent#58; why').and.include('p0-xp2: 9.').and.include('over TCP');
    expect(await mermaid.parse(text)).to.include({ diagramType: 'sequence' });
  });

  it('hostile names stay text', async () => {
    const hostile = ['end', 'x; p0->>p1: forged', '%%{init: {}}%%', 'a\nparticipant evil', '<script>alert(1)</script>', '#35;', '"', '`', '🦊', 'note over p0: x', ':', '-->>', '\u202e', '', '   ', 'autonumber', 'x'.repeat(5000)];
    for (const what of hostile) {
      const text = formatMermaid(explain([message({ what, from: party(what, 1), to: party(`${what}!`, 2) }), message({ sight: 'not-sent', what })]));
      expect(text.split('\n').filter((line) => /^ {4}(participant|Note|p\d)/.test(line)).length, what).to.equal(text.trimEnd().split('\n').length - 1);
      expect(text.replaceAll('<br/>', '').replace(/^ {4}p\d+-+(>>|x)p\d+:/gm, '')).to.not.match(/[<>%;](?<!#\d+;)/);
      expect(await mermaid.parse(text), what).to.include({ diagramType: 'sequence' });
    }
  });
});
