export { createEdge, type EdgeOptions } from './edge.js';
export { createStore, type Store, type StoreOptions } from './store.js';
