/**
 * Everything that is stored about a person, table by table (rule Z6): what an export gives out and what a deletion does to it.
 *
 * A test reads the database's own catalogue: every column that can name a person, and every text in which one can be described,
 * stands here or in inventory-columns.policy.ts with a reason. Who adds a table says what becomes of it:
 * - `about`   the columns that name the person whose data the row is
 * - `through` instead: rows that hang on a row of another table of this list
 * - `hidden`  columns that an export leaves out: secrets, and what is somebody else's
 * - `forget`  what a deletion does: the rows go, they stay as they are (`why`), or columns get a value
 * A person who was forgotten keeps an id: what must be kept (rule Z1, the books) hangs on it and no longer says who they were.
 */
export const FORGOTTEN_NAME = '已注销用户';

/** Columns and the SQL of their new values; the row itself is `t`. */
type Values = Readonly<Record<string, string>>;
export interface Stored {
  readonly table: string;
  readonly about: readonly string[];
  readonly through?: { readonly column: string; readonly table: string; readonly key: string };
  readonly hidden?: readonly string[];
  readonly forget: 'delete' | 'keep' | Values;
  readonly why: string;
}

type Extra = Pick<Stored, 'hidden'>;
const goes = (table: string, why: string, about: readonly string[] = ['person_id'], extra: Extra = {}): Stored => ({
  ...{ table, about, forget: 'delete', why },
  ...extra,
});
const stays = (table: string, why: string, about: readonly string[] = ['person_id'], extra: Extra = {}): Stored => ({
  ...{ table, about, forget: 'keep', why },
  ...extra,
});
const changes = (table: string, forget: Values, why: string, about: readonly string[] = ['person_id']): Stored => ({
  ...{ table, about, forget, why },
});
/** Of `table`’s rows, by the column that names them. */
const of = (child: string, column: string, table: string, forget: Stored['forget'] = 'keep', why = `as ${table}`) => ({
  ...{ table: child, about: [], through: { column, table, key: 'id' }, forget, why },
});

/** Of an address only where goods went: what a return or a complaint within three years can need. */
const placeOf = (column: string): string =>
  `CASE WHEN t.${column} IS NULL THEN NULL ELSE t.${column} || '{"recipient": "${FORGOTTEN_NAME}", "phone": "", "street": ""}'::jsonb END`;
const LAW = 'a record of the sale, kept at least three years (rule Z1)';
const BOOKS = 'what is owed and was paid, by id; the books are never changed (rule M2)';
const COUNTED = 'counted by id; limits per person must hold';
const FIGURE = 'figures by id, and it goes with its own retention';
const WORD = 'what was published in public; it shows the name that people has, which is gone';
const STAFF = 'of staff: who did what in the company’s name';

