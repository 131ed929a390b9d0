// Names -> addresses and ports: the client's side of DNS (a stub resolver, RFC 1034 §5.3.1) towards
// one local DNS, with the system's resolver behind it for names that are not of this network.

import { deadline } from '../base/clock.js';
import { CdnError, systemCode } from '../base/errors.js';
import { CDN_ZONE, PUBLISHER_ZONE } from '../catalog/index.js';
import { formatEndpoint } from '../net/address.js';
import { interleaveFamilies } from '../net/dial.js';
import { decodeAccount, encodeTraceId, ACCOUNT_OPTION } from '../net/dns/account.js';
import { createQuery } from '../net/dns/build.js';
import { createEdns, findOption } from '../net/dns/edns.js';
import type { ExchangeResult } from '../net/dns/exchange.js';
import { CLASS, RCODE, TYPE, type DnsMessage } from '../net/dns/message.js';
import { Name } from '../net/dns/name.js';
import { formatRcode, formatType } from '../net/dns/text.js';
import type { Trace } from '../observe/trace.js';
import { bareName, formatDnsAnswer, tellAccount, tellHidden } from './account.js';
import { selectAddresses } from './answer.js';
import { failedAnswer, failureReasons, noSuchName, notThere } from './dns-errors.js';
import type { Story } from './explain.js';
import { answerFacts, recordExchange, tellAsking } from './explain/dns.js';
import { literalAddress, loopbackName } from './host.js';
import type { FetchEnv, FetchOptions } from './model.js';

/** What belongs to one fetch. */
export interface Asking {
  readonly story: Story;
  readonly trace: Trace;
  readonly signal: AbortSignal;
}

export interface Resolve {
  /**
   * One question to the local DNS. The answer's rcode is NOERROR or NXDOMAIN.
   * @param step `portal`: told as step 0, in two lines; `content`: as messages 3-8.
   * @throws CdnError DNS_UNREACHABLE, DNS_FAILURE, PEER_PROTOCOL
   */
  ask(name: Name, type: number, step: 'portal' | 'content', asking: Asking): Promise<DnsMessage>;
  /**
   * The addresses of a URL's host, best first; at least one.
   * @throws CdnError also NO_SUCH_NAME
   */
  addresses(host: string, step: 'portal' | 'content', asking: Asking): Promise<readonly string[]>;
  /** The same, with the time for which they may be kept; Infinity for what no DNS was asked for. */
  locate(host: string, step: 'portal' | 'content', asking: Asking): Promise<Located>;
}

export interface Located {
  readonly addresses: readonly string[];
  readonly ttlSeconds: number;
}

const CLIENT = { role: 'client', endpoint: undefined } as const;
/** The system's resolver says nothing of how long its answers may be kept. */
const SYSTEM_TTL_SECONDS = 60;
/** Answers whose CNAME leads out of them are asked on this often; longer chains are loops or errors. */
const MAX_CHASES = 8;
/** RFC 8305 §3 and §8: "Resolution Delay", 50 ms recommended. */
const RESOLUTION_DELAY_MS = 50;
/** IPv4 is known, and IPv6 took its time. */
const NOT_WAITED_FOR = new Error('not waited for any longer');

/** The host of a URL as a DNS name. */
export function parseHostName(host: string): Name {
  const name = Name.parse(host);
  if (name === undefined) throw new CdnError('NO_SUCH_NAME', `${host} cannot be a domain name: its labels are too long or empty`);
  return name;
}

/** Names of this network are asked of its own DNS alone: out there somebody else may own them. */
function isOurs(name: Name): boolean {
  return [PUBLISHER_ZONE, CDN_ZONE].some((zone) => {
    const apex = Name.parse(zone);
    return apex !== undefined && name.isAtOrBelow(apex);
  });
}

