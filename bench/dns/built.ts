// Modules as they are installed, compiled: what runs TypeScript directly names each function as it is
// made, and that takes longer than many an answer.

/** `npm run build` has made them; `module` is a path below src/, `T` its type there. */
export async function built<T>(module: string): Promise<T> {
  return (await import(new URL(`../../dist/${module}`, import.meta.url).href)) as T;
}
