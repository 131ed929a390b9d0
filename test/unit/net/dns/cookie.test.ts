// DNS cookies: RFC 7873's option, RFC 9018's server cookies with the vectors of its appendix A, and
// the hash under them with the vectors of its authors.

import { expect } from 'chai';
import fc from 'fast-check';
import { createCookieSecret, createServerCookie, decodeCookie, encodeCookie, selectCookieStanding, type Cookie } from '../../../../src/net/dns/cookie.js';
import { OPTION } from '../../../../src/net/dns/edns.js';
import { createSipKey, sipHash24 } from '../../../../src/net/dns/siphash.js';
import { hex } from '../../../fixtures/dns/packets.js';

const text = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
const cookieOf = (data: string): Cookie | undefined => decodeCookie({ code: OPTION.COOKIE, data: hex(data) });
const counting = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, index) => index);

describe('SipHash-2-4', () => {
  // Of the 64 vectors for the key 00 01 … 0f and the message 00 01 …; fifteen octets are the paper's own example.
  const VECTORS: readonly (readonly [length: number, hash: string])[] = [
    [0, '310e0edd47db6f72'], [1, 'fd67dc93c539f874'], [2, '5a4fa9d909806c0d'], [3, '2d7efbd796666785'], [4, 'b7877127e09427cf'],
    [5, '8da699cd64557618'], [6, 'cee3fe586e46c9cb'], [7, '37d1018bf50002ab'], [8, '6224939a79f5f593'], [9, 'b0e4a90bdf82009e'],
    [15, 'e545be4961ca29a1'], [63, '724506eb4c328a95'],
  ];
  for (const [length, hash] of VECTORS) {
    it(`of ${length} octets`, () => expect(text(sipHash24(createSipKey(counting(16)), counting(length)))).to.equal(hash));
  }

  it('has a key of 16 octets', () => expect(() => createSipKey(counting(15))).to.throw(RangeError));
});

describe('server cookies', () => {
  const SECRET = 'e5e973e5a6b2a43f48e7dc849e37bfcf';
  const OLD_SECRET = 'dd3bdf9344b678b185a6f5cb60fca715';
  const NEW_SECRET = '445536bcd2513298075a5d379663c962';
  const VECTORS: readonly (readonly [section: string, address: string, time: number, request: string, standing: string, answer: string, ...secrets: string[]])[] = [
    ['A.1 a new one', '198.51.100.100', 1_559_731_985, '2464c4abcf10c957', 'absent', '2464c4abcf10c957010000005cf79f111f8130c3eee29480', SECRET],
    ['A.2 the same client, later: renewed', '198.51.100.100', 1_559_734_385, '2464c4abcf10c957010000005cf79f111f8130c3eee29480', 'renew', '2464c4abcf10c957010000005cf7a871d4a564a1442aca77', SECRET],
    ['A.3 another client, of another make', '203.0.113.203', 1_559_734_700, 'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5', 'bad', 'fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e', SECRET],
    ['A.4 IPv6, and a secret that rolls over', '2001:db8:220:1:59de:d0f4:8769:82b8', 1_559_741_961, '22681ab97d52c298010000005cf7c57926556bd0934c72f8', 'renew', '22681ab97d52c298010000005cf7c609a6bb79d16625507a', NEW_SECRET, OLD_SECRET],
  ];
  for (const [section, address, time, request, standing, answer, ...words] of VECTORS) {
    it(`RFC 9018 ${section}`, () => {
      const secrets = words.map((word) => createCookieSecret(hex(word)));
      const cookie = cookieOf(request);
      const [active] = secrets;
      if (!cookie || !active) throw new Error('no cookie, or no secret');
      expect(selectCookieStanding(cookie, address, time, secrets)).to.equal(standing);
      const server = createServerCookie(cookie.client, address, time, active);
      expect(text(encodeCookie({ client: cookie.client, server }).data)).to.equal(answer);
    });
  }

  it('RFC 9018 §4.2 the reserved octets of another make are hashed as they stand', () => {
    const cookie = cookieOf('fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5');
    expect(cookie && selectCookieStanding(cookie, '203.0.113.203', 0x5cf7_8f71 + 60, [createCookieSecret(hex(SECRET))])).to.equal('good');
  });
});

