// What a request adds to the story besides its two lines: the bars of connecting, waiting and
// receiving, and the octets.

import type { HttpClientRequest, TransferResponse } from '../../net/http/client.js';
import type { HeaderFields } from '../../net/http/message.js';
import type { Story } from '../explain.js';
import { formatStatus } from '../status.js';
import type { Party, WireRecord } from '../model.js';

/** A connection's records share a number; a fetch has few connections. */
let connections = 0;

function rebuild(firstLine: string, fields: HeaderFields): Uint8Array {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`${[firstLine, ...lines].join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Who is shown the story is not to have the keys. */
const CREDENTIALS: readonly string[] = ['authorization', 'cookie', 'proxy-authorization'];

function withoutSecrets(fields: HeaderFields): HeaderFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, CREDENTIALS.includes(name) ? '(left out)' : value]));
}

/** A request that nobody answered, or not in HTTP. */
export function tellNoAnswer(story: Story, party: Party, what: string, startedAtMs: number, why: string): void {
  story.phase({ kind: 'connect', label: what, party, sight: 'seen', startMs: startedAtMs, endMs: story.elapsedMs(), failed: why });
}

/**
 * The bars of a request whose answer's head has come; those of its body follow when that is read. The
 * response that is returned is to be used in place of the one given.
 */
export function tellResponse(story: Story, party: Party, request: HttpClientRequest, response: TransferResponse, startedAtMs: number): TransferResponse {
  if (!story.watched) return response;
  const { timing, local, remote } = response;
  const connectedAtMs = startedAtMs + (timing?.connectedMs ?? 0);
  const headAtMs = timing === undefined ? story.elapsedMs() : startedAtMs + timing.headMs;
  const label = `${request.method} ${request.target}`;
  const common = { label, party, sight: 'seen' } as const;
  story.phase({ ...common, kind: 'connect', startMs: startedAtMs, endMs: connectedAtMs });
  story.phase({ ...common, kind: 'wait', startMs: connectedAtMs, endMs: headAtMs });

  const connection = ++connections;
  const record = (atMs: number, sender: WireRecord['sender'], part: WireRecord['part'], octets: Uint8Array, origin: WireRecord['origin']): void =>
    story.wire({ atMs, protocol: request.tls === undefined ? 'http' : 'https', transport: 'tcp', connection, sender, client: local, server: remote, part, octets, origin });
  const nothing = new Uint8Array(0);
  record(startedAtMs, 'client', 'connected', nothing, 'rebuilt');
  record(connectedAtMs, 'client', 'head', rebuild(`${request.method} ${request.target} HTTP/1.1`, { host: request.host, ...withoutSecrets(request.fields ?? {}) }), 'rebuilt');
  record(headAtMs, 'server', 'head', rebuild(`HTTP/1.1 ${formatStatus(response.status)}`, response.fields), 'rebuilt');

  let bytes = 0;
  let ended = false;
  const end = (failed?: string): void => {
    if (ended) return;
    ended = true;
    const endMs = story.elapsedMs();
    if (bytes > 0 || failed !== undefined) story.phase({ ...common, kind: 'transfer', startMs: headAtMs, endMs, bytes, ...(failed !== undefined && { failed }) });
    record(endMs, 'server', 'end', nothing, 'rebuilt');
  };

  async function* watch(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const chunk of response.body) {
        bytes += chunk.byteLength;
        record(story.elapsedMs(), 'server', 'body', chunk, 'sent');
        yield chunk;
      }
      end();
    } catch (error) {
      end(error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      end('given up');
    }
  }

  return {
    ...response,
    drain: async (take) => {
      try {
        await response.drain((piece) => {
          bytes += piece.byteLength;
          // The piece is the transport's own again when the call returns.
          record(story.elapsedMs(), 'server', 'body', Buffer.from(piece), 'sent');
          return take(piece);
        });
        end();
      } catch (error) {
        end(error instanceof Error ? error.message : String(error));
        throw error;
      }
    },
    body: { [Symbol.asyncIterator]: watch },
    discard: () => {
      end();
      response.discard();
    },
  };
}
