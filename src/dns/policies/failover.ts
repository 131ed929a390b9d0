// A failover list: the first store of the topology takes everybody, the second stands in for it, and
// so on down the list.

import type { Order } from '../routing-edge.js';

export const failover: Order = (edges) => edges;
