// Spans of all parties at a collector: a real HTTP server that takes OTLP/HTTP JSON, and looks at each octet of it.

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { startNetwork } from '../helpers/network.js';
import { useProcesses } from '../helpers/process.js';
import { useTempFolders } from '../helpers/temp.js';

interface Attribute { readonly key: string; readonly value: { readonly stringValue?: string; readonly intValue?: string } }
interface Span {
  readonly traceId: string; readonly spanId: string; readonly parentSpanId?: string; readonly name: string; readonly kind: number; readonly flags: number;
  readonly startTimeUnixNano: string; readonly endTimeUnixNano: string; readonly attributes: readonly Attribute[]; readonly status?: { readonly code: number; readonly message: string };
}
interface Traces { readonly resourceSpans: readonly { readonly resource: { readonly attributes: readonly Attribute[] }; readonly scopeSpans: readonly { readonly scope: { readonly name: string; readonly version: string }; readonly spans: readonly Span[] }[] }[] }
type Owned = Span & { readonly service: string };

function attribute(of: { readonly attributes: readonly Attribute[] }, key: string): string | undefined {
  const value = of.attributes.find((one) => one.key === key)?.value;
  return value?.stringValue ?? value?.intValue;
}

describe('spans, where OTEL_EXPORTER_OTLP_ENDPOINT says', function () {
  this.timeout(60_000);
  const { startCdn, runCdn } = useProcesses();
  const tempFolder = useTempFolders();
  const servers: Server[] = [];
  afterEach('close collectors', () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function startCollector(answer: (attempt: number) => number | undefined = () => 200) {
    const spans: Owned[] = [];
    const requests: { readonly url: string; readonly headers: IncomingHttpHeaders }[] = [];
    let wake = (): void => undefined;
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        requests.push({ url: `${request.method} ${request.url}`, headers: request.headers });
        const status = answer(requests.length);
        if (status === undefined) return;
        if (status === 200) {
          const { resourceSpans } = JSON.parse(Buffer.concat(parts).toString('utf8')) as Traces;
          for (const { resource, scopeSpans } of resourceSpans) {
            for (const { scope, spans: own } of scopeSpans) {
              expect(scope.name).to.equal('hercdn');
              spans.push(...own.map((span) => ({ ...span, service: attribute(resource, 'service.name') ?? '' })));
            }
          }
        }
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
        wake();
      });
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const seen = async (enough: () => boolean): Promise<void> => {
      while (!enough()) await new Promise<void>((resolve) => (wake = resolve));
    };
    return { spans, requests, seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  it('one trace from the client through the local DNS to the authorities, and to portal and store; each whose child it is', async () => {
    const { spans, requests, seen, url } = await startCollector();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b' };
    const network = await startNetwork(startCdn, [], { env });
    const done = await runCdn(['fetch', 'hiscinema.com/File1', '--json', '--dns', network.dnsAddress], { cwd: await tempFolder(), env });
    expect(done.code, done.stderr).to.equal(0);
    const { traceId } = JSON.parse(done.stdout) as { readonly traceId: string };
    const ours = (): readonly Owned[] => spans.filter((span) => span.traceId === traceId);
    const isThere = (service: RegExp): boolean => ours().some((span) => service.test(span.service) && span.kind !== 3);
    const isWhole = (): boolean => ours().every(({ parentSpanId }) => parentSpanId === undefined || ours().some(({ spanId }) => spanId === parentSpanId));
    await seen(() => [/^cdn fetch$/, /^cdn dns$/, /^cdn dns hiscinema\.com$/, /^cdn dns hercdn\.com$/, /^cdn web$/, /^cdn store store-\d$/].every(isThere) && isWhole());

    const byId = new Map(ours().map((span) => [span.spanId, span]));
    const [root, ...others] = ours().filter(({ parentSpanId }) => parentSpanId === undefined);
    expect([root?.name, root?.service, others]).to.deep.equal(['cdn fetch', 'cdn fetch', []]);
    for (const span of ours()) {
      expect(span.traceId).to.match(/^[0-9a-f]{32}$/);
      expect(span.spanId).to.match(/^[0-9a-f]{16}$/);
      expect(span.startTimeUnixNano).to.match(/^\d{19}$/);
      expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano), span.name).to.equal(true);
      expect(span.parentSpanId === undefined || byId.has(span.parentSpanId), `${span.service} ${span.name} has a parent that is there`).to.equal(true);
    }
    const lineage = (span: Owned | undefined): readonly string[] => (span === undefined ? [] : [`${span.service}/${span.name}/${span.kind}`, ...lineage(byId.get(span.parentSpanId ?? ''))]);
    const of = (service: string, key: string, value: string): Owned | undefined => ours().find((span) => span.service === service && span.kind === 2 && attribute(span, key) === value);
    expect(lineage(of('cdn dns hercdn.com', 'dns.question.name', 'file1.hercdn.com.'))).to.deep.equal(['cdn dns hercdn.com/DNS A/2', 'cdn dns/DNS A/3', 'cdn dns/DNS A/2', 'cdn fetch/DNS A/3', 'cdn fetch/cdn fetch/1']);
    const store = ['store-1', 'store-2'].map((id) => of(`cdn store ${id}`, 'url.path', '/video1.mp4')).find((span) => span !== undefined);
    expect(lineage(store).slice(1)).to.deep.equal(['cdn fetch/GET/3', 'cdn fetch/cdn fetch/1']);
    // The portal's own questions are on behalf of the request that it answers.
    expect(lineage(of('cdn web', 'url.path', '/')).slice(1)).to.deep.equal(['cdn fetch/GET/3', 'cdn fetch/cdn fetch/1']);
    expect(ours().some((span) => span.service === 'cdn web' && span.name === 'DNS SRV' && span.kind === 3)).to.equal(true);
    expect(store && [attribute(store, 'http.request.method'), attribute(store, 'http.response.status_code'), attribute(store, 'http.response.body.size'), attribute(store, 'user_agent.original')]).to.deep.equal(['GET', '200', '773382', 'hercdn']);
    for (const request of requests) {
      expect(request.url).to.equal('POST /v1/traces');
      expect(request.headers).to.include({ 'content-type': 'application/json', 'x-key': 'a b' });
    }
  });

  it('an edge stands between client and origin: each is the child of whoever asked it', async () => {
    const { spans, seen, url } = await startCollector();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url };
    const [, origin = ''] = await startCdn(['store', '--dir', 'videos', '--listen', '127.0.0.1:0'], { env }).printed(/Running on (http:\S+)\//);
    const [, edge = ''] = await startCdn(['store', '--origin', origin, '--listen', '127.0.0.1:0'], { env }).printed(/Running on (http:\S+)\//);
    const done = await runCdn(['fetch', `${edge}/video1.mp4`, '--json'], { cwd: await tempFolder(), env });
    expect(done.code, done.stderr).to.equal(0);
    const { traceId } = JSON.parse(done.stdout) as { readonly traceId: string };
    const ours = (): readonly Owned[] => spans.filter((span) => span.traceId === traceId);
    const servers = (): readonly Owned[] => ours().filter(({ kind }) => kind === 2);
    const lineage = (span: Owned | undefined): readonly string[] => (span === undefined ? [] : [`${span.name}/${span.kind}`, ...lineage(ours().find(({ spanId }) => spanId === span.parentSpanId))]);
    // The origin may be asked for several slices; each question has the same way back.
    const depth = (): readonly string[] => servers().map((span) => lineage(span).join(' ')).sort();
    await seen(() => ours().every(({ parentSpanId }) => parentSpanId === undefined || ours().some(({ spanId }) => spanId === parentSpanId)) && servers().length >= 2);
    expect([...new Set(depth())]).to.deep.equal(['GET/2 GET/3 GET/2 GET/3 cdn fetch/1', 'GET/2 GET/3 cdn fetch/1']);
  });

  it('what failed is an error, with its reason', async () => {
    const { spans, url } = await startCollector();
    const done = await runCdn(['fetch', 'http://127.0.0.1:1/x', '-o', '-'], { env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/` } });
    expect(done.code).to.equal(4);
    expect(spans.map(({ name, status }) => [name, status?.code])).to.deep.equal([['GET', 2], ['cdn fetch', 2]]);
    expect(spans.map((span) => attribute(span, 'error.type'))).to.deep.equal(['ConnectError', 'STORE_UNREACHABLE']);
    expect(spans[1]?.status?.message).to.include('connection refused');
  });

  it('a collector that is gone, silent, or answers nonsense costs nobody anything but spans', async () => {
    const silent = await startCollector(() => undefined);
    const broken = await startCollector(() => 400);
    for (const url of ['http://127.0.0.1:1', silent.url, broken.url]) {
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url };
      const network = await startNetwork(startCdn, [], { env });
      const done = await runCdn(['fetch', 'hiscinema.com/File1', '-o', '-', '--dns', network.dnsAddress], { env });
      expect(done.code, done.stderr).to.equal(0);
      expect(done.stdoutBytes.length).to.equal(773_382);
      network.process.kill('SIGTERM');
      expect((await network.process.finished).code, 'the servers end as ever').to.equal(0);
    }
  });

  it('a variable that says nothing usable is said, and nothing starts', async () => {
    for (const env of [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'nowhere' }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_HEADERS: 'no value' }]) {
      const done = await runCdn(['trace', 'hiscinema.com'], { env });
      expect([done.code, /OTEL_EXPORTER_OTLP_(ENDPOINT|HEADERS): expected/.test(done.stderr)]).to.deep.equal([2, true]);
    }
  });
});
