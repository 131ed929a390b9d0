// Repr-Digest and Want-Repr-Digest, RFC 9530, in the grammar of structured fields, RFC 9651; the
// second half through a live store.

import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { formatReprDigest, parseReprDigest, wantsReprDigest } from '../../src/net/http/digest.js';
import { useTempFolders } from '../helpers/temp.js';
import { ask, sha256, useStores } from '../service/store/running-store.js';

const SUM = sha256(Buffer.from('{"hello": "world"}\n'));
const TEXT = SUM.toString('base64');
const MD5 = Buffer.alloc(16).toString('base64');

const PROMISES: readonly [section: string, text: string, promised: 'sum' | 'other' | 'malformed'][] = [
  ['RFC 9530 §3 SHA-256', `sha-256=:${TEXT}:`, 'sum'],
  ['RFC 9530 §3 beside another', `sha-512=:${MD5}:, sha-256=:${TEXT}:`, 'sum'],
  ['RFC 9530 §3 another only', `sha-512=:${MD5}:`, 'other'],
  ['RFC 9651 §3.1.2 parameters', `sha-256=:${TEXT}:;a;b="x,y";c=1.5`, 'sum'],
  ['RFC 9651 §4.2 spaces around', `  sha-256=:${TEXT}:  `, 'sum'],
  ['RFC 9651 §4.2.2 tabs and spaces around commas', `unixsum=1\t ,\t sha-256=:${TEXT}:`, 'sum'],
  ['RFC 9651 §4.2.2 of a key given twice the last counts', `sha-256=:${MD5}:, sha-256=:${TEXT}:`, 'sum'],
  ['RFC 9651 §4.2.7 padding may be missing', `sha-256=:${TEXT.replace(/=+$/, '')}:`, 'sum'],
  ['RFC 9651 §3.2 members of every kind', `a, b=?0, c=-1, d=1.25, e="q\\"\\\\", f=tok/en:*, g=@1659578233, h=%"f%c3%bc", i=(1 "a";p b), j=:AA==:, sha-256=:${TEXT}:`, 'sum'],
  ['RFC 9651 §3.2 an empty dictionary', '', 'other'],
  ['RFC 9530 §3 not a byte sequence', `sha-256="${TEXT}"`, 'malformed'],
  ['RFC 9530 §3 not base64', 'sha-256=:!!!:', 'malformed'],
  ['RFC 9530 §3 too short for the algorithm', `sha-256=:${MD5}:`, 'malformed'],
  ['RFC 9530 §3 no value', 'sha-256', 'malformed'],
  ['RFC 9651 §4.2.7 a colon missing', `sha-256=:${TEXT}`, 'malformed'],
  ['RFC 9651 §4.2.7 one digit left over', 'sha-256=:AAAAA:', 'malformed'],
  ['RFC 9651 §4.2.2 a comma at the end', `sha-256=:${TEXT}:,`, 'malformed'],
  ['RFC 9651 §4.2.2 an empty member', `a=1,,sha-256=:${TEXT}:`, 'malformed'],
  ['RFC 9651 §4.2.2 no comma', `a=1 sha-256=:${TEXT}:`, 'malformed'],
  ['RFC 9651 §3.1.2 an upper-case key', `SHA-256=:${TEXT}:`, 'malformed'],
  ['RFC 9651 §4.2 one malformed member spoils all', `sha-256=:${TEXT}:, x=`, 'malformed'],
  ['RFC 9651 §3.3.1 too many digits', `x=1234567890123456, sha-256=:${TEXT}:`, 'malformed'],
  ['RFC 9651 §3.3.2 a point and no decimals', `x=1., sha-256=:${TEXT}:`, 'malformed'],
  ['RFC 9651 §3.3.3 a string without end', `x="a, sha-256=:${TEXT}:`, 'malformed'],
  ['RFC 9651 §3.1.1 a list without end', `x=(1 2, sha-256=:${TEXT}:`, 'malformed'],
  ['RFC 9651 §3.1.1 no space in a list', `x=(1"a"), sha-256=:${TEXT}:`, 'malformed'],
  ['RFC 3230\'s field of before', `SHA-256=${TEXT}`, 'malformed'],
];

