// The same zone files served by us, by nsd and by knotd, and every name and type asked of all three.
// Where we differ from either, the table of differences says why; the zones are in test/fixtures/zones.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../src/base/clock.js';
import { createAuthority, loadZoneFile, type Zone } from '../../src/dns/index.js';
import { createQuery } from '../../src/net/dns/build.js';
import { createEdns } from '../../src/net/dns/edns.js';
import { TYPE, type DnsMessage, type ResourceRecord } from '../../src/net/dns/message.js';
import type { Name } from '../../src/net/dns/name.js';
import { createDnsServer } from '../../src/net/dns/server.js';
import { formatRcode, formatRData, formatType } from '../../src/net/dns/text.js';
import { decodeMessage, encodeMessage } from '../../src/net/dns/wire.js';
import { silentLog } from '../../src/observe/log.js';
import { typeOf } from '../helpers/dns.js';
import { openVolley } from '../helpers/dns-volley.js';
import { startKnot, startNsd, type ZoneSource } from '../helpers/name-servers.js';
import { PROJECT, useProcesses } from '../helpers/process.js';
import { findProgram, itWhen } from '../helpers/programs.js';
import { useTempFolders } from '../helpers/temp.js';

const FOLDER = path.join(PROJECT, 'test/fixtures/zones');
const ZONES: readonly ZoneSource[] = readdirSync(FOLDER).filter((file) => file.endsWith('.zone')).map((file) => ({ apex: file.slice(0, -'.zone'.length), file: path.join(FOLDER, file) }));
const TYPES = ['A', 'NS', 'CNAME', 'SOA', 'PTR', 'MX', 'TXT', 'AAAA', 'SRV', 'TYPE43', 'DNAME', 'TYPE257', 'TYPE65', 'TYPE731', 'TYPE732', 'TYPE65280', 'ANY'].map(typeOf);
/** Enough for names that the zone doesn't have: what they get depends on their place. */
const FEW_TYPES = ['A', 'TXT', 'CNAME', 'TYPE43', 'ANY'].map(typeOf);
const MODES = [
  { title: 'UDP', transport: 'udp', edns: undefined },
  { title: 'UDP with EDNS', transport: 'udp', edns: createEdns() },
  { title: 'TCP', transport: 'tcp', edns: undefined },
  { title: 'TCP with EDNS and DO', transport: 'tcp', edns: createEdns({ dnssecOk: true }) },
] as const;

interface Asked {
  readonly name: Name;
  readonly type: number;
  readonly mode: (typeof MODES)[number];
  readonly zone: Zone;
}

/** Each section a set of records, letter case aside. */
interface Said {
  readonly rcode: string;
  readonly aa: boolean;
  readonly tc: boolean;
  readonly edns: boolean;
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
}
type Part = keyof Said;
const PARTS: readonly Part[] = ['rcode', 'aa', 'tc', 'edns', 'answer', 'authority', 'additional'];

interface Difference {
  readonly why: string;
  readonly parts: readonly Part[];
  applies(asked: Asked, ours: Said, theirs: Said, program: string): boolean;
}

const SECTIONS = ['answer', 'authority', 'additional'] as const;

