export { DEFAULTS, FIELDS, LOOPBACK, storeEndpoint, type Field, type ZoneAuthority } from './schema.js';
