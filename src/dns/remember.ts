// What pure steps of request routing gave before, for as long as what they were given lives. A decision
// is made for each query, and from one to the next stores, places and names are mostly the same objects:
// so lists with the same stores are to be the same list, and what is worked out of them is found again.

/** Lists that a list is cut down to in turn: stores that fill up and empty, or flap, are few at a time. */
const MOST_LISTS = 8;
const lists = new WeakMap<object, (readonly unknown[])[]>();

/** `list`, or the array with the same elements that was made of `source` before. */
export function sameList<T>(source: readonly T[], list: readonly T[]): readonly T[] {
  let known = lists.get(source) as (readonly T[])[] | undefined;
  if (!known) lists.set(source, (known = []));
  for (const before of known) if (before.length === list.length && before.every((item, index) => item === list[index])) return before;
  if (known.length === MOST_LISTS) known.shift();
  known.push(list);
  return list;
}

/** Those that pass: `list` itself where all do. */
export function filterSame<T>(list: readonly T[], passes: (item: T) => boolean): readonly T[] {
  return list.every(passes) ? list : sameList(list, list.filter(passes));
}

/** `make`, a pure function, remembering what it gave for these two. */
export function rememberPairs<A extends object, B extends object, R extends object>(make: (a: A, b: B) => R): (a: A, b: B) => R {
  const known = new WeakMap<A, WeakMap<B, R>>();
  return (a, b) => {
    let ofA = known.get(a);
    if (!ofA) known.set(a, (ofA = new WeakMap()));
    let made = ofA.get(b);
    if (!made) ofA.set(b, (made = make(a, b)));
    return made;
  };
}

/** The same for a list and a text; of the texts only `most`, or fewer, are remembered at a time. */
export function rememberByText<A extends object, R extends object>(most: number, make: (a: A, text: string) => R): (a: A, text: string) => R {
  const known = new WeakMap<A, Map<string, R>>();
  return (a, text) => {
    let ofA = known.get(a);
    if (!ofA) known.set(a, (ofA = new Map<string, R>()));
    let made = ofA.get(text);
    if (!made) {
      if (ofA.size === most) ofA.clear();
      ofA.set(text, (made = make(a, text)));
    }
    return made;
  };
}