/** All that we mean to do otherwise than one of the two, and why. */
const DIFFERENCES: readonly Difference[] = [
  {
    why: 'RFC 2181 §9: what has TC=1 is thrown away and asked for again over TCP: it holds nothing, where theirs hold a part',
    parts: SECTIONS,
    applies: (_, ours, theirs) => ours.tc && theirs.tc && SECTIONS.every((part) => ours[part].length === 0),
  },
  {
    why: 'RFC 9471 §3.1: a referral without all its in-domain glue has TC=1; nsd leaves glue out silently',
    parts: ['tc', 'authority', 'additional'],
    applies: ({ mode }, ours, theirs, program) => program === 'nsd' && mode.transport === 'udp' && ours.tc && !ours.aa && theirs.authority.some((line) => line.includes(' ns ')),
  },
  {
    why: 'RFC 2181 §9: of additional records nobody needs each sends as many as fit, in an order of its own',
    parts: ['additional'],
    applies: ({ mode, zone }, ours) => mode.transport === 'udp' && zone.apex.toString() === 'big.test.' && ours.additional.length > 0,
  },
  {
    why: 'RFC 8482 §4.1: which RRset answers ANY is free; knotd gives addresses with it',
    parts: SECTIONS,
    applies: ({ type }, ours, theirs) => type === TYPE.ANY && ours.answer.length > 0 && theirs.answer.length > 0,
  },
  {
    why: 'RFC 1034 §4.3.2 step 6: additional addresses of hosts; nsd with minimal responses gives none but for NS',
    parts: ['additional'],
    applies: (_, ours, theirs, program) => program === 'nsd' && ours.answer.some((line) => / (mx|srv) /.test(line)) && theirs.additional.length === 0,
  },
  {
    why: 'RFC 1034 §4.3.2 step 6: additional addresses from another zone served here',
    parts: ['additional'],
    applies: ({ name }, ours, theirs) => includes(ours.additional, theirs.additional) && ours.additional.every((line) => theirs.additional.includes(line) || otherZone(name, ownerOf(line))),
  },
  {
    why: 'RFC 1034 §4.3.2 step 3a: an alias is followed into another zone served here; knotd stays in one',
    parts: ['rcode', ...SECTIONS],
    applies: ({ name }, ours, theirs, program) => program === 'knotd' && includes(ours.answer, theirs.answer) && theirs.answer.some((line) => line.includes(' cname ') && otherZone(name, line.slice(line.lastIndexOf(' ') + 1))),
  },
  {
    why: 'RFC 1034 §5.2.2: a chain of aliases is followed as far as its limit; that of knotd is five',
    parts: SECTIONS,
    applies: (_, ours, theirs, program) => program === 'knotd' && theirs.answer.length === 5 && theirs.answer.every((line) => line.includes(' cname ')) && includes(ours.answer, theirs.answer),
  },
  {
    why: 'RFC 9471 §3.1 is about a referral; one behind an alias need not be whole, since the client asks anew for what the alias leads to',
    parts: ['tc', 'additional'],
    applies: (_, ours, theirs, program) => program === 'knotd' && theirs.tc && !ours.tc && ours.answer.length > 0 && ours.authority.some((line) => line.includes(' ns ')),
  },
  {
    why: 'RFC 6672 §2.2: a redirection that makes too long a name is YXDOMAIN, behind another one, too; nsd says so of the first only',
    parts: ['rcode'],
    applies: (_, ours, theirs, program) => program === 'nsd' && ours.rcode === 'YXDOMAIN' && theirs.rcode === 'NOERROR' && ours.answer.length >= 2,
  },
  {
    why: 'RFC 2181 §5.2: an RRset has the least of its TTLs, and is never sent with several; nsd sends them as they stand, knotd takes the last',
    parts: ['answer'],
    applies: ({ name }) => name.toString() === 'mixed.untidy.test.',
  },
  {
    why: 'RFC 1035 §5.1: a TTL left out is the last one stated; both take a default of their own',
    parts: ['answer'],
    applies: ({ name, type }) => name.toString() === 'ttl.test.' && type === TYPE.NS,
  },
];

function includes(all: readonly string[], some: readonly string[]): boolean {
  return some.every((line) => all.includes(line));
}

function ownerOf(line: string): string {
  return line.slice(0, line.indexOf(' '));
}

/** Whether `other` is in a zone of this test, and not in the one that `name` is in. */
function otherZone(name: Name, other: string): boolean {
  const zone = zoneHolding(other);
  return zone !== undefined && zone !== zoneHolding(name.toString().toLowerCase());
}

function zoneHolding(name: string): string | undefined {
  const holding = ZONES.map(({ apex }) => `${apex}.`).filter((apex) => name === apex || name.endsWith(`.${apex}`));
  return holding.sort((a, b) => b.length - a.length)[0];
}

function said(octets: Uint8Array | undefined): Said | undefined {
  const decoded = decodeMessage(octets ?? new Uint8Array(0));
  if (decoded.kind !== 'message') return undefined;
  const { message } = decoded;
  return {
    rcode: formatRcode(message.rcode), aa: message.authoritative, tc: message.truncated, edns: message.edns !== undefined,
    answer: section(message.answers), authority: section(message.authorities), additional: section(message.additionals),
  };
}