/** In this order a deletion goes through them; `people` is last, so that a request that is broken off finds the person again. */
export const inventory: readonly Stored[] = [
  // Who somebody is and how they are reached.
  goes('addresses', 'nothing is sent any more'),
  goes('adult_checks', 'rests on a consent'),
  changes(
    'consents',
    { withdrawn_at: 'coalesce(t.withdrawn_at, now())' },
    'that and when they agreed must be provable',
  ),
  goes('wechat_accounts', 'who they are to WeChat'),
  goes('wechat_grants', 'leave to write to them'),
  goes('payout_accounts', 'where money went to; nothing is owed any more'),
  goes('refresh_tokens', 'nobody signs in any more', ['person_id'], { hidden: ['token_hash'] }),
  goes('idempotency_keys', 'answers kept for retries', ['person_id'], { hidden: ['request_hash'] }),
  goes('stream_keys', 'of staff; a key is nobody’s any more'),
  goes('message_opt_outs', 'nothing is written to them any more'),
  goes('messages', 'letters to them'),
  goes('room_bookings', 'wishes to be told', ['person_id']),
  // Those by phone number name nobody by id; see steps.ts.
  changes(
    'room_invitations',
    { name: `'${FORGOTTEN_NAME}'`, phone: `CASE WHEN t.phone IS NULL THEN NULL ELSE '' END` },
    'that a conference had so many guests',
  ),
  changes('staff_accounts', { username: `'left-' || t.person_id`, password_hash: `'-'`, active: 'false' }, STAFF),
  changes('guide_personas', { bio: `''`, tags: `'{}'`, photo_id: 'NULL' }, STAFF, ['guide_id']),
  stays('guide_trainings', STAFF, ['guide_id']),
  goes('staff_codes', 'of staff; a code is nobody’s any more', ['person_id'], { hidden: ['code_hash'] }),
  goes('host_identities', 'seen so that they could host; nobody does any more'),
  stays('host_checks', 'what was found before a live (rule Z2), by id'),
  // Buying.
  goes('cart_lines', 'wishes'),
  changes('orders', { address: placeOf('address'), remark: `''` }, LAW),
  of('order_items', 'order_id', 'orders'),
  of('order_transitions', 'order_id', 'orders'),
  of('order_address_changes', 'order_id', 'orders', { before: placeOf('before'), after: placeOf('after') }, LAW),
  of('parcels', 'order_id', 'orders'),
  of('payments', 'order_id', 'orders'),
  of('refunds', 'order_id', 'orders'),
  stays('after_sales', LAW),
  of('after_sale_steps', 'after_sale_id', 'after_sales'),
  changes('invoices', { email: `''` }, 'tax law keeps invoices with their title'),
  of('invoice_events', 'invoice_id', 'invoices'),
  stays('reviews', WORD),
  stays('coin_top_ups', BOOKS),
  stays('given_gifts', BOOKS, ['person_id'], { hidden: ['subject'] }),
  stays('coupons', 'what an order was reduced by', ['person_id'], { hidden: ['code'] }),
  stays('coupon_holders', COUNTED),
  stays('offer_purchases', COUNTED),
  stays('bundle_purchases', COUNTED),
  stays('group_buys', LAW, ['opener_id']),
  stays('group_seats', LAW),
  stays('group_buyers', COUNTED),
  stays('pre_sale_buyers', COUNTED),
  // Levels, points, tags.
  stays('member_standings', FIGURE),
  stays('member_moves', FIGURE),
  stays('member_benefits', COUNTED),
  stays('points_accounts', BOOKS),
  stays('points_lots', BOOKS),
  stays('points_entries', BOOKS),
  goes('customer_tags', 'what was concluded about them'),
  goes('customer_checks', 'when to conclude again'),
  changes('customer_contacts', { note: `''` }, 'that a guide spoke with a customer'),
  changes('customer_marks', { ended_at: 'coalesce(t.ended_at, now())' }, 'who was let into which room and why'),
  stays('koc_proposals', 'reasons are figures'),
  // In rooms.
  stays('room_visits', FIGURE),
  stays('room_watches', FIGURE),
  stays('room_attendances', 'attendance of a conference, by id'),
  stays('room_likes', COUNTED),
  stays('room_moderation', 'why somebody was muted or banned'),
  stays('room_cohosts', STAFF),
  stays('chat_turns', FIGURE),
  stays('chat_reports', 'what was objected to', ['author_id']),
  stays('chat_report_voices', 'who objected, by id'),
  stays('guard_corrections', 'the correction log of the word list (rule Z3)'),
  changes('chain_lines', { note: `''` }, 'a place in a list that others stand in'),
  stays('check_in_marks', COUNTED),
  stays('poll_answers', 'votes, by id'),
  goes('drain_card_people', 'which cards they were shown'),
  stays('draw_entries', 'a draw stays verifiable (rule G2)', ['person_id'], { hidden: ['address_hash'] }),
  changes('draw_wins', { name: `'${FORGOTTEN_NAME}'`, address: placeOf('address') }, 'prizes that were sent'),
  stays('red_packet_shares', BOOKS),
  goes('follows', 'whom they follow, and who follows them', ['person_id', 'guide_id']),
  // Inviting.
  stays('share_links', 'what others opened', ['sharer_id']),
  stays('touches', 'the reason for a credit (rule A6); goes with its own retention', ['visitor_id'], {
    hidden: ['ip_hash', 'agent_hash', 'sharer_id'],
  }),
  stays('owner_bindings', 'whose customer an order came from', ['customer_id'], { hidden: ['why'] }),
  stays('invite_edges', 'what commission rests on, by id', ['invitee_id']),
  stays('invite_nodes', FIGURE),
  stays('invite_rollups', FIGURE),
  stays('invite_news', 'work to be done, gone within minutes'),
  stays('invite_task_grants', COUNTED),
  stays('newcomer_gift_shares', BOOKS),
  stays('order_credit_versions', 'why an order was credited, by id', ['person_id'], { hidden: ['trace'] }),
  stays('credit_appeals', 'why a credit was changed'),
  changes('agents', { note: `''` }, 'who sold in the company’s name, and by which agreement'),
  stays('sales_targets', STAFF),
  stays('commission_entries', BOOKS, ['beneficiary_id']),
  stays('commission_bonuses', BOOKS, ['beneficiary_id']),
  stays('commission_bonus_marks', 'work to be done', ['beneficiary_id']),
  stays('commission_holds', 'why commission was held', ['beneficiary_id'], { hidden: ['signals'] }),
  stays('settlement_lines', BOOKS),
  stays('settlement_preview_lines', BOOKS),
  stays('payout_bills', 'tax law keeps to whom money went'),
  stays('report_visits', FIGURE, ['visitor_id'], { hidden: ['inviter_id'] }),
  stays('report_exports', STAFF),
  // The requests themselves.
  stays('data_requests', 'that this was asked for and done'),
  changes(
    'people',
    { name: `'${FORGOTTEN_NAME}'`, phone: 'NULL', sandbox_account: 'NULL', active: 'false' },
    'an id that says nothing',
    ['id', 'merged_into'],
  ),
];
