export { ADMIN_FIELDS, DEFAULTS, EDGE_FIELDS, FIELDS, LOOPBACK, ROUTING_FIELDS, storeEndpoint, type Field, type ZoneAuthority } from './schema.js';
export { ACCESS_LOG_FIELDS } from './access-log-fields.js';
export { SIGN_FIELDS } from './sign-fields.js';
export { WARM_FIELDS } from './warm-fields.js';
export { FETCH_FIELDS } from './fetch-fields.js';
export { NO_TOPOLOGY, loadTopology } from './load.js';
export { loadSigningKeys, type SigningKeyFile } from './signing-keys.js';
export { resolveHealth, resolveRouting, type HealthSettings, type RoutingSettings } from './routing.js';
export { idOf, type Topology, type TopologyStore } from './topology.js';
