// Connections that wait for another request. One that the peer closes, or speaks on unasked, is gone.

import type { Pipe } from '../pipe.js';

export interface IdleConnections {
  /** A connection of this kind; the one that waited least. */
  take(kind: string): Pipe | undefined;
  put(kind: string, pipe: Pipe): void;
  close(): void;
}

const MAX_OF_A_KIND = 64;

export function createIdleConnections(): IdleConnections {
  const waiting = new Map<string, Set<Pipe>>();

  function remove(kind: string, pipe: Pipe): void {
    const pipes = waiting.get(kind);
    pipes?.delete(pipe);
    if (pipes?.size === 0) waiting.delete(kind);
  }

  return {
    take: (kind) => {
      const pipe = [...(waiting.get(kind) ?? [])].at(-1);
      if (pipe !== undefined) remove(kind, pipe);
      return pipe;
    },
    put: (kind, pipe) => {
      const pipes = waiting.get(kind) ?? new Set<Pipe>();
      if (pipes.size >= MAX_OF_A_KIND) return pipe.destroy();
      waiting.set(kind, pipes.add(pipe));
      // RFC 9112 §9.2: octets that answer no request would be taken for the answer to the next one.
      const drop = (): void => {
        remove(kind, pipe);
        pipe.destroy();
      };
      pipe.read({
        octets: () => {
          if (pipes.has(pipe)) drop();
          return false;
        },
        ended: () => {
          if (pipes.has(pipe)) drop();
        },
      });
      pipe.resume();
    },
    close: () => {
      for (const pipes of waiting.values()) for (const pipe of pipes) pipe.destroy();
      waiting.clear();
    },
  };
}
