// The tests of RFC 8906 §8, each asked of an authority over a socket with dig as the RFC has it: every
// query is answered, and what isn't known is ignored or refused in the standard's words.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.js';
import { systemRandom } from '../../../src/base/random.js';
import { createAuthority, createServerCookies } from '../../../src/dns/index.js';
import { createDnsServer, type DnsServer } from '../../../src/net/dns/server.js';
import { silentLog } from '../../../src/observe/log.js';
import { zoneOf } from '../../helpers/dns.js';
import { itWith } from '../../helpers/programs.js';

const run = promisify(execFile);
const ZONE = zoneOf('$ORIGIN example.test.\n$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.53\n');
const EDNS_ECHO = /EDNS: version: 0, flags:;/;

/** What must be in dig's account, and what must not. */
const CASES: readonly (readonly [section: string, words: string, present: readonly RegExp[], absent: readonly RegExp[]])[] = [
  ['§8.1.1 is the server configured for the zone?', '+noedns +noad +norec soa example.test', [/status: NOERROR/, /flags: qr aa;/, /SOA\s+ns\.example/], [/EDNS/]],
  ['§8.1.2 unknown types', '+noedns +noad +norec type1000 example.test', [/status: NOERROR/, /flags: qr aa;/, /ANSWER: 0/], [/EDNS/]],
  ['§8.1.3.1 CD=1', '+noedns +noad +norec +cd soa example.test', [/status: NOERROR/, /SOA\s+ns\.example/], []],
  ['§8.1.3.2 AD=1', '+noedns +norec +ad soa example.test', [/status: NOERROR/, /SOA\s+ns\.example/], [/flags:[^;]* ad/]],
  ['§8.1.3.3 the reserved bit', '+noedns +noad +norec +zflag soa example.test', [/status: NOERROR/, /SOA\s+ns\.example/], [/MBZ/]],
  ['§8.1.3.4 recursion is not offered', '+noedns +noad +rec soa example.test', [/status: NOERROR/, /SOA\s+ns\.example/], [/flags:[^;]* ra/]],
  ['§8.1.4 unknown opcodes', '+noedns +noad +opcode=15 +norec +header-only', [/status: NOTIMP/, /opcode: RESERVED15/], []],
  ['§8.1.5 TCP', '+noedns +noad +norec +tcp soa example.test', [/status: NOERROR/, /SOA\s+ns\.example/], []],
  ['§8.2.1 minimal EDNS', '+nocookie +edns=0 +noad +norec soa example.test', [/status: NOERROR/, EDNS_ECHO, /SOA\s+ns\.example/], []],
  ['§8.2.2 EDNS version 1', '+nocookie +edns=1 +noednsneg +noad +norec soa example.test', [/status: BADVERS/, EDNS_ECHO, /ANSWER: 0/], []],
  ['§8.2.3 unknown options', '+nocookie +edns=0 +noad +norec +ednsopt=100 soa example.test', [/status: NOERROR/, EDNS_ECHO, /SOA\s+ns\.example/], [/OPT=100/]],
  ['§8.2.4 unknown flags', '+nocookie +edns=0 +noad +norec +ednsflags=0x40 soa example.test', [/status: NOERROR/, EDNS_ECHO, /SOA\s+ns\.example/], [/MBZ/]],
  ['§8.2.5 version 1 with unknown flags', '+nocookie +edns=1 +noednsneg +noad +norec +ednsflags=0x40 soa example.test', [/status: BADVERS/, EDNS_ECHO], [/MBZ/, /SOA\s+ns\./]],
  ['§8.2.6 version 1 with unknown options', '+nocookie +edns=1 +noednsneg +noad +norec +ednsopt=100 soa example.test', [/status: BADVERS/, EDNS_ECHO], [/OPT=100/, /SOA\s+ns\./]],
  ['§8.2.7 truncated answers', '+norec +dnssec +bufsize=512 +ignore dnskey example.test', [/status: NOERROR/, /EDNS: version: 0/], []],
  ['§8.2.8 DO=1', '+nocookie +edns=0 +noad +norec +dnssec soa example.test', [/status: NOERROR/, /EDNS: version: 0, flags: do;/, /SOA\s+ns\.example/], []],
  ['§8.2.9 version 1 with DO=1', '+nocookie +edns=1 +noednsneg +noad +norec +dnssec soa example.test', [/status: BADVERS/, /EDNS: version: 0/], [/SOA\s+ns\./]],
  ['§8.2.10 many defined options', '+edns=0 +noad +norec +cookie +nsid +expire +subnet=0.0.0.0/0 soa example.test', [/status: NOERROR/, /COOKIE: [0-9a-f]{48} \(good\)/, /SOA\s+ns\.example/], []],
];

describe('RFC 8906', () => {
  let server: DnsServer;
  before(async () => {
    const env = { clock: systemClock, log: silentLog };
    server = createDnsServer({ endpoint: { address: '127.0.0.1', port: 0 } }, createAuthority({ zones: [ZONE], cookies: createServerCookies({ ...env, random: systemRandom }) }, env), env);
    await server.start();
  });
  after(() => server.stop());

  for (const [section, words, present, absent] of CASES) {
    itWith('dig', section, async (dig) => {
      const { stdout } = await run(dig, ['@127.0.0.1', '-p', String(server.endpoint.port), '+tries=1', '+time=5', ...words.split(' ')]);
      for (const pattern of present) expect(stdout).to.match(pattern);
      for (const pattern of [...absent, /malformed/i]) expect(stdout).to.not.match(pattern);
      // dig has one warning of its own, for whoever asks for recursion.
      expect(stdout.replace(/^;; WARNING: recursion requested but not available$/m, '')).to.not.match(/warning/i);
    });
  }
});