const WISHES: readonly [section: string, text: string | undefined, wanted: boolean][] = [
  ['no field', undefined, false],
  ['RFC 9530 §4 preferred', 'sha-256=10', true],
  ['RFC 9530 §4 least preferred', 'sha-256=1', true],
  ['RFC 9530 §4 not acceptable', 'sha-256=0', false],
  ['RFC 9530 §4 among others', 'sha-512=3, sha-256=10, unixsum=0', true],
  ['RFC 9530 §4 others only', 'sha-512=3', false],
  ['RFC 9530 §4 the last of two counts', 'sha-256=1, sha-256=0', false],
  ['RFC 9530 §4 from 0 to 10', 'sha-256=11', false],
  ['RFC 9530 §4 from 0 to 10', 'sha-256=-1', false],
  ['RFC 9530 §4 an integer', 'sha-256=1.0', false],
  ['RFC 9530 §4 an integer', 'sha-256', false],
  ['RFC 9651 §4.2 malformed', 'sha-256=1,', false],
];

describe('Repr-Digest, RFC 9530 §3', () => {
  for (const [section, text, promised] of PROMISES) {
    it(`${section}: ${text.replaceAll(TEXT, 'SUM')} is ${promised}`, () => {
      const digest = parseReprDigest(text);
      if (promised === 'malformed') return expect(digest).to.equal(undefined);
      expect(digest).not.to.equal(undefined);
      expect(digest?.sha256 && Buffer.from(digest.sha256)).to.deep.equal(promised === 'sum' ? SUM : undefined);
    });
  }

  it('RFC 9530 appendix A: the sum of the example', () => {
    expect(formatReprDigest(SUM)).to.equal('sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:');
  });
});

describe('Want-Repr-Digest, RFC 9530 §4', () => {
  for (const [section, text, wanted] of WISHES) it(`${section}: ${text ?? '(none)'} ${wanted ? 'asks' : 'doesn\'t ask'}`, () => expect(wantsReprDigest(text)).to.equal(wanted));
});

describe('digests of a live store', () => {
  const tempFolder = useTempFolders();
  const startStore = useStores();
  const CONTENT = Buffer.from('{"hello": "world"}\n');

  // Not a video, so that nothing computes its digest before it is asked for.
  async function start() {
    const folder = await tempFolder();
    await writeFile(path.join(folder, 'hello.json'), CONTENT);
    return startStore(folder);
  }

  const cases: readonly [section: string, method: string, fields: string[], status: number][] = [
    ['RFC 9530 §3 with 200', 'GET', [], 200],
    ['RFC 9530 §3 with HEAD, as of the content that GET would have', 'HEAD', [], 200],
    ['RFC 9530 §3 with 206, of the whole representation', 'GET', ['Range: bytes=2-3'], 206],
    ['RFC 9530 §3 with several ranges', 'GET', ['Range: bytes=2-3,7-8'], 206],
  ];
  for (const [section, method, fields, status] of cases) {
    it(section, async () => {
      const { port } = await start();
      const answer = await ask(port, method, '/hello.json', [...fields, 'Want-Repr-Digest: sha-256=1']);
      expect(answer.status).to.equal(status);
      expect(answer.fields['repr-digest']).to.equal(formatReprDigest(SUM));
    });
  }

  it('RFC 9110 §15.4.5 not with 304', async () => {
    const { port } = await start();
    const answer = await ask(port, 'GET', '/hello.json', ['If-None-Match: *', 'Want-Repr-Digest: sha-256=1']);
    expect(answer.status).to.equal(304);
    expect(answer.fields).not.to.have.property('repr-digest');
  });

  it('RFC 9530 §4 once it is known, unasked', async () => {
    const { port } = await start();
    await ask(port, 'HEAD', '/hello.json', ['Want-Repr-Digest: sha-256=1']);
    expect((await ask(port, 'GET', '/hello.json')).fields['repr-digest']).to.equal(formatReprDigest(SUM));
  });
});
