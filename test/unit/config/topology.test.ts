// What a topology file may say, and what is said of one that is wrong: everything, each with its path.

import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CdnError } from '../../../src/base/errors.js';
import { NO_TOPOLOGY, loadTopology, resolveHealth, resolveRouting } from '../../../src/config/index.js';
import { ROUTING_DEFAULTS } from '../../../src/config/routing.js';
import { POLICIES, WHEN_ALL_DOWN } from '../../../src/config/schema.js';
import { POLICIES as ORDERS } from '../../../src/dns/routing.js';
import { WHEN_ALL_DOWN as RULES } from '../../../src/dns/policies/all-down.js';
import { PROJECT } from '../../helpers/process.js';
import { useTempFolders } from '../../helpers/temp.js';

describe('a topology file', () => {
  const tempFolder = useTempFolders();

  async function write(text: string, name = 'topology.yaml'): Promise<string> {
    const file = path.join(await tempFolder(), name);
    await writeFile(file, text);
    return file;
  }
  async function problemsOf(text: string): Promise<readonly string[]> {
    const error: unknown = await loadTopology(await write(text)).then(() => undefined, (thrown: unknown) => thrown);
    if (!(error instanceof CdnError)) return [];
    expect([error.code, error.exit]).to.deep.equal(['USAGE', 2]);
    return error.details['problems'] as readonly string[];
  }

  it('says all that the example says', async () => {
    const { stores, routing, health } = await loadTopology(path.join(PROJECT, 'examples', 'topology.yaml'));
    expect(stores).to.have.length(4);
    expect(stores?.[0]).to.deep.include({ id: 'vienna-1', address: { address: '127.0.0.1', port: 40_721 }, rate: 10_000_000, capacity: 200, coordinates: { latitude: 48.2, longitude: 16.37 }, region: 'eu' });
    expect(stores?.[2]?.coordinates).to.deep.equal({ latitude: 34.69, longitude: 135.5 });
    expect(stores?.[3]?.backup).to.equal(true);
    expect(routing).to.deep.equal({ policy: ['nearest', 'rendezvous'], ttlMs: 20_000, take: { least: 1, most: 8 }, whenAllDown: 'backup', map: path.join(PROJECT, 'examples', 'networks.map'), mmdb: undefined });
    expect(health).to.deep.equal({ intervalMs: 2000, timeoutMs: 1000, rise: 2, fall: 3 });
  });
  it('may be JSON', async () => expect((await loadTopology(await write('{"stores": [{"drain": true}], "routing": {"policy": ["weighted"]}}'))).stores?.[0]?.drain).to.equal(true));
  it('may be empty', async () => expect(await loadTopology(await write('# nothing\n'))).to.deep.equal(NO_TOPOLOGY));

  const cases: readonly (readonly [rule: string, text: string, problems: readonly string[]])[] = [
    ['a value', 'stores: [{}, {}, {rate: fast}]', ['stores[2].rate: expected a rate such as "8Mbit/s" or "500kB/s", got "fast"']],
    ['several at once', 'stores: [{weight: -1, capacity: 0, coordinates: [91, 0]}]\nhealth: {interval: 2, rise: 1.5}', [
      'stores[0].weight: expected a whole number from 0 to 1000000, got -1',
      'stores[0].capacity: expected a whole number from 1 to 100000000, got 0',
      'stores[0].coordinates: expected latitude and longitude such as "48.2, 16.37", got [91,0]',
      'health.interval: expected a time such as "2s", got 2',
      'health.rise: expected a whole number from 1 to 100, got 1.5',
    ]],
    ['a boolean that YAML 1.2 has no longer', 'stores: [{drain: yes}]', ['stores[0].drain: expected true or false, got "yes"']],
    ['a name', 'routing: {polcy: failover}\nstore: []', ['routing.polcy: no such setting: did you mean policy?', 'store: no such setting: did you mean stores?']],
    ['one policy of a list', 'routing: {policy: [failover, nearby]}', [`routing.policy[1]: expected one of ${POLICIES.join(', ')}, got "nearby"`]],
    ['a range', 'routing: {take: 3-2}', ['routing.take: expected a number from 1 to 8, or a range such as "1-8", got "3-2"']],
    ['the kind of a value', 'stores: {}\nrouting: []\nhealth: 3', ['stores: expected a list, got a mapping', 'routing: expected a mapping of names to values, got an empty list', 'health: expected a mapping of names to values, got 3']],
    ['the kind of a store', 'stores: [127.0.0.1:1]', ['stores[0]: expected a mapping of names to values, got "127.0.0.1:1"']],
    ['the file', '- a\n', ['the file: expected a mapping of names to values, got ["a"]']],
    ['two stores of one name', 'stores: [{id: store-2}, {}]', ['stores[1].id: expected another id than that of stores[0], got "store-2"']],
    ['no stores', 'stores: []', ['stores: expected 1 to 64 stores, got 0']],
    ['a key twice', 'routing: {ttl: 1s}\nrouting: {ttl: 2s}\n', ['2:1: Map keys must be unique']],
    ['its syntax', 'stores: [\n', ['2:1: Flow sequence in block collection must be sufficiently indented and end with a ]']],
  ];
  for (const [rule, text, problems] of cases) it(`${rule}: ${JSON.stringify(text)}`, async () => expect(await problemsOf(text)).to.deep.equal(problems));

  it('that isn’t there is told by its name', async () => {
    const error: unknown = await loadTopology('/nowhere/topology.yaml').catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(CdnError).with.property('message').that.matches(/^cannot read the topology \/nowhere\/topology\.yaml: /);
  });
});

