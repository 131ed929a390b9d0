import { expect } from 'chai';
import { createResponse } from '../../../../src/net/dns/build.js';
import { RCODE, TYPE, type DnsMessage } from '../../../../src/net/dns/message.js';
import { selectVerdict } from '../../../../src/net/dns/verdict.js';
import { encodeMessage } from '../../../../src/net/dns/wire.js';
import { hex, packet, QUESTION } from '../../../fixtures/dns/packets.js';
import { query } from '../../../fixtures/dns/parties.js';

const ASKED = query('a.example');
const reply = (over: Partial<DnsMessage>): Uint8Array => encodeMessage(createResponse(ASKED, over));

// RFC 5452 §9.1
const CASES: readonly [what: string, octets: Uint8Array, kind: string][] = [
  ['the answer', reply({}), 'answer'],
  ['in another letter case', reply({ questions: query('A.eXample').questions }), 'answer'],
  ['an error', reply({ rcode: RCODE.SERVFAIL }), 'answer'],
  ['FORMERR without the question', reply({ rcode: RCODE.FORMERR, questions: [] }), 'answer'],
  ['NOTIMP without the question', reply({ rcode: RCODE.NOTIMP, questions: [] }), 'answer'],
  ['NOERROR without the question', reply({ questions: [] }), 'malformed'],
  ['another ID', reply({ id: 0x1235 }), 'stray'],
  ['a query', encodeMessage(ASKED), 'stray'],
  ['too short for a header', hex('1234 8000'), 'stray'],
  ['another name', reply({ questions: query('b.example').questions }), 'malformed'],
  ['another type', reply({ questions: query('a.example', TYPE.AAAA).questions }), 'malformed'],
  ['another class', reply({ questions: ASKED.questions.map((question) => ({ ...question, class: 3 })) }), 'malformed'],
  ['the question twice', reply({ questions: [...ASKED.questions, ...ASKED.questions] }), 'malformed'],
  ['another opcode', reply({ opcode: 4 }), 'malformed'],
  ['junk under the right ID', packet([1, 0, 0, 0], `${QUESTION} 00`, '8000'), 'malformed'],
  ['junk under another', hex('1235 8000 0001 0000 0000 0000'), 'stray'],
];

describe('what may be the answer to a question', () => {
  for (const [what, octets, kind] of CASES) it(`${what}: ${kind}`, () => expect(selectVerdict(octets, ASKED).kind).to.equal(kind));
});