export function createResolve(options: FetchOptions, env: Pick<FetchEnv, 'exchange' | 'lookup' | 'clock'>): Resolve {
  const dns = { role: 'local DNS', endpoint: options.dns };

  function exchange(name: Name, type: number, asking: Asking): Promise<ExchangeResult> {
    const edns = createEdns({ options: [encodeTraceId(asking.trace.traceId)] });
    const query = createQuery({ name, type, id: 0, recursionDesired: true, edns });
    return env.exchange(options.dns, query, { timeoutMs: options.timeoutMs, signal: asking.signal });
  }

  async function ask(name: Name, type: number, step: 'portal' | 'content', asking: Asking): Promise<DnsMessage> {
    const { story } = asking;
    const [askNumber, answerNumber] = step === 'portal' ? [0, 0] : [3, 8];
    const askedAtMs = story.elapsedMs();
    const what = `${formatType(type)}? ${bareName(name.toString())} (RD=1)`;
    const facts = { name: name.toString(), type: formatType(type) };
    story.doing(`asking local DNS ${formatEndpoint(options.dns)}: ${formatType(type)}? ${bareName(name.toString())}`);
    let result: ExchangeResult;
    try {
      result = await exchange(name, type, asking);
    } catch (error) {
      const why = asking.signal.reason === NOT_WAITED_FOR ? 'not waited for any longer' : 'no answer';
      story.tell({ number: askNumber, atMs: askedAtMs, sight: 'seen', from: CLIENT, to: dns, transport: 'udp', what: `${what}: ${why}`, facts: { ...facts, failed: why } });
      tellAsking(story, dns, what, askedAtMs, why);
      throw notThere(error, options.dns, asking.signal);
    }
    const client = { role: 'client', endpoint: result.local };
    const rcode = formatRcode(result.message.rcode);
    const option = findOption(result.message.edns, ACCOUNT_OPTION);
    const account = option === undefined ? undefined : decodeAccount(option);
    story.tell({ number: askNumber, atMs: askedAtMs, sight: 'seen', from: client, to: dns, transport: result.transport, what, facts });
    tellAsking(story, dns, what, askedAtMs);
    recordExchange(story, result, askedAtMs);
    const question = { name, type, class: CLASS.IN };
    if (step === 'content' && account !== undefined) tellAccount(story, account, question, result.message, askedAtMs, failureReasons(result.message));
    if (step === 'content' && account === undefined) tellHidden(story, `${formatEndpoint(options.dns)} gives no account`);
    story.tell({
      number: answerNumber, atMs: story.elapsedMs(), sight: 'seen', from: dns, to: client, transport: result.transport,
      what: formatDnsAnswer(result, rcode) + (step === 'portal' && account?.cached === true && result.message.rcode === RCODE.NOERROR ? ', from its cache' : ''),
      facts: answerFacts(result.message, account?.cached),
    });
    if (result.message.rcode !== RCODE.NOERROR && result.message.rcode !== RCODE.NXDOMAIN) {
      throw failedAnswer(result.message, { dns: options.dns, name, type, account });
    }
    return result.message;
  }

  /** Follows the answer's chain of CNAMEs, asking on where the server has not (RFC 1034 §5.3.3, step 4c). */
  async function chase(start: Name, type: number, step: 'portal' | 'content', asking: Asking): Promise<Located> {
    const seen = new Set<string>();
    let name = start;
    let ttlSeconds = Infinity;
    while (!seen.has(name.key) && seen.size <= MAX_CHASES) {
      seen.add(name.key);
      const message = await ask(name, type, step, asking);
      const found = selectAddresses(message, name, type);
      ttlSeconds = Math.min(ttlSeconds, ...message.answers.map((record) => record.ttl));
      if (found.kind === 'loop') break;
      if (found.kind === 'addresses') return { addresses: found.addresses, ttlSeconds };
      if (message.rcode === RCODE.NXDOMAIN) throw noSuchName(start, options.dns, type, 'nxdomain');
      if (found.name.equals(name)) return { addresses: [], ttlSeconds };
      name = found.name;
    }
    throw new CdnError('DNS_FAILURE', `the CNAME records of ${bareName(start.toString())} lead in a circle or too far, says local DNS ${formatEndpoint(options.dns)}`);
  }

  /** One family after the other, as far as it takes. */
  async function inTurn(name: Name, types: readonly number[], step: 'portal' | 'content', asking: Asking): Promise<readonly Located[]> {
    for (const [index, type] of types.entries()) {
      const located = await chase(name, type, step, asking);
      if (located.addresses.length > 0 || index === types.length - 1) return [located];
    }
    return [];
  }

  /**
   * RFC 8305 §3: AAAA, and at once after it A, neither waiting for the other. What A gave waits a moment for AAAA; what
   * AAAA gave waits for A, since the way by IPv6 may be barred and nobody asks again.
   */
  async function bothAtOnce(name: Name, step: 'portal' | 'content', asking: Asking): Promise<readonly Located[]> {
    const late = new AbortController();
    const settle = (work: Promise<Located>): Promise<{ located: Located } | { error: unknown }> => work.then((located) => ({ located }), (error: unknown) => ({ error }));
    const six = settle(chase(name, TYPE.AAAA, step, { ...asking, signal: AbortSignal.any([asking.signal, late.signal]) }));
    const four = await settle(chase(name, TYPE.A, step, asking));
    const stopDelay = 'located' in four && four.located.addresses.length > 0 ? env.clock.after(RESOLUTION_DELAY_MS, () => late.abort(NOT_WAITED_FOR)) : undefined;
    const both = [four, await six];
    stopDelay?.();
    asking.signal.throwIfAborted();
    const found = both.flatMap((one) => ('located' in one && one.located.addresses.length > 0 ? [one.located] : []));
    const failed = both.find((one) => 'error' in one);
    if (found.length === 0 && failed !== undefined) throw failed.error;
    return found;
  }

  /** Of names of this network, IPv4 before IPv6; of all others both at the same time. */
  async function fromDns(name: Name, step: 'portal' | 'content', asking: Asking): Promise<Located> {
    const types = options.family === undefined ? [TYPE.A, TYPE.AAAA] : [options.family === 4 ? TYPE.A : TYPE.AAAA];
    const found = await (types.length === 1 || isOurs(name) ? inTurn(name, types, step, asking) : bothAtOnce(name, step, asking));
    if (found.every(({ addresses }) => addresses.length === 0)) throw noSuchName(name, options.dns, types[0] ?? TYPE.A, 'nodata');
    return { addresses: interleaveFamilies(found.flatMap((located) => located.addresses)), ttlSeconds: Math.min(...found.map((located) => located.ttlSeconds)) };
  }

  async function fromSystem(host: string, asking: Asking): Promise<readonly string[]> {
    const system = { role: "the system's resolver", endpoint: undefined };
    const common = { sight: 'seen', transport: undefined, facts: { name: host } } as const;
    asking.story.doing(`asking the system's resolver for ${host}`);
    asking.story.tell({ ...common, number: 3, atMs: asking.story.elapsedMs(), from: CLIENT, to: system, what: `addresses of ${host}?` });
    const limit = deadline(env.clock, options.timeoutMs, () => new CdnError('DNS_UNREACHABLE', `the system's resolver gave no answer for ${host} within ${options.timeoutMs} ms`), asking.signal);
    try {
      const addresses = await Promise.race([env.lookup(host), rejection(limit.signal)]);
      tellHidden(asking.story, "the system's resolver gives no account");
      asking.story.tell({ ...common, number: 8, atMs: asking.story.elapsedMs(), from: system, to: CLIENT, what: addresses.join(', ') });
      return addresses;
    } finally {
      limit.stop();
    }
  }

  const fits = (address: string): boolean => options.family === undefined || address.includes(':') === (options.family === 6);

  async function locate(host: string, step: 'portal' | 'content', asking: Asking): Promise<Located> {
    const literal = literalAddress(host);
    const known = literal === undefined ? loopbackName(host) : [literal];
    if (known !== undefined) {
      const usable = known.filter(fits);
      if (usable.length === 0) throw new CdnError('NO_SUCH_NAME', `${host} has no address of IPv${options.family}${options.localAddress === undefined ? '' : `, and ${options.localAddress} can reach no other`}`, { details: { name: host }, suggestions: options.localAddress === undefined ? [] : [`the same command with -${options.family === 4 ? 6 : 4}, where the interface has such an address`] });
      return { addresses: usable, ttlSeconds: Infinity };
    }
    const name = parseHostName(host);
    try {
      return await fromDns(name, step, asking);
    } catch (error) {
      if (!options.systemResolver || isOurs(name) || !mayAskSystem(error)) throw error;
      try {
        const found = (await fromSystem(host, asking)).filter(fits);
        if (found.length > 0) return { addresses: interleaveFamilies(found), ttlSeconds: SYSTEM_TTL_SECONDS };
      } catch (cause) {
        asking.signal.throwIfAborted();
        // Only that the name does not exist is news; anything else is the system's trouble, and ours came first.
        if (systemCode(cause) === 'ENOTFOUND') {
          throw new CdnError('NO_SUCH_NAME', `${host} has no address: local DNS ${formatEndpoint(options.dns)} does not help, and the system's resolver knows no such name`, {
            details: { name: host }, suggestions: [`dig ${host}`], cause,
          });
        }
      }
      throw error;
    }
  }

  return { ask, locate, addresses: async (host, step, asking) => (await locate(host, step, asking)).addresses };
}

/** The local DNS isn't there, or refuses (RFC 1035 §4.1.1) because the name is none of its own. */
function mayAskSystem(error: unknown): boolean {
  if (!(error instanceof CdnError)) return false;
  return error.code === 'DNS_UNREACHABLE' || error.details['rcode'] === 'REFUSED';
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