describe('settings', () => {
  it('have the policies and rules that routing has', () => {
    expect([...POLICIES].sort()).to.deep.equal(Object.keys(ORDERS).sort());
    expect(WHEN_ALL_DOWN).to.deep.equal(RULES);
  });
  it('are the defaults where nobody says', () => expect(resolveRouting({}, NO_TOPOLOGY)).to.deep.equal(ROUTING_DEFAULTS));
  it('are the flag’s before the topology’s', () => {
    const topology = { ...NO_TOPOLOGY, routing: { ...NO_TOPOLOGY.routing, policy: ['weighted' as const], ttlMs: 5000 } };
    expect(resolveRouting({ policies: ['failover'] }, topology)).to.include({ ttlSeconds: 5 }).and.have.deep.property('policies', ['failover']);
  });

  const said = (run: () => unknown): string => {
    try {
      run();
      return '';
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
  };
  const store = { id: undefined, address: undefined, rate: undefined, weight: undefined, capacity: undefined, coordinates: undefined, region: undefined, drain: undefined, backup: undefined };
  const cases: readonly (readonly [rule: string, run: () => unknown, message: RegExp])[] = [
    ['nearest to nowhere', () => resolveRouting({ policies: ['nearest'] }, NO_TOPOLOGY), /^routing\.policy: nearest has to know where clients are/],
    ['a database that nobody asks', () => resolveRouting({ mmdbFile: 'x' }, NO_TOPOLOGY), /^routing\.mmdb: nothing asks where clients are/],
    ['a backup for nothing', () => resolveRouting({}, { ...NO_TOPOLOGY, stores: [store, { ...store, backup: true }] }), /^stores\[1\]\.backup: it would never be used: routing\.whenAllDown is serve-all/],
    ['a timeout that outlasts half the interval', () => resolveHealth({ intervalMs: 1000, timeoutMs: 600 }, NO_TOPOLOGY), /^health\.timeout: expected half of the interval at most \(500 ms\), got 600 ms/],
  ];
  for (const [rule, run, message] of cases) it(`contradict: ${rule}`, () => expect(said(run)).to.match(message));
  it('keep the timeout within half the interval by themselves', () => expect(resolveHealth({ intervalMs: 200 }, NO_TOPOLOGY).timeoutMs).to.equal(100));
});
