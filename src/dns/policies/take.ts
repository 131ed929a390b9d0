// How many stores an answer names: the least that was asked for, and for a name so hot that one store's
// part of the clients doesn't cover it, as many as it takes.

/** An RRset larger than this helps nobody, and no longer fits beside its signatures. */
export const MOST_TAKEN = 8;
/** Before this many answers no name is called hot. */
const TOO_FEW_ANSWERS = 100;

export interface Heat {
  /** Answers lately, of this name and of all. */
  readonly name: number;
  readonly all: number;
}

/** `stores`: how many there are to choose from. */
export function countTaken(take: { readonly least: number; readonly most: number }, heat: Heat, stores: number): number {
  const needed = heat.all < TOO_FEW_ANSWERS ? 1 : Math.ceil((heat.name / heat.all) * stores);
  return Math.min(Math.max(needed, take.least), Math.max(take.most, take.least), MOST_TAKEN, stores);
}
