/**
 * Examples for the OpenAPI document: values made from the schemas themselves, so that none is ever out of date, with words of this
 * trade where a field's name says what it is. The same every time. What a schema's shape does not tell (fields that depend on each
 * other) is in `known`, and a test parses every example by its schema.
 */
type Json = Record<string, unknown>;

const INSTANT = '2026-11-22T12:00:00.000Z';
const uuidOf = (n: number): string => `019a9f00-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

/** By the field's name, or by its parent's and its own. */
const words: Readonly<Record<string, string>> = {
  'person.name': '张小满',
  'buyer.name': '张小满',
  'inviter.name': '李会员',
  'orgUnit.name': '杭州西湖店',
  'store.name': '杭州西湖店',
  'sku.name': '12 罐装',
  name: '杭州西湖店',
  title: '智慧核桃乳',
  productTitle: '智慧核桃乳',
  roomTitle: '工厂直播：新核桃下树',
  skuName: '12 罐装',
  subtitle: '当季新核桃，不加蔗糖',
  description: '河北邢台核桃，240 毫升每罐。',
  recipient: '张小满',
  phone: '13800001234',
  province: '浙江省',
  city: '杭州市',
  district: '西湖区',
  street: '文三路 90 号',
  regionCode: '330106',
  reason: '顾客要求',
  remark: '请放门卫',
  note: '已核对',
  text: '孩子爱喝，会再买',
  trackingNo: 'SF1234567890',
  orderNo: '20261122000123',
  path: 'hq.east.hangzhou',
  orgPath: 'hq.east.hangzhou',
  pictureUrl: '/pictures/walnut-milk.svg',
  coverUrl: '/pictures/cover.svg',
  search: '核桃',
  guestToken: 'header.claims.signature',
};
const numbers: Readonly<Record<string, number>> = { quantity: 2, total: 100, bps: 500, stars: 5, version: 1 };
/** Of an amount without any other hint, in fen. */
const AMOUNT_FEN = 5_900;

/** By what their patterns begin with. */
const patterns: readonly (readonly [string, string])[] = [
  ['^20\\d{2}-', '2026-11'],
  ['^\\d{6}$', '330106'],
  ['^\\d{2}0000$', '330000'],
  ['^\\d{16}$', '1234567890123456'],
  ['^\\d{10}$', '0123456789'],
  ['^\\d{1,6}', '90.5'],
  ['^[0-9a-f]{32}', '9f86d081884c7d659a2feaa0c55ad015'],
  ['^\\d{17}', '11010519491231002X'],
  ['^[\\w-]{20', 'v1_2Qm8Zr0tK5cX9wB7nLdA'],
  ['^([01]', '20:00'],
  ['^20\\d{2}-', '2026-11'],
  ['^[a-z0-9-]+(', 'hq.east.hangzhou'],
  ['^[a-z0-9-]{1', 'suzhou'],
  ['^[a-z0-9][a-z0-9._', 'new.guide'],
  ['^[0-9A-Z]{0', '91330106MA2CXXXX1X'],
  ['^[0-9+ -]', '400-800-1234'],
  ['^[a-z_-]{1,40}(', 'staff:changed'],
  ['^1[3-9]', '13800001234'],
  ['^[0-9a-f]{64}', '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
];

/** Whole examples of what a schema's shape does not tell, by route and part. */
const address = {
  ...{ recipient: '张小满', phone: '13800001234', province: '浙江省', city: '杭州市', district: '西湖区' },
  street: '文三路 90 号',
};
const line = { skuId: uuidOf(2), quantity: 2, offerId: uuidOf(3), offerVersion: 1, seenPriceFen: AMOUNT_FEN };
export const known: Readonly<Record<string, unknown>> = {
  'orders.place body': {
    ...{ roomId: uuidOf(1), lines: [line], address, seenShippingFen: 0, remark: '请放门卫' },
    couponIds: [uuidOf(4), uuidOf(5)],
  },
  'products.create body': {
    ...{ title: '智慧核桃乳', subtitle: '当季新核桃，不加蔗糖', description: '河北邢台核桃，240 毫升每罐。' },
    ...{ pictures: ['/pictures/walnut-milk.svg'], role: 'traffic', options: [{ name: '规格', values: ['12 罐装'] }] },
    skus: [{ name: '12 罐装', priceFen: AMOUNT_FEN, optionValues: ['12 罐装'] }],
  },
  'polls.open body': {
    ...{ kind: 'quiz', roomId: uuidOf(1), question: '一罐核桃乳里有几颗核桃？', options: ['两颗', '五颗'], rightNo: 2 },
    seconds: 20,
  },
  'cart.checkout body': { roomId: uuidOf(1), lines: [line], address, seenShippingFen: 0 },
  'coupon-kinds.create body': {
    orgUnitId: uuidOf(1),
    title: '满 50 减 20',
    offFen: 2_000,
    minSpendFen: 5_000,
    usage: 'order',
    stacking: 'with_others',
    stackGroup: 'store',
    validDays: 30,
    total: 1_000,
    perPerson: 1,
    listed: true,
  },
  'share-links.create body': { roomId: uuidOf(1), productId: uuidOf(2), channel: 'poster' },
  'contents.publish body': {
    orgUnitId: uuidOf(1),
    kind: 'text',
    title: '新核桃下树',
    body: '今晚八点，一起看',
    roomId: uuidOf(2),
  },
  'invite-tasks.create body': {
    ...{ orgUnitId: uuidOf(1), title: '邀新有礼', days: 14 },
    tiers: [{ threshold: 3, couponKindId: uuidOf(2), stock: 100 }],
  },
  'red-packets.start body': {
    ...{ roomId: uuidOf(1), title: '新核桃下树', totalFen: 5_900, count: 100, leadSeconds: 5, durationSeconds: 60 },
  },
};

interface Fields {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly items?: Json;
  readonly prefixItems?: readonly Json[];
  readonly additionalProperties?: Json | boolean;
  readonly anyOf?: readonly Json[];
  readonly oneOf?: readonly Json[];
  readonly allOf?: readonly Json[];
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  /** Several: what can be null. */
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
}

/** all: every field. needed: those that must be there, where some must; a request that says everything at once is nobody's. */
type Which = 'all' | 'needed';

/** A value for a schema whose `$ref`s are in place. `path`: names of the fields around it, the innermost last. */
export function exampleOf(json: Json, path: readonly string[] = [], which: Which = 'all'): unknown {
  const schema = json as Fields;
  if ('const' in json) return json.const;
  if ('default' in json && path.length === 0) return json.default;
  if (schema.enum) return schema.enum[0];
  const first = (schema.anyOf ?? schema.oneOf ?? schema.allOf)?.[0];
  if (first) return exampleOf(first, path, which);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object': {
      const { required = [] } = schema;
      const fields = Object.entries(schema.properties ?? {})
        .filter(([name]) => which === 'all' || required.length === 0 || required.includes(name))
        .map(([name, field]) => [name, exampleOf(field, [...path, name], which)]);
      const more = schema.additionalProperties;
      if (fields.length === 0 && typeof more === 'object' && Object.keys(more).length > 0)
        return { example: exampleOf(more, [...path, 'example'], which) };
      return Object.fromEntries(fields);
    }
    case 'array':
      if (schema.prefixItems) return schema.prefixItems.map((one) => exampleOf(one, path, which));
      return Array.from({ length: Math.max(1, schema.minItems ?? 1) }, () =>
        exampleOf(schema.items ?? {}, path, which),
      );
    case 'integer':
    case 'number':
      return numberFor(schema, path);
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'string':
      return stringFor(schema, path);
    default:
      return {};
  }
}

function numberFor(schema: Fields, path: readonly string[]): number {
  const name = path.at(-1) ?? '';
  const wanted = numbers[name] ?? (/fen$/i.test(name) ? AMOUNT_FEN : 1);
  const least = schema.minimum ?? (schema.exclusiveMinimum === undefined ? wanted : schema.exclusiveMinimum + 1);
  return Math.min(Math.max(wanted, least), schema.maximum ?? Number.POSITIVE_INFINITY);
}

function stringFor(schema: Fields, path: readonly string[]): string {
  const { format, pattern } = schema;
  const name = path.at(-1) ?? '';
  if (format === 'uuid') return uuidOf(numberOfName(name));
  if (format === 'date-time') return INSTANT;
  if (format === 'date') return INSTANT.slice(0, 10);
  if (format === 'uri') return 'https://example.com/walnut';
  if (format === 'email') return 'shop@example.com';
  const word = words[path.slice(-2).join('.')] ?? words[name];
  const fits = (value: string): boolean =>
    value.length >= (schema.minLength ?? 0) &&
    value.length <= (schema.maxLength ?? Number.POSITIVE_INFINITY) &&
    (pattern === undefined || new RegExp(pattern, 'u').test(value));
  const candidates = [
    ...(word === undefined ? [] : [word]),
    ...patterns.filter(([start]) => pattern?.startsWith(start)).map(([, value]) => value),
    ...(pattern === undefined ? [name || 'text'] : ['/pictures/walnut-milk.svg']),
  ];
  const found = candidates.find(fits);
  if (found !== undefined) return found;
  return 'a'.repeat(Math.max(1, schema.minLength ?? 1)).slice(0, schema.maxLength);
}

/** The same name has the same id everywhere. */
function numberOfName(name: string): number {
  let sum = 0;
  for (const char of name) sum = (sum * 31 + char.charCodeAt(0)) % 65_521;
  return sum + 1;
}
