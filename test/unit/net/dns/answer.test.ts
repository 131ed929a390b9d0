import { expect } from 'chai';
import { createAnswerer, isStream, type Answered, type Answerer } from '../../../../src/net/dns/answer.js';
import { createResponse } from '../../../../src/net/dns/build.js';
import { createEdns, encodeNsid, encodePadding, encodeTcpKeepalive } from '../../../../src/net/dns/edns.js';
import { RCODE, TYPE, type DnsHandler, type DnsMessage, type EdnsOption, type Peer } from '../../../../src/net/dns/message.js';
import { formatRcode } from '../../../../src/net/dns/text.js';
import { encodeMessage } from '../../../../src/net/dns/wire.js';
import { createLog, silentLog, type LogLine } from '../../../../src/observe/log.js';
import { CORPUS, readCorpus } from '../../../fixtures/dns/corpus.js';
import { hex, packet, QUESTION, record } from '../../../fixtures/dns/packets.js';
import { message, query, smallHandler } from '../../../fixtures/dns/parties.js';
import { itWhen } from '../../../helpers/programs.js';

const UDP: Peer = { remote: { address: '127.0.0.1', port: 4321 }, local: { address: '127.0.0.1', port: 53 }, transport: 'udp' };
const TCP: Peer = { ...UDP, transport: 'tcp' };
const never: DnsHandler = () => {
  throw new Error('this must not reach the handler');
};
const answered = async (answer: Answerer, asked: DnsMessage | Uint8Array, peer = UDP): Promise<DnsMessage> => message(octetsOf(await answer(asked instanceof Uint8Array ? asked : encodeMessage(asked), peer)));
const octetsOf = (given: Answered): Uint8Array | undefined => (isStream(given) ? undefined : given);

/** Key "key", algorithm "alg", time, fudge, a MAC of four octets, original ID, no error, nothing more. */
const TSIG = '03 "key" 00 00fa 00ff 00000000 0019 03 "alg" 00 000065000000 012c 0004 c0ffee00 1234 0000 0000';
const BADKEY = '03 "key" 00 00fa 00ff 00000000 0015 03 "alg" 00 000065000000 012c 0000 1234 0011 0000';

