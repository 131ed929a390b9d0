// A failover list: the first store of the topology takes everybody, the second stands in for it, and
// so on down the list.

import { apart, type Policy } from '../routing-edge.js';

export const failover: Policy = (group) => apart(group);