function section(records: DnsMessage['answers']): readonly string[] {
  const lines = records.map((record: ResourceRecord) => `${record.name} ${record.ttl} ${formatType(record.type)} ${formatRData(record.data)}`.toLowerCase());
  return [...new Set(lines)].sort();
}

function questionsOf(zone: Zone): readonly { name: Name; type: number }[] {
  const asked = new Map<string, { name: Name; type: number }>();
  const add = (name: Name | undefined, types: readonly number[]): void => {
    for (const type of name ? types : []) if (name) asked.set(`${name.key} ${type}`, { name, type });
  };
  for (const { name } of zone.nodes.values()) {
    add(name.prepend('*'), FEW_TYPES);
    add(name.prepend('not-there'), FEW_TYPES);
    add(name.prepend('not.there.either'), FEW_TYPES);
    add(name.prepend('a.*'), FEW_TYPES);
    add(name.parent()?.prepend('~beside'), FEW_TYPES);
  }
  for (const { name } of zone.nodes.values()) add(name, TYPES);
  return [...asked.values()];
}

describe('nsd and knotd say the same of', () => {
  const nsd = findProgram('nsd');
  const knotd = findProgram('knotd');
  const { start } = useProcesses();
  const createFolder = useTempFolders();

  itWhen(nsd !== undefined && knotd !== undefined, 'nsd and knotd', 'every name and type of a dozen zones', async function () {
    this.timeout(120_000);
    const zones = await Promise.all(ZONES.map(({ file }) => loadZoneFile(file, { clock: systemClock })));
    const server = createDnsServer({ endpoint: { address: '127.0.0.1', port: 0 } }, createAuthority({ zones }, { clock: systemClock, log: silentLog }), { clock: systemClock, log: silentLog });
    await server.start();
    try {
      const endpoints = [
        { program: 'nsd', at: await startNsd({ program: nsd ?? '', zones: ZONES, folder: await createFolder(), start }) },
        { program: 'knotd', at: await startKnot({ program: knotd ?? '', zones: ZONES, folder: await createFolder(), start }) },
      ];
      const found: string[] = [];
      let count = 0;
      for (const mode of MODES) {
        const asked = zones.flatMap((zone) => questionsOf(zone).map((question): Asked => ({ ...question, mode, zone })));
        const queries = asked.map(({ name, type }) => encodeMessage(createQuery({ name, type, id: 0, recursionDesired: false, edns: mode.edns })));
        const askAt = async (at: typeof server.endpoint): Promise<readonly (Said | undefined)[]> => {
          const volley = await openVolley(at, mode.transport);
          try {
            return (await volley.ask(queries)).map(said);
          } finally {
            volley.close();
          }
        };
        const ours = await askAt(server.endpoint);
        for (const { program, at } of endpoints) {
          const theirs = await askAt(at);
          asked.forEach((question, index) => {
            count += 1;
            const difference = compare(question, ours[index], theirs[index], program);
            if (difference !== undefined) found.push(difference);
          });
        }
      }
      expect(count).to.be.greaterThan(10_000);
      if (found.length > 0) throw new Error(`${found.length} of ${count} answers differ:\n${found.slice(0, 50).join('\n')}`);
    } finally {
      await server.stop();
    }
  });
});

/** What differs and no difference of the table explains; undefined when nothing does. */
function compare(asked: Asked, ours: Said | undefined, theirs: Said | undefined, program: string): string | undefined {
  const what = `${program}, ${asked.mode.title}: ${formatType(asked.type)} ${asked.name.toString()}`;
  if (!ours || !theirs) return `${what}: ${ours ? '' : 'we do'} ${theirs ? '' : 'they do'} not answer`;
  const unlike = PARTS.filter((part) => JSON.stringify(ours[part]) !== JSON.stringify(theirs[part]));
  const explained = new Set(DIFFERENCES.filter((entry) => unlike.length > 0 && entry.applies(asked, ours, theirs, program)).flatMap(({ parts }) => parts));
  const left = unlike.filter((part) => !explained.has(part));
  return left.length === 0 ? undefined : `${what}: ${left.map((part) => `${part}: ours ${JSON.stringify(ours[part])}, theirs ${JSON.stringify(theirs[part])}`).join('; ')}`;
}
