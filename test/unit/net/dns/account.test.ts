import { expect } from 'chai';
import { ACCOUNT_OPTION, decodeAccount, decodeParentSpan, decodeTraceId, encodeAccount, encodeTraceContext, encodeTraceId, type Account } from '../../../../src/net/dns/account.js';
import type { EdnsOption } from '../../../../src/net/dns/message.js';

const EXCHANGE = {
  at: 0.4, ms: 1.5, from: '127.0.0.1:53012', to: '127.0.0.1:40723', transport: 'udp', authority: 'hiscinema.com.', name: 'file1.hiscinema.com.', type: 'A', rcode: 'NOERROR',
  records: ['file1.hiscinema.com. 300 IN CNAME file1.hercdn.com.'],
} as const;
const ACCOUNT: Account = { cached: false, exchanges: [EXCHANGE, { ...EXCHANGE, transport: 'tcp', ignored: ['hercdn.com. 300 IN NS ns1.hercdn.com.'] }] };
const option = (value: unknown): EdnsOption => ({ code: ACCOUNT_OPTION, data: new Uint8Array(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))) });
const withExchange = (over: Record<string, unknown>): EdnsOption => option({ cached: false, exchanges: [{ ...EXCHANGE, ...over }] });

describe('the account of a resolver', () => {
  it('comes back as it was', () => {
    expect(decodeAccount(encodeAccount(ACCOUNT))).to.deep.equal(ACCOUNT);
    expect(decodeAccount(encodeAccount({ cached: true, exchanges: [] }))).to.deep.equal({ cached: true, exchanges: [] });
  });

  it('leaves the last exchanges out where they would crowd out the answer', () => {
    const long: Account = { cached: false, exchanges: Array.from({ length: 200 }, (_, at) => ({ ...EXCHANGE, at })) };
    const encoded = encodeAccount(long);
    expect(encoded.data.length).to.be.within(15_000, 16_384);
    const exchanges = decodeAccount(encoded)?.exchanges ?? [];
    expect(exchanges.map(({ at }) => at)).to.deep.equal(exchanges.map((_, index) => index));
  });

  it('may tell more than is known here', () => {
    expect(decodeAccount(option({ ...ACCOUNT, later: 1, exchanges: [{ ...EXCHANGE, later: {} }] }))).to.deep.equal({ cached: false, exchanges: [EXCHANGE] });
  });

  const NOT: readonly [what: string, option: EdnsOption][] = [
    ['another option', { ...encodeAccount(ACCOUNT), code: 65_002 }],
    ['a trace ID', encodeTraceId('0af7651916cd43dd8448eb211c80319c')],
    ['nothing', option('')],
    ['half of one', option('{"cached":true,')],
    ['no UTF-8', { code: ACCOUNT_OPTION, data: Uint8Array.of(0x22, 0xff, 0x22) }],
    ['null', option('null')],
    ['a list', option([])],
    ['no exchanges', option({ cached: true })],
    ['cached as a word', option({ cached: 'yes', exchanges: [] })],
    ['an exchange that is null', option({ cached: true, exchanges: [null] })],
    ['a time below zero', withExchange({ at: -1 })],
    ['a time as text', withExchange({ ms: '1' })],
    ['another transport', withExchange({ transport: 'quic' })],
    ['records that are one text', withExchange({ records: 'a' })],
    ['a record that is a number', withExchange({ records: [1] })],
    ['ignored as null', withExchange({ ignored: null })],
    ['no rcode', withExchange({ rcode: undefined })],
    ['a line that moves the cursor', withExchange({ records: ['\u001b[2J'] })],
    ['a line that is two', withExchange({ name: 'a.\nb.' })],
    ['a C1 control character', withExchange({ from: '\u009b2J' })],
  ];
  for (const [what, given] of NOT) it(`is not ${what}`, () => expect(decodeAccount(given)).to.equal(undefined));
});

describe('the trace ID in a query', () => {
  const ID = '0af7651916cd43dd8448eb211c80319c';
  it('comes back as it was, in 16 octets', () => {
    expect(encodeTraceId(ID).data.length).to.equal(16);
    expect(decodeTraceId(encodeTraceId(ID))).to.equal(ID);
  });
  it('is not of another option, size or all zero', () => {
    expect(decodeTraceId({ ...encodeTraceId(ID), code: 10 })).to.equal(undefined);
    for (const size of [0, 15, 17]) expect(decodeTraceId({ code: ACCOUNT_OPTION, data: new Uint8Array(size).fill(1) })).to.equal(undefined);
    expect(decodeTraceId({ code: ACCOUNT_OPTION, data: new Uint8Array(16) })).to.equal(undefined);
  });
  it('with the span that asks, in 24', () => {
    const told = encodeTraceContext({ traceId: ID, spanId: 'b7ad6b7169203331' });
    expect([told.data.length, decodeTraceId(told), decodeParentSpan(told)]).to.deep.equal([24, ID, 'b7ad6b7169203331']);
    expect(decodeParentSpan(encodeTraceId(ID))).to.equal(undefined);
    const zero = new Uint8Array(24).fill(1, 0, 16);
    expect([decodeTraceId({ code: ACCOUNT_OPTION, data: zero }) !== undefined, decodeParentSpan({ code: ACCOUNT_OPTION, data: zero })]).to.deep.equal([true, undefined]);
    expect(() => encodeTraceContext({ traceId: ID, spanId: 'x' })).to.throw(RangeError);
  });
  it('that is none is a mistake of ours', () => {
    for (const wrong of ['', 'xyz', ID.slice(1)]) expect(() => encodeTraceId(wrong)).to.throw(RangeError);
  });
});
