import { expect } from 'chai';
import fc from 'fast-check';
import { createResponse } from '../../../../src/net/dns/build.js';
import { createEdns } from '../../../../src/net/dns/edns.js';
import { CLASS, TYPE, type DnsMessage, type ResourceRecord } from '../../../../src/net/dns/message.js';
import { encodeWithin } from '../../../../src/net/dns/truncate.js';
import { encodeMessage } from '../../../../src/net/dns/wire.js';
import { anyMessage, lowerName } from '../../../fixtures/dns/arbitraries.js';
import { addressRecord, message as decoded, name, query } from '../../../fixtures/dns/parties.js';

const ASKED = query('file1.hercdn.com', TYPE.A, { edns: createEdns() });
const addresses = (owner: string, count: number): ResourceRecord[] => Array.from({ length: count }, (_, index) => addressRecord(name(owner), `10.0.0.${index}`));
const ns = (owner: string, target: string): ResourceRecord => ({ name: name(owner), type: TYPE.NS, class: CLASS.IN, ttl: 20, data: { kind: 'NS', target: name(target) } });
const within = (message: DnsMessage, size = 512): DnsMessage => decoded(encodeWithin(message, size));
const sizes = ({ answers, authorities, additionals, truncated }: DnsMessage): unknown => ({ answers: answers.length, authorities: authorities.length, additionals: additionals.length, truncated });

describe('encodeWithin', () => {
  it('leaves alone what fits', () => {
    const message = createResponse(ASKED, { answers: addresses('file1.hercdn.com', 3) });
    expect(within(message)).to.deep.equal(message);
    const exactly = encodeMessage(message).length;
    expect(within(message, exactly)).to.deep.equal(message);
    expect(within(message, exactly - 1).truncated).to.equal(true);
  });

  it('drops additional records that only might be useful, without TC (RFC 2181 §9)', () => {
    const message = createResponse(ASKED, { answers: addresses('file1.hercdn.com', 10), additionals: addresses('store-1.hercdn.com', 30) });
    expect(sizes(within(message))).to.deep.equal({ answers: 10, authorities: 0, additionals: 0, truncated: false });
  });

  it('keeps a referral’s glue, drops the other addresses (RFC 9471 §3.1)', () => {
    const message = createResponse(ASKED, {
      authorities: [ns('hercdn.com', 'ns1.hercdn.com'), ns('hercdn.com', 'ns.elsewhere.test')],
      additionals: [...addresses('ns.elsewhere.test', 30), ...addresses('NS1.hercdn.com', 2)],
    });
    expect(sizes(within(message))).to.deep.equal({ answers: 0, authorities: 2, additionals: 2, truncated: false });
  });

  it('drops what would be glue in a referral, where there is an answer', () => {
    const message = createResponse(ASKED, {
      answers: addresses('file1.hercdn.com', 2),
      authorities: [ns('hercdn.com', 'ns1.hercdn.com')],
      additionals: addresses('ns1.hercdn.com', 60),
    });
    expect(sizes(within(message))).to.deep.equal({ answers: 2, authorities: 1, additionals: 0, truncated: false });
  });

  it('sets TC when the glue itself does not fit, and then holds nothing but question and OPT', () => {
    const message = createResponse(ASKED, { authorities: [ns('hercdn.com', 'ns1.hercdn.com')], additionals: addresses('ns1.hercdn.com', 60) });
    const cut = within(message);
    expect(cut).to.deep.equal({ ...message, truncated: true, authorities: [], additionals: [] });
    expect(cut.edns).to.deep.equal(createEdns());
  });

  it('never sends a part of the answer', () => {
    const message = createResponse(ASKED, { answers: addresses('file1.hercdn.com', 40), authoritative: true, rcode: 3 });
    expect(within(message)).to.deep.equal({ ...message, truncated: true, answers: [] });
  });

  it('gives up options that do not fit even then', () => {
    const message = createResponse(ASKED, { edns: createEdns({ options: [{ code: 65_001, data: new Uint8Array(600) }] }) });
    expect(within(message)).to.deep.equal({ ...message, truncated: true, edns: createEdns() });
  });

  it('is never over the size, and is complete or cut, nothing between', () => {
    fc.assert(
      fc.property(anyMessage(lowerName), fc.integer({ min: 512, max: 1232 }), (any, size) => {
        const message = { ...any, truncated: false, questions: any.questions.slice(0, 1) };
        const octets = encodeWithin(message, size);
        expect(octets.length).to.be.at.most(size);
        const { answers, authorities, truncated } = decoded(octets);
        if (truncated) expect([...answers, ...authorities]).to.deep.equal([]);
        else expect({ answers, authorities }).to.deep.equal({ answers: message.answers, authorities: message.authorities });
      }),
    );
  });
});
