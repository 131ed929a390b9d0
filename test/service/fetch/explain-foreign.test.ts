// With servers that are not ours the story is told as far as can be seen, and says where sight ends.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { CdnError } from '../../../src/base/errors.js';
import { systemClock } from '../../../src/base/clock.js';
import { systemRandom } from '../../../src/base/random.js';
import { createExplainer, parseTraceName, renderExplanation, traceName, type Explanation, type TraceReport } from '../../../src/fetch/index.js';
import type { Endpoint } from '../../../src/net/address.js';
import { createDnsExchange } from '../../../src/net/dns/exchange.js';
import { TYPE } from '../../../src/net/dns/message.js';
import { createHttpClient } from '../../../src/net/http/client.js';
import { freePort } from '../../helpers/free-port.js';
import { useProcesses } from '../../helpers/process.js';
import { itWith } from '../../helpers/programs.js';
import { useTempFolders } from '../../helpers/temp.js';
import { a, table, useParties } from './parties.js';

const HERE = '127.0.0.1';

describe('fetch: explained, with servers that are not ours', () => {
  const parties = useParties();
  const processes = useProcesses();
  const newFolder = useTempFolders();

  async function trace(name: string, type: number, dns: Endpoint): Promise<{ explanation: Explanation; report: TraceReport | undefined; error: unknown }> {
    const explainer = createExplainer(name);
    const env = { clock: systemClock, random: systemRandom, exchange: createDnsExchange({ clock: systemClock, random: systemRandom }), http: createHttpClient({ clock: systemClock }), lookup: () => Promise.resolve([]) };
    try {
      const report = await traceName({ name: parseTraceName(name), type }, { dns, systemResolver: false, timeoutMs: 3000 }, env, (event) => explainer.hear(event), new AbortController().signal);
      return { report, error: undefined, explanation: explainer.finish({ answered: report }) };
    } catch (error) {
      return { report: undefined, error, explanation: explainer.finish({ error }) };
    }
  }

  async function startUnbound(program: string): Promise<Endpoint> {
    const port = await freePort();
    const folder = await newFolder();
    const file = path.join(folder, 'unbound.conf');
    await writeFile(file, `server:\n  interface: 127.0.0.1@${port}\n  username: ""\n  chroot: ""\n  directory: "${folder}"\n  pidfile: ""\n  use-syslog: no\n  logfile: ""\n  verbosity: 1\n  module-config: "iterator"\n  local-zone: "a.test." static\n  local-data: "www.a.test. 60 IN A 192.0.2.1"\n  local-data: 'a.test. 60 IN TXT "hello"'\nremote-control:\n  control-enable: no\n`);
    await processes.start(program, ['-d', '-c', file]).printed(/start of service/);
    return { address: HERE, port };
  }

  async function startDnsmasq(program: string): Promise<Endpoint> {
    const port = await freePort();
    await processes.start(program, ['-k', '--conf-file=/dev/null', `--port=${port}`, `--listen-address=${HERE}`, '--bind-interfaces', '--no-resolv', '--no-hosts', '--pid-file=', '--log-facility=-', '--address=/a.test/192.0.2.1', '--user=root']).printed(/started, version/);
    return { address: HERE, port };
  }

  function tellsWhereSightEnds(explanation: Explanation, dns: Endpoint): void {
    expect(explanation.messages.map(({ number, sight }) => `${number} ${sight}`)).to.deep.equal(['3 seen', '4 not-visible', '5 not-visible', '6 not-visible', '7 not-visible', '8 seen']);
    expect(explanation.unseen).to.deep.equal([`messages 4 to 7: ${HERE}:${dns.port} gives no account`]);
    expect(explanation.caches.resolver).to.equal('unknown');
  }

  itWith('unbound', 'unbound as the resolver', async (program) => {
    const dns = await startUnbound(program);
    const { report, explanation } = await trace('www.a.test', TYPE.A, dns);
    expect(report).to.deep.include({ name: 'www.a.test.', type: 'A', rcode: 'NOERROR', records: ['www.a.test. 60 IN A 192.0.2.1'], dns });
    tellsWhereSightEnds(explanation, dns);
    expect((await trace('a.test', TYPE.TXT, dns)).report?.records).to.deep.equal(['a.test. 60 IN TXT "hello"']);
    const missing = await trace('nobody.a.test', TYPE.A, dns);
    expect(missing.error).to.be.instanceOf(CdnError).and.include({ code: 'NO_SUCH_NAME', exit: 3 });
    tellsWhereSightEnds(missing.explanation, dns);
    expect((await trace('www.a.test', TYPE.MX, dns)).error).to.include({ code: 'NO_SUCH_NAME' });
  });

  itWith('dnsmasq', 'dnsmasq as the resolver', async (program) => {
    const dns = await startDnsmasq(program);
    const { report, explanation } = await trace('www.a.test', TYPE.A, dns);
    expect(report?.records.map((line) => line.split(' ').slice(2).join(' '))).to.deep.equal(['IN A 192.0.2.1']);
    tellsWhereSightEnds(explanation, dns);
    const refused = await trace('elsewhere.test', TYPE.A, dns);
    expect(refused.error).to.include({ code: 'DNS_FAILURE', exit: 4 });
    expect(refused.explanation.messages.at(-1)?.what).to.equal('REFUSED');
  });

  itWith('nginx', 'nginx as the store', async (program) => {
    const folder = await newFolder();
    const port = await freePort();
    const content = Buffer.from('a film '.repeat(3000));
    await writeFile(path.join(folder, 'film.mp4'), content);
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${folder}/${what};`).join(' ');
    await writeFile(path.join(folder, 'nginx.conf'), `daemon off; master_process off; pid ${folder}/pid; error_log stderr notice; events {} http { access_log off; ${paths} server { listen ${HERE}:${port}; root ${folder}; location /cached { alias ${folder}/film.mp4; add_header Cache-Status 'edge.example; hit; ttl=9'; } } }`);
    await processes.start(program, ['-p', folder, '-c', path.join(folder, 'nginx.conf'), '-e', 'stderr']).printed(/nginx\/\d/);
    const dns = await parties.dns(table({ 'A film.test': { answers: [a('film.test', HERE)] } }));
    const explain = async (target: string): Promise<Explanation> => {
      const explainer = createExplainer(target);
      const { report, error } = await parties.run(parties.fetcher({ dns }), { target, watched: true }, { onEvent: (event) => explainer.hear(event) });
      return explainer.finish(report === undefined ? { error } : { report });
    };
    const plain = await explain(`http://film.test:${port}/film.mp4`);
    expect(plain.outcome).to.include({ kind: 'done', bytes: content.length, digest: 'not promised' });
    expect(plain.unseen.at(-1)).to.match(new RegExp(`behind server ${HERE}:${port}: .*no Cache-Status`));
    expect(plain.waterfall.map(({ kind }) => kind)).to.deep.equal(['dns', 'dns', 'connect', 'wait', 'transfer']);
    const cached = await explain(`http://film.test:${port}/cached`);
    expect(cached.caches.stores).to.deep.equal([{ endpoint: `${HERE}:${port}`, steps: [{ cache: 'edge.example', hit: true, ttlSeconds: 9 }] }]);
    expect(Buffer.from(await renderExplanation('text', cached, [], 80)).toString('utf8')).to.include('cache edge.example hit, TTL 9 s');
  });

  it('what is no name', () => {
    for (const text of ['', 'a b', 'a/b', 'a..b', 'x'.repeat(64)]) expect(() => parseTraceName(text), text).to.throw(CdnError, 'no domain name');
  });
});
