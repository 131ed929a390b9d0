// What a signature covers, and what each refusal says. The vectors were made by
//   printf 'TARGET\nEXPIRES\nCLIENT' | openssl dgst -sha256 -mac HMAC -macopt hexkey:KEY -binary | basenc --base64url

import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { checkTarget, signTarget, withoutSignature, type Grant, type SigningKey } from '../../../../src/net/http/signed-url.js';
import { itWith } from '../../../helpers/programs.js';

const HEX = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const KEY: SigningKey = { id: 'k1', secret: Buffer.from(HEX, 'hex') };
const OTHER: SigningKey = { id: 'k2', secret: Buffer.alloc(32, 7) };
const EXPIRES = 1_900_000_000;
const BEFORE = EXPIRES * 1000 - 1;

const VECTORS: readonly (readonly [target: string, grant: Grant, signed: string])[] = [
  ['/video1.mp4', { expires: EXPIRES }, '/video1.mp4?cdn-key=k1&cdn-expires=1900000000&cdn-signature=d2a7NEdJ0aRSJgIQKfxXwiGjYdGCjZJPMA4NIAk-Z5g'],
  ['/a%20b.mp4?x=1&y', { expires: EXPIRES, client: '192.0.2.0/24' }, '/a%20b.mp4?x=1&y&cdn-key=k1&cdn-expires=1900000000&cdn-client=192.0.2.0/24&cdn-signature=gUlOzRpBoiWpSC9aZpNnXqVW2a5VzyeTK_oGuLYgvjU'],
  ['/v', { expires: 2_000_000_000, client: '2001:db8::/32' }, '/v?cdn-key=k1&cdn-expires=2000000000&cdn-client=2001:db8::/32&cdn-signature=2ADxj1-lkVGf0hw3kJazhPylT7wQAL9Z4dDjHTWylOg'],
];

const why = (target: string, address = '192.0.2.7', nowMs = BEFORE, keys: readonly SigningKey[] = [OTHER, KEY]): string => {
  const checked = checkTarget(target, address, keys, nowMs);
  return checked.kind === 'refused' ? checked.why : `granted ${checked.target}`;
};

describe('signed URLs', () => {
  for (const [target, grant, signed] of VECTORS) {
    it(`${target} ${grant.client ?? ''} is signed as it always was, and comes back without the signature`, () => {
      expect(signTarget(target, grant, KEY)).to.equal(signed);
      const address = grant.client?.startsWith('2001:') === true ? '2001:db8::1' : '192.0.2.7';
      expect(why(signed, address)).to.equal(`granted ${target}`);
      expect(signTarget(signed, grant, KEY), 'signed anew').to.equal(signed);
    });
    itWith('openssl', `${target} ${grant.client ?? ''}: openssl signs the same`, (openssl) => {
      const mac = execFileSync(openssl, ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${HEX}`, '-binary'], { input: `${target}\n${grant.expires}\n${grant.client ?? ''}` });
      expect(signed.endsWith(`cdn-signature=${mac.toString('base64url')}`)).to.equal(true);
    });
  }

  const [[, , plain], [, , networked]] = VECTORS as unknown as [(typeof VECTORS)[0], (typeof VECTORS)[0]];
  const NOT_SIGNED = 'the signature is not of this URL, or of no key of this store';
  const CASES: readonly (readonly [what: string, target: string, says: string | RegExp, address?: string, nowMs?: number])[] = [
    ['no signature', '/video1.mp4', 'this store serves signed URLs only, and this one has no signature'],
    ['another path', plain.replace('video1', 'video2'), NOT_SIGNED],
    ['another spelling of the path', plain.replace('video1', 'vide%6f1'), NOT_SIGNED],
    ['one more parameter', plain.replace('?', '?x=1&'), NOT_SIGNED],
    ['a parameter less', networked.replace('&y', ''), NOT_SIGNED],
    ['a later end', plain.replace('1900000000', '1900000001'), NOT_SIGNED],
    ['another network', networked.replace('192.0.2.0/24', '0.0.0.0/0'), NOT_SIGNED],
    ['no network', networked.replace('cdn-client=192.0.2.0/24&', ''), NOT_SIGNED],
    ['a key that nobody knows', plain.replace('k1', 'k9'), NOT_SIGNED],
    ['the name of another key', plain.replace('k1', 'k2'), NOT_SIGNED],
    ['half a signature', plain.slice(0, -1), NOT_SIGNED],
    ['a longer signature', `${plain}=`, NOT_SIGNED],
    ['a signature that decodes to the same octets', `${plain.slice(0, -1)}h`, NOT_SIGNED],
    ['an end that is no number', plain.replace('1900000000', '19e8'), 'cdn-expires is no time in seconds'],
    ['two ends', `${plain}&cdn-expires=2000000000`, 'cdn-expires is there twice'],
    ['two signatures', `${plain}&cdn-signature=x`, 'cdn-signature is there twice'],
    ['parameters in another order', plain.replace(/\?(cdn-key=k1)&(.*)$/, '?$2&$1'), 'granted /video1.mp4'],
    ['a prefix that was encoded on its way', networked.replace('0/24', '0%2f24'), 'granted /a%20b.mp4?x=1&y'],
    ['the last moment', plain, 'granted /video1.mp4', '192.0.2.7', BEFORE],
    ['the end', plain, 'its time is over since 2030-03-17T17:46:40.000Z', '192.0.2.7', EXPIRES * 1000],
    ['a client of that network', networked, 'granted /a%20b.mp4?x=1&y', '192.0.2.255'],
    ['a client of another', networked, 'it was made for other clients', '192.0.3.0'],
    ['the end of a URL that is forged', plain.replace('video1', 'video2'), NOT_SIGNED, '192.0.2.7', EXPIRES * 1000],
  ];
  for (const [what, target, says, address, nowMs] of CASES) {
    it(`${what}: ${String(says)}`, () => {
      expect(why(target, address, nowMs)).to.equal(says);
    });
  }

  it('a key that is gone signs no more', () => {
    expect(why(plain, '192.0.2.7', BEFORE, [OTHER])).to.equal(NOT_SIGNED);
  });

  it('no log has a signature in it', () => {
    expect(withoutSignature(plain)).to.equal('/video1.mp4?cdn-key=k1&cdn-expires=1900000000&cdn-signature=…');
  });
});
