// Every record type as strangers read it: our server sends it, dig and kdig write it as text, and that
// text is the very data that was sent.

import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createResponse } from '../../../../src/net/dns/build.js';
import { CLASS, TYPE, type DnsHandler, type RData } from '../../../../src/net/dns/message.js';
import { Name } from '../../../../src/net/dns/name.js';
import { formatRData, formatType, parseRData } from '../../../../src/net/dns/text.js';
import { useParties } from '../../../fixtures/dns/parties.js';
import { tokens } from '../../../fixtures/dns/tokens.js';
import { itWith } from '../../../helpers/programs.js';

const run = promisify(execFile);

const TEXTS: readonly (readonly [type: Exclude<keyof typeof TYPE, 'OPT' | 'IXFR' | 'AXFR' | 'ANY'>, text: string])[] = [
  ['A', '192.0.2.1'],
  ['AAAA', '2001:db8::1:0:0:1'],
  ['NS', 'ns1.example.com.'],
  ['PTR', 'a\\.b.example.com.'],
  ['DNAME', 'elsewhere.example.net.'],
  ['SOA', 'ns1.example.com. admin.example.com. 2026112201 3600 900 604800 300'],
  ['MX', '10 mail.example.com.'],
  ['TXT', '"plain" "a \\"quote\\", a \\\\ and \\255" ""'],
  ['HINFO', '"RFC8482" ""'],
  ['SRV', '0 5 40721 store-1.example.com.'],
  ['NAPTR', '100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .'],
  ['CAA', '128 issue "ca1.example.net; account=230123"'],
  ['DS', '60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118'],
  ['CDS', '0 0 0 00'],
  ['DNSKEY', '257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ=='],
  ['CDNSKEY', '0 3 0 AA=='],
  ['RRSIG', 'MX 13 2 3600 20260322173103 20260220173103 55648 example.com. AQIDBAUGBwgJCgsMDQ4PEA=='],
  ['NSEC', 'host.example.com. A MX RRSIG NSEC TYPE1234'],
  ['NSEC3', '1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr'],
  ['NSEC3', '1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG CAA'],
  ['NSEC3', '1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr A'],
  ['NSEC3PARAM', '1 0 12 aabbccdd'],
  ['TLSA', '3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971'],
  ['SSHFP', '4 2 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971'],
  ['SVCB', '0 foo.example.com.'],
  ['SVCB', '16 foo.example.org. mandatory=alpn,ipv4hint alpn="h2,h3-19" ipv4hint=192.0.2.1'],
  ['HTTPS', '1 . alpn="h2,h3" no-default-alpn port=8443 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1 key667="hello\\210qoo"'],
  ['HTTPS', '1 . alpn="f\\\\\\\\oo\\\\,bar,h2"'],
  ['V', 'file1.example.com. "video1"'],
];

/** dig takes an NSEC3 record only from an owner that is a hash (RFC 5155 §3). */
const HASHED = '2t7b4g4vsa5smi47k61mv5bv1a22bojr';

const dataOf = (type: number, text: string): RData => {
  const parsed = parseRData(type, tokens(text), Name.root);
  if (parsed.kind === 'error') throw new Error(`${formatType(type)} ${text}: ${parsed.why}`);
  return parsed.data;
};

/** Answers with the text of TEXTS that the second label counts. */
const handler: DnsHandler = ({ message, question }) => {
  const [type, text] = TEXTS[Number(String(question.name).split('.')[1])] ?? ['A', '192.0.2.0'];
  return createResponse(message, { answers: [{ name: question.name, type: TYPE[type], class: CLASS.IN, ttl: 20, data: dataOf(TYPE[type], text) }] });
};

describe('every record type, served to strangers', () => {
  const parties = useParties();
  const words: Readonly<Record<string, readonly string[]>> = { dig: ['-r', '+tries=1', '+noall', '+answer'], kdig: ['+retry=0', '+noall', '+answer'] };
  for (const [program, flags] of Object.entries(words)) {
    itWith(program, `${program} writes the text that is this data, and ours`, async (path) => {
      const { endpoint } = await parties.server(handler);
      for (const [index, [type, text]] of TEXTS.entries()) {
        const { stdout } = await run(path, [`@${endpoint.address}`, '-p', String(endpoint.port), ...flags, '-t', `TYPE${TYPE[type]}`, '-q', `${HASHED}.${index}.example.com`]);
        const written = /^\S+\s+20\s+IN\s+\S+\s*(.*)$/m.exec(stdout)?.[1] ?? stdout;
        const data = dataOf(TYPE[type], written);
        expect(data, `${type} ${written}`).to.deep.equal(dataOf(TYPE[type], text));
        expect(formatRData(data)).to.equal(text);
      }
    }).timeout(60_000);
  }

  it('every type has a text', () => {
    const meta = new Set<number>([TYPE.OPT, TYPE.TSIG, TYPE.IXFR, TYPE.AXFR, TYPE.ANY, TYPE.CNAME]);
    const told = new Set<number>(TEXTS.map(([type]) => TYPE[type]));
    expect(Object.values(TYPE).filter((type) => !meta.has(type) && !told.has(type)).map(formatType)).to.deep.equal([]);
  });
});
