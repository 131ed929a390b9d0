export { createAuthority, createResolver, type AuthorityOptions, type LocalDnsOptions } from './chain.js';
export type { AuthorityAddress } from './authorities.js';
export { createCdnZone, createPublisherZone, type CdnZoneOptions, type PublisherZoneOptions, type StoreAddress } from './zones.js';
export { createHealthChecker, type HealthChecker, type HealthOptions } from './health.js';
export { createRouter, uncheckedHealth, type Router, type RouterOptions } from './router.js';
export { loadZoneFile } from './zone-file.js';
export type { Zone } from './zone.js';
