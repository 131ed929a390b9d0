// The system's own resolver, for names that no DNS of ours knows.

import { lookup } from 'node:dns/promises';

/** Addresses in the order the system prefers them; rejects with Node's error when there is none. */
export type SystemLookup = (name: string) => Promise<readonly string[]>;

export const systemLookup: SystemLookup = async (name) => {
  const found = await lookup(name, { all: true, verbatim: true });
  return found.map((entry) => entry.address);
};
