import { expect } from 'chai';
import fc from 'fast-check';
import path from 'node:path';
import { objectNameOf, parseAlias, parseObjectPath } from '../../../src/store/object-path.js';

describe('object paths', () => {
  const cases: readonly [target: string, outcome: readonly string[] | 'impossible' | 'malformed'][] = [
    ['/video1.mp4', ['video1.mp4']],
    ['/a/b.mp4', ['a', 'b.mp4']],
    ['/video1.mp4?t=10', ['video1.mp4']],
    ['/video1.mp4?/../x#y', ['video1.mp4']],
    ['/a%20b.mp4', ['a b.mp4']],
    ['/a+b.mp4', ['a+b.mp4']],
    ['/%76ideo1.mp4', ['video1.mp4']],
    ['/caf%C3%A9.mp4', ['café.mp4']],
    ['/100%25.mp4', ['100%.mp4']],
    ['/%252e%252e/x', ['%2e%2e', 'x']],
    ['/...', 'impossible'],
    ['/a..b', ['a..b']],
    ['/', 'impossible'],
    ['//video1.mp4', 'impossible'],
    ['/a//b', 'impossible'],
    ['/video1.mp4/', 'impossible'],
    ['/..', 'impossible'],
    ['/../video1.mp4', 'impossible'],
    ['/a/../video1.mp4', 'impossible'],
    ['/./video1.mp4', 'impossible'],
    ['/%2e%2e/x', 'impossible'],
    ['/%2E./x', 'impossible'],
    ['/..%2fx', 'impossible'],
    ['/a%2f..%2f..%2fx', 'impossible'],
    ['/a%2Fb', 'impossible'],
    ['/%2fetc%2fpasswd', 'impossible'],
    ['/..%5cx', 'impossible'],
    ['/a%5Cb', 'impossible'],
    ['/.hidden', 'impossible'],
    ['/a/.hidden', 'impossible'],
    ['/%2ehidden', 'impossible'],
    ['/a\\b', 'malformed'],
    ['/video1.mp4%00.txt', 'malformed'],
    ['/%', 'malformed'],
    ['/%4', 'malformed'],
    ['/%zz', 'malformed'],
    ['/%c0%ae%c0%ae/x', 'malformed'],
    ['/%ff', 'malformed'],
    ['/%ed%a0%80', 'malformed'],
    ['/a#b', 'malformed'],
    ['*', 'malformed'],
    ['', 'malformed'],
    ['video1.mp4', 'malformed'],
    ['http://x/video1.mp4', 'malformed'],
  ];
  for (const [target, outcome] of cases) {
    it(`${JSON.stringify(target)} is ${typeof outcome === 'string' ? outcome : JSON.stringify(outcome)}`, () => {
      const parsed = parseObjectPath(target);
      expect(parsed.kind === 'path' ? parsed.segments : parsed.kind).to.deep.equal(outcome);
    });
  }

  it('never leads out of the folder, whatever the target', () => {
    const piece = fc.oneof(fc.constantFrom('..', '.', '/', '%2e', '%2E', '%2f', '%5c', '\\', '%00', '%', '%25', '2e', 'a', '?', ''), fc.string({ maxLength: 3 }));
    fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const parsed = parseObjectPath(`/${pieces.join('')}`);
      if (parsed.kind !== 'path') return;
      const joined = path.posix.join('/folder', ...parsed.segments);
      expect(joined).to.match(/^\/folder\/./s);
      expect(joined.split('/')).to.have.length(parsed.segments.length + 2);
    }), { numRuns: 2000 });
  });
});

describe('aliases', () => {
  const cases: readonly [string, ReturnType<typeof parseAlias>][] = [
    ['video1', { number: 1, extension: undefined }],
    ['video12.mp4', { number: 12, extension: 'mp4' }],
    ['video0', undefined],
    ['video01', undefined],
    ['video', undefined],
    ['Video1', undefined],
    ['video1.', undefined],
    ['video1.a.b', undefined],
    ['video1234567890', undefined],
    ['myvideo1', undefined],
  ];
  for (const [name, alias] of cases) it(`${name} is ${JSON.stringify(alias)}`, () => expect(parseAlias(name)).to.deep.equal(alias));
});

describe('object names in transcripts', () => {
  const cases: readonly [string, string][] = [
    ['video1.mp4', 'video1'],
    ['a.b.mp4', 'a.b'],
    ['noextension', 'noextension'],
    ['a\nReceived data: b.mp4', 'a\uFFFDReceived data: b'],
    ['\u001b[2Jx.mp4', '\uFFFD[2Jx'],
    ['a\u202eb.mp4', 'a\uFFFDb'],
  ];
  for (const [file, name] of cases) it(`${JSON.stringify(file)} is ${JSON.stringify(name)}`, () => expect(objectNameOf(file)).to.equal(name));
});