describe('a server cookie', () => {
  const secret = createCookieSecret(counting(16));
  const client = hex('2464c4abcf10c957');
  const MADE = 1_559_731_985;
  const cookie: Cookie = { client, server: createServerCookie(client, '192.0.2.1', MADE, secret) };
  const standing = (over: { cookie?: Cookie; address?: string; time?: number; secrets?: readonly (typeof secret)[] }): string =>
    selectCookieStanding(over.cookie ?? cookie, over.address ?? '192.0.2.1', over.time ?? MADE, over.secrets ?? [secret]);

  const AGES: readonly (readonly [what: string, seconds: number, standing: string])[] = [
    ['new', 0, 'good'], ['of half an hour', 1800, 'good'], ['older', 1801, 'renew'], ['of an hour', 3600, 'renew'], ['older than an hour', 3601, 'bad'],
    ['five minutes of the future', -300, 'good'], ['of more', -301, 'bad'],
  ];
  for (const [what, seconds, expected] of AGES) it(`RFC 9018 §4.3 ${what}: ${expected}`, () => expect(standing({ time: MADE + seconds })).to.equal(expected));

  it('RFC 9018 §4.3 is good across the end of 32-bit time', () => {
    const late: Cookie = { client, server: createServerCookie(client, '192.0.2.1', 2 ** 32 - 10, secret) };
    expect(standing({ cookie: late, time: 2 ** 32 + 10 })).to.equal('good');
    expect(standing({ cookie: late, time: 2 ** 32 + 3600 })).to.equal('bad');
  });

  it('belongs to one address, one client cookie and one secret', () => {
    expect(standing({ address: '192.0.2.2' })).to.equal('bad');
    expect(standing({ address: '::ffff:192.0.2.1' })).to.equal('bad');
    expect(standing({ cookie: { ...cookie, client: hex('2464c4abcf10c958') } })).to.equal('bad');
    expect(standing({ secrets: [createCookieSecret(new Uint8Array(16))] })).to.equal('bad');
    expect(standing({ secrets: [] })).to.equal('bad');
  });

  it('of another length or version is not ours', () => {
    expect(standing({ cookie: { client, server: cookie.server.subarray(0, 8) } })).to.equal('bad');
    expect(standing({ cookie: { client, server: Uint8Array.of(2, ...cookie.server.subarray(1)) } })).to.equal('bad');
  });

  it('is bad with any one bit changed, but for the time, which may be', () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const server = Uint8Array.from(cookie.server);
        server[at] = (server[at] as number) ^ (1 << bit);
        expect(standing({ cookie: { client, server } })).to.equal('bad');
      }),
    );
  });
});

describe('the cookie option', () => {
  for (let length = 0; length <= 42; length += 1) {
    const fits = length === 8 || (length >= 16 && length <= 40);
    it(`RFC 7873 §5.2.2 of ${length} octets: ${fits ? 'a cookie' : 'FORMERR'}`, () => {
      const option = { code: OPTION.COOKIE, data: counting(length) };
      const decoded = decodeCookie(option);
      expect(decoded !== undefined).to.equal(fits);
      if (decoded) expect(encodeCookie(decoded)).to.deep.equal(option);
    });
  }

  it('is not read from another option', () => expect(decodeCookie({ code: OPTION.NSID, data: counting(8) })).to.equal(undefined));

  it('parts of other lengths are a mistake of ours', () => {
    expect(() => encodeCookie({ client: counting(7), server: counting(9) })).to.throw(RangeError);
    expect(() => encodeCookie({ client: counting(8), server: counting(7) })).to.throw(RangeError);
  });
});
