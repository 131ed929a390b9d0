// dig, kdig, delv and drill read what an authority says of every kind, and find nothing to warn of.

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.js';
import { systemRandom } from '../../../src/base/random.js';
import { createAuthority, createServerCookies, loadZoneFile } from '../../../src/dns/index.js';
import { createDnsServer, type DnsServer } from '../../../src/net/dns/server.js';
import { silentLog } from '../../../src/observe/log.js';
import { PROJECT } from '../../helpers/process.js';
import { itWith } from '../../helpers/programs.js';

const run = promisify(execFile);
const FOLDER = path.join(PROJECT, 'test/fixtures/zones');
/** Question, and a word that must be in the program's account of the answer. */
const QUESTIONS: readonly (readonly [type: string, name: string, word: string])[] = [
  ['A', 'www.plain.test', '192.0.2.82'],
  ['MX', 'plain.test', 'mail2'],
  ['SRV', '_http._tcp.plain.test', 'www'],
  ['TXT', 'txt.plain.test', 'a string with blanks'],
  ['A', 'seven.alias.test', '192.0.2.80'],
  ['TXT', 'made.up.wild.test', 'this is a wildcard'],
  ['A', 'a\\.b.escape.test', '192.0.2.1'],
  ['TYPE731', 'type731.types.test', 'abcdef012345'],
];
/** Its options; `negative`: what it says of NXDOMAIN. */
const PROGRAMS: readonly { readonly name: string; readonly options: readonly string[]; readonly negative: RegExp }[] = [
  { name: 'dig', options: ['+norec'], negative: /status: NXDOMAIN/ },
  { name: 'kdig', options: ['+norec', '+cookie'], negative: /status: NXDOMAIN/ },
  { name: 'delv', options: ['-i', '+noroot'], negative: /resolution failed: (ncache )?nxdomain/ },
  { name: 'drill', options: ['-o', 'rd'], negative: /rcode: NXDOMAIN/ },
];

describe('an authority is understood by', () => {
  let server: DnsServer;
  before(async () => {
    const env = { clock: systemClock, log: silentLog };
    const zones = await Promise.all(readdirSync(FOLDER).map((file) => loadZoneFile(path.join(FOLDER, file), env)));
    server = createDnsServer({ endpoint: { address: '127.0.0.1', port: 0 } }, createAuthority({ zones, cookies: createServerCookies({ ...env, random: systemRandom }) }, env), env);
    await server.start();
  });
  after(() => server.stop());

  for (const { name, options, negative } of PROGRAMS) {
    const asked = async (program: string, type: string, owner: string): Promise<string> => {
      const { stdout, stderr } = await run(program, name === 'drill' ? ['-p', String(server.endpoint.port), ...options, owner, '@127.0.0.1', type] : ['@127.0.0.1', '-p', String(server.endpoint.port), ...options, owner, type]);
      return stdout + stderr;
    };
    itWith(name, `${name}, in answers of all kinds`, async (program) => {
      for (const [type, owner, word] of QUESTIONS) {
        const account = await asked(program, type, owner);
        expect(account.replace(/ /g, '').toLowerCase(), `${type} ${owner}`).to.include(word.replace(/ /g, '').toLowerCase());
        expect(account, `${type} ${owner}`).to.not.match(/warning|malformed|\berror|mismatch/i);
      }
    });
    itWith(name, `${name}, in an answer that there is nothing`, async (program) => {
      expect(await asked(program, 'A', 'nothing.plain.test')).to.match(negative).and.to.not.match(/warning|malformed|mismatch/i);
    });
  }
});
