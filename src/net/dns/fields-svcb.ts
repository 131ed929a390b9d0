// The parameters of a service binding as the last field of its record (RFC 9460 §2.1, §2.2).

import { encodable, type Field, type Tokens } from './fields.js';
import type { SvcParam } from './message.js';
import type { Reader } from './reader.js';
import { areConsistent, formatSvcParam, isSvcParamValue, parseSvcParam } from './svcb.js';

function decode(reader: Reader): readonly SvcParam[] {
  const params: SvcParam[] = [];
  for (let previous = -1; reader.left > 0; ) {
    const key = reader.u16();
    const value = reader.take(reader.u16());
    if (reader.failure !== undefined) break;
    // §2.2: in strictly ascending order of their keys, and so none twice.
    if (key <= previous) reader.fail('has service parameters out of order');
    else if (!isSvcParamValue(key, value)) reader.fail(`has a service parameter ${key} of a form that is not its own`);
    else params.push({ key, value });
    previous = key;
  }
  return params;
}

function inOrder(params: readonly SvcParam[]): boolean {
  return params.every(({ key, value }, index) => key > (params[index - 1]?.key ?? -1) && isSvcParamValue(key, value));
}

function parse(tokens: Tokens): readonly SvcParam[] | undefined {
  const params: SvcParam[] = [];
  const rest = [...tokens.rest()];
  for (let token = rest.shift(); token; token = rest.shift()) {
    const [, word = '', written] = /^([^=]*)(?:=(.*))?$/s.exec(token.text) ?? [];
    // alpn="h2,h3" comes as two tokens where a quote always begins one, or as one with its quotes on.
    const value = written === '' && rest[0]?.quoted === true ? rest.shift()?.text : written?.replace(/^"((?:\\.|[^"\\])*)"$/s, '$1');
    const param = token.quoted ? undefined : parseSvcParam(word, value);
    if (!param || params.some(({ key }) => key === param.key)) return undefined;
    params.push(param);
  }
  params.sort((a, b) => a.key - b.key);
  return areConsistent(params) ? params : undefined;
}

export const SVC_PARAMS: Field<readonly SvcParam[]> = {
  expected: 'service parameters such as alpn="h2,h3" port=443, each once, and every mandatory one there',
  decode,
  encode: (value, writer) => {
    for (const { key, value: octets } of encodable(inOrder(value) ? value : undefined, 'service parameters')) {
      if (writer.overflowed) return;
      writer.u16(key);
      writer.u16(octets.length);
      writer.bytes(octets);
    }
  },
  format: (value) => value.map(formatSvcParam).join(' '),
  parse,
};
