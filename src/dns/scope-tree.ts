// Networks and what is said of each: a binary tree over the bits of addresses, walked from the first.
// A walk also tells how many bits decided, so that an answer's scope holds nothing more specific.

export interface PrefixTree<T> {
  /** false: this very network is there already. */
  add(address: Uint8Array, prefixLength: number, value: T): boolean;
  /**
   * What is said of the smallest network that holds all of `address`/`prefixLength`. All addresses with
   * the first `depth` bits get the same value; where a smaller network lies within the one asked
   * about, `depth` is longer than `prefixLength`: the question was too coarse (RFC 7871 §7.2.1).
   */
  find(address: Uint8Array, prefixLength: number): { readonly value: T | undefined; readonly depth: number };
}

const bitOf = (address: Uint8Array, index: number): number => ((address[index >> 3] as number) >> (7 - (index & 7))) & 1;

export function createPrefixTree<T>(): PrefixTree<T> {
  // Two numbers a node: where its 0 and its 1 lead to; 0 leads nowhere, for nothing leads to the root.
  const children: number[] = [0, 0];
  const values: (T | undefined)[] = [undefined];

  return {
    add: (address, prefixLength, value) => {
      let node = 0;
      for (let index = 0; index < prefixLength; index += 1) {
        const bit = bitOf(address, index);
        let next = children[node * 2 + bit] as number;
        if (next === 0) {
          next = values.length;
          children[node * 2 + bit] = next;
          children.push(0, 0);
          values.push(undefined);
        }
        node = next;
      }
      if (values[node] !== undefined) return false;
      values[node] = value;
      return true;
    },
    find: (address, prefixLength) => {
      let node = 0;
      let value = values[0];
      let depth = 0;
      const bits = address.length * 8;
      // A bit is looked at where the tree goes on either way: its other side may say something else.
      while (depth < bits) {
        const zero = children[node * 2] as number;
        const one = children[node * 2 + 1] as number;
        if ((zero | one) === 0) break;
        const next = bitOf(address, depth) === 0 ? zero : one;
        depth += 1;
        if (next === 0) break;
        node = next;
        // What lies beyond the known bits is no answer, only a reason to ask more precisely.
        if (depth <= prefixLength) value = values[node] ?? value;
      }
      return { value, depth };
    },
  };
}
