export { createLru } from './lru.js';
export { createS3Fifo } from './s3-fifo.js';
export { createSieve } from './sieve.js';
export type { EvictionPolicy } from './policy.js';