describe('what is answered', () => {
  describe('without the handler', () => {
    const answer = createAnswerer(never, silentLog);
    const DROPPED: readonly [what: string, octets: Uint8Array][] = [
      ['nothing', hex('')],
      ['eleven octets', hex('1234 0100 0001 0000 0000 00')],
      ['an answer', encodeMessage(createResponse(query('a')))],
      ['a malformed answer', packet([1, 0, 0, 0], '', '8000')],
      ['an answer of another opcode', packet([0, 0, 0, 0], '', 'a000')],
    ];
    for (const [what, octets] of DROPPED) it(`${what}: nothing`, () => expect(answer(octets, UDP)).to.equal(undefined));

    // what, query, answer's octets
    const REFUSED: readonly [what: string, octets: Uint8Array, answer: Uint8Array][] = [
      ['malformed: FORMERR with its ID and RD, nothing else', packet([1, 0, 0, 0], '', '0100'), packet([0, 0, 0, 0], '', '8101')],
      ['octets behind the question: FORMERR', packet([1, 0, 0, 0], `${QUESTION} 00`), packet([0, 0, 0, 0], '', '8001')],
      ['no question: FORMERR', packet([0, 0, 0, 0], ''), packet([0, 0, 0, 0], '', '8001')],
      ['two questions: FORMERR, neither repeated', packet([2, 0, 0, 0], `${QUESTION} ${QUESTION}`), packet([0, 0, 0, 0], '', '8001')],
      ['a hundred questions: FORMERR', packet([100, 0, 0, 0], `${QUESTION} `.repeat(100)), packet([0, 0, 0, 0], '', '8001')],
      ['NOTIFY: NOTIMP', packet([1, 0, 0, 0], QUESTION, '2000'), packet([1, 0, 0, 0], QUESTION, 'a004')],
      ['UPDATE with a body only it can read: NOTIMP', packet([1, 0, 0, 0], '01', '2800'), packet([0, 0, 0, 0], '', 'a804')],
      ['an unknown opcode: NOTIMP', packet([1, 0, 0, 0], QUESTION, '7800'), packet([1, 0, 0, 0], QUESTION, 'f804')],
      ['EDNS version 1: BADVERS, and our version', packet([1, 0, 0, 1], `${QUESTION} 00 0029 04d0 00010000 0000`), packet([1, 0, 0, 1], `${QUESTION} 00 0029 04d0 01000000 0000`, '8000')],
      ['EDNS version 255 and no question: BADVERS', packet([0, 0, 0, 1], '00 0029 04d0 00ff0000 0000'), packet([0, 0, 0, 1], '00 0029 04d0 01000000 0000', '8000')],
      ['RFC 7871 §7.2.1 a client subnet with a bit too many: FORMERR', packet([1, 0, 0, 1], `${QUESTION} 00 0029 04d0 00000000 000b 0008 0007 0001 17 00 c00003`), packet([1, 0, 0, 1], `${QUESTION} 00 0029 04d0 00000000 0000`, '8001')],
      ['RFC 7873 §5.2.2 a cookie of nine octets, behind another option: FORMERR', packet([1, 0, 0, 1], `${QUESTION} 00 0029 04d0 00008000 0011 0003 0000 000a 0009 2464c4abcf10c95700`), packet([1, 0, 0, 1], `${QUESTION} 00 0029 04d0 00008000 0000`, '8001')],
      ['EDNS version 1 with a cookie of nine octets: BADVERS', packet([1, 0, 0, 1], `${QUESTION} 00 0029 04d0 00010000 000d 000a 0009 2464c4abcf10c95700`), packet([1, 0, 0, 1], `${QUESTION} 00 0029 04d0 01000000 0000`, '8000')],
      ['RFC 8945 §5.2.1 signed with a key that nobody here knows: NOTAUTH, and BADKEY unsigned', packet([1, 0, 0, 1], `${QUESTION} ${TSIG}`), packet([1, 0, 0, 1], `${QUESTION} ${BADKEY}`, '8009')],
      ['RFC 8945 §5.1 the same behind an OPT, and TSIG is the last again', packet([1, 0, 0, 2], `${QUESTION} 00 0029 04d0 00000000 0000 ${TSIG}`), packet([1, 0, 0, 2], `${QUESTION} 00 0029 04d0 00000000 0000 ${BADKEY}`, '8009')],
      ['RFC 8945 §5.2 signed twice: FORMERR', packet([1, 0, 0, 2], `${QUESTION} ${TSIG} ${TSIG}`), packet([1, 0, 0, 0], QUESTION, '8001')],
      ['RFC 8945 §5.2 a signature that is not the last record: FORMERR', packet([1, 0, 0, 2], `${QUESTION} ${TSIG} ${record(1, '7f000001')}`), packet([1, 0, 0, 0], QUESTION, '8001')],
      ['RFC 8945 §5.2 a signature among the answers: FORMERR', packet([1, 1, 0, 0], `${QUESTION} ${TSIG}`), packet([1, 0, 0, 0], QUESTION, '8001')],
      ['RFC 8945 §4.2 a signature that ends early: FORMERR', packet([1, 0, 0, 1], `${QUESTION} 03 "key" 00 00fa 00ff 00000000 0009 03 "alg" 00 000000 00`), packet([1, 0, 0, 0], QUESTION, '8001')],
      ['RFC 8945 §4.2 a signature of class IN: FORMERR', packet([1, 0, 0, 1], `${QUESTION} ${TSIG.replace('00fa 00ff', '00fa 0001')}`), packet([1, 0, 0, 0], QUESTION, '8001')],
      ['two OPTs: FORMERR', packet([1, 0, 0, 2], `${QUESTION} 00 0029 04d0 00000000 0000 00 0029 04d0 00000000 0000`), packet([0, 0, 0, 0], '', '8001')],
    ];
    for (const [what, octets, expected] of REFUSED) {
      it(what, async () => expect(Buffer.from(octetsOf(await answer(octets, UDP)) ?? []).toString('hex')).to.equal(Buffer.from(expected).toString('hex')));
    }
  });

  describe('with RA=1 by a handler that recurses, by no other (RFC 1035 §4.1.1)', () => {
    const EDNS_1 = packet([1, 0, 0, 1], `${QUESTION} 00 0029 04d0 00010000 0000`);
    const CASES: readonly [what: string, octets: Uint8Array, handler: DnsHandler][] = [
      ['an answer', encodeMessage(query('a')), smallHandler],
      ['a malformed query', packet([1, 0, 0, 0], ''), never],
      ['no question', packet([0, 0, 0, 0], ''), never],
      ['NOTIFY', packet([1, 0, 0, 0], QUESTION, '2000'), never],
      ['EDNS version 1', EDNS_1, never],
      ['a handler that fails', encodeMessage(query('a')), never],
      ['a handler that fails later', encodeMessage(query('a')), () => Promise.reject(new Error('later'))],
      ['REFUSED', encodeMessage(query('a')), ({ message: asked }) => createResponse(asked, { rcode: RCODE.REFUSED })],
    ];
    for (const [what, octets, handler] of CASES) {
      it(what, async () => {
        const recursive: DnsHandler = Object.assign((...asked: Parameters<DnsHandler>) => handler(...asked), { recursive: true });
        expect((await answered(createAnswerer(recursive, silentLog), octets)).recursionAvailable).to.equal(true);
        expect((await answered(createAnswerer(handler, silentLog), octets)).recursionAvailable).to.equal(false);
      });
    }
  });

  describe('by the handler', () => {
    const answer = createAnswerer(smallHandler, silentLog);

    it('at once, when it knows at once', () => {
      expect(answer(encodeMessage(query('a')), UDP)).to.be.an.instanceOf(Uint8Array);
    });

    it('with the question in its letter case', async () => {
      const { questions, answers } = await answered(answer, query('FiLe1.HerCDN.com'));
      expect([questions[0]?.name, answers[0]?.name].map(String)).to.deep.equal(['FiLe1.HerCDN.com.', 'FiLe1.HerCDN.com.']);
    });

    it('with an OPT exactly when the query has one, whatever the handler says (RFC 6891 §7)', async () => {
      const withOpt = createAnswerer((asked) => createResponse(asked.message, { edns: createEdns() }), silentLog);
      const without = createAnswerer((asked) => createResponse(asked.message, { edns: undefined }), silentLog);
      expect((await answered(withOpt, query('a'))).edns).to.equal(undefined);
      expect((await answered(without, query('a', TYPE.A, { edns: createEdns({ dnssecOk: true }) }))).edns).to.deep.equal(createEdns({ dnssecOk: true }));
    });

    it('with this query’s ID, question and QR, whatever the handler says', async () => {
      const foreign = createAnswerer(() => ({ ...createResponse(query('another')), id: 9, opcode: 4, response: false }), silentLog);
      const { id, response, opcode, questions } = await answered(foreign, query('a'));
      expect({ id, response, opcode, name: String(questions[0]?.name) }).to.deep.equal({ id: 0x1234, response: true, opcode: 0, name: 'a.' });
    });

    describe('with the options that are the transport’s', () => {
      const timed = createAnswerer(smallHandler, silentLog, { tcpIdleMs: 10_000 });
      const keepalive = encodeTcpKeepalive({ timeoutMs: undefined });
      const optionsOf = async (answer: Answerer, options: readonly EdnsOption[], peer: Peer): Promise<readonly EdnsOption[] | undefined> =>
        (await answered(answer, query('a', TYPE.A, { edns: createEdns({ options }) }), peer)).edns?.options;

      it('RFC 7828 §3.3.2: over TCP, how long a connection is kept, to who asks', async () => {
        expect(await optionsOf(timed, [keepalive], TCP)).to.deep.equal([encodeTcpKeepalive({ timeoutMs: 10_000 })]);
        expect(await optionsOf(timed, [encodeTcpKeepalive({ timeoutMs: 5 })], TCP)).to.deep.equal([encodeTcpKeepalive({ timeoutMs: 10_000 })]);
        expect(await optionsOf(timed, [], TCP)).to.deep.equal([]);
        expect(await optionsOf(answer, [keepalive], TCP)).to.deep.equal([]);
      });

      it('RFC 7828 §3.3.1: over UDP the question is ignored', async () => expect(await optionsOf(timed, [keepalive], UDP)).to.deep.equal([]));

      it('RFC 7828 §3.3.2: behind the options of the handler', async () => {
        const nsid = encodeNsid('ns1');
        const named = createAnswerer(({ message: asked }) => createResponse(asked, { edns: createEdns({ options: [nsid] }) }), silentLog, { tcpIdleMs: 100 });
        expect(await optionsOf(named, [keepalive], TCP)).to.deep.equal([nsid, encodeTcpKeepalive({ timeoutMs: 100 })]);
      });

      it('RFC 7830 §6: no padding where nothing is encrypted', async () => {
        for (const peer of [UDP, TCP]) expect(await optionsOf(timed, [encodePadding(100)], peer)).to.deep.equal([]);
      });
    });

    // EDNS size, transport, the most that may be sent
    const SIZES: readonly [size: number | undefined, transport: 'udp' | 'tcp', most: number][] = [
      [undefined, 'udp', 512], [0, 'udp', 512], [511, 'udp', 512], [900, 'udp', 900], [1232, 'udp', 1232], [4096, 'udp', 1232], [65_535, 'udp', 1232],
      [undefined, 'tcp', 65_535], [512, 'tcp', 65_535],
    ];
    for (const [size, transport, most] of SIZES) {
      it(`up to ${most} octets over ${transport} for a payload size of ${size ?? 'none'}`, async () => {
        // As many octets of data as fill the answer to the brim, and then one more.
        const filled = (surplus: number): Answerer =>
          createAnswerer(({ message: asked, question }) => {
            const empty = createResponse(asked, { answers: [{ name: question.name, type: 731, class: 1, ttl: 0, data: { kind: 'unknown', octets: new Uint8Array(0) } }] });
            const octets = new Uint8Array(most - encodeMessage(empty).length + surplus);
            return { ...empty, answers: [{ name: question.name, type: 731, class: 1, ttl: 0, data: { kind: 'unknown', octets } }] };
          }, silentLog);
        const asked = query('a', 731, size === undefined ? {} : { edns: createEdns({ udpPayloadSize: size }) });
        const peer = transport === 'udp' ? UDP : TCP;
        const whole = await answered(filled(0), asked, peer);
        expect([whole.truncated, whole.answers.length]).to.deep.equal([false, 1]);
        const cut = await answered(filled(1), asked, peer);
        expect([cut.truncated, cut.answers.length]).to.deep.equal([true, 0]);
      });
    }

    const broken: readonly [what: string, handler: DnsHandler][] = [
      ['throws', never],
      ['rejects', () => Promise.reject(new Error('this must not reach the handler'))],
      ['throws no error', () => { throw undefined as unknown as Error; }],
      ['answers what cannot be encoded', ({ message: asked, question }) => createResponse(asked, { answers: [{ name: question.name, type: 1, class: 1, ttl: 0, data: { kind: 'A', address: 'nowhere' } }] })],
      ['answers nothing', () => undefined as unknown as DnsMessage],
      ['answers nothing later', () => Promise.resolve(undefined as unknown as DnsMessage)],
    ];
    for (const [what, handler] of broken) {
      it(`SERVFAIL from one that ${what}, and a line in the log`, async () => {
        const lines: LogLine[] = [];
        const answer = createAnswerer(handler, createLog((line) => lines.push(line)));
        const { rcode, questions, edns } = await answered(answer, query('a.example', TYPE.A, { edns: createEdns() }));
        expect([formatRcode(rcode), String(questions[0]?.name), edns]).to.deep.equal(['SERVFAIL', 'a.example.', createEdns()]);
        expect(lines.map(({ level }) => level)).to.deep.equal(['error']);
        expect(lines[0]?.message).to.match(/^answering a\.example\. for 127\.0\.0\.1:4321 failed: /);
      });
    }
  });

  itWhen(CORPUS, '../shared/corpus/dns', 'RFC 8906 §3: each of the hostile packets that is a query, and nothing else, under its ID', async () => {
    const answer = createAnswerer(({ message: asked }) => createResponse(asked), silentLog);
    let replies = 0;
    for (const octets of readCorpus()) {
      const given = await answer(octets, UDP);
      const isQuery = octets.length >= 12 && ((octets[2] as number) & 0x80) === 0;
      expect(given !== undefined).to.equal(isQuery);
      if (!given || isStream(given)) continue;
      replies += 1;
      const reply = message(given);
      expect([reply.id, reply.response, given.length <= 1232]).to.deep.equal([((octets[0] as number) << 8) | (octets[1] as number), true, true]);
    }
    expect(replies).to.be.greaterThan(1000);
  });
});
