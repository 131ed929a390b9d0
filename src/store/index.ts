export { createAdmin, type AdminControls } from './admin.js';
export { administerTogether, type NamedControls } from './together.js';
export { createEdge, type Edge, type EdgeOptions } from './edge.js';
export type { SigningKeys } from './signed-urls.js';
export { createStore, type FolderStore, type Store, type StoreOptions, type StoreShare } from './store.js';
export type { Warmed, Warming, WarmWish } from './warm.js';
export type { Standing } from './standing.js';
