/** The rules of a transfer (M2), without a database: who may be moved what, and how the entries chain onto the accounts. */

/**
 * What an account is for. `owner` names whose: a provider, an org unit, a person.
 * - `provider_clearing`   money a payment provider holds for us (owner: the provider); positive = they owe us
 * - `store_sales`         sales of an org unit (owner: its id); negative = earned
 * - `pre_sale_deposits`   deposits owed to buyers until the balance is paid or they are lost (owner: an org unit's id); negative = owed
 * - `unmatched_payments`  money that came for an order that could no longer take it, until it is back (owner: the provider)
 * - `commission_expense`  commission an org unit bears (owner: its id)
 * - `commission_payable`  commission a person is owed (owner: their id); negative = owed
 * - `coin_wallet`         prepaid coins of a person (owner: their id); negative = theirs, never positive
 * - `coin_refunds`        coins on their way back as money (owner: the provider); negative = not back yet
 * - `room_gifts`          gifts a room got that are not shared yet (owner: the room's id); negative = got, never positive
 * - `gift_revenue`        an org unit's share of gifts (owner: its id); negative = earned
 * - `gift_payable`        a guide's share of gifts (owner: their id); negative = owed
 * - `marketing_expense`   money set aside for marketing (owner: an org unit's id); positive
 * - `marketing_budget`    what an org unit may spend on red packets (owner: its id); negative = available, never positive
 * - `red_packet`          what a rain of red packets, or a red packet for newcomers, holds (owner: its id); negative = not taken yet, never positive
 * - `reward_balance`      rewards of a person (owner: their id); negative = theirs, never positive
 * - `payout_transit`      what was claimed for a person and is not transferred yet (owner: their id); negative = under way
 * - `payout_clearing`     what a provider transferred to people for us (owner: the provider); negative = transferred
 * - `tax_withheld`        income tax withheld from people (owner: headquarters' id); negative = owed to the tax office
 * - `store_settled`       earnings of a store that stand in one of its statements (owner: its id); positive
 * - `store_collected`     of these, money that the store took itself (owner: its id); negative
 * - `store_settlement`    between headquarters and a store (owner: its id); negative = the store is owed, positive = it owes
 * - `hq_share`            headquarters' share of a store's goods (owner: the store's id); negative = earned
 * - `bank_clearing`       money that went between headquarters and stores by bank (owner: headquarters' id)
 */
export type AccountKind =
  | 'provider_clearing'
  | 'store_sales'
  | 'pre_sale_deposits'
  | 'unmatched_payments'
  | 'commission_expense'
  | 'commission_payable'
  | 'coin_wallet'
  | 'coin_refunds'
  | 'room_gifts'
  | 'gift_revenue'
  | 'gift_payable'
  | 'marketing_expense'
  | 'marketing_budget'
  | 'red_packet'
  | 'reward_balance'
  | 'payout_transit'
  | 'payout_clearing'
  | 'tax_withheld'
  | 'store_settled'
  | 'store_collected'
  | 'store_settlement'
  | 'hq_share'
  | 'bank_clearing';
/** What was paid in before: more than that cannot be taken out. A CHECK of the database says the same. */
const prepaid: ReadonlySet<AccountKind> = new Set([
  'coin_wallet',
  'room_gifts',
  'marketing_budget',
  'red_packet',
  'reward_balance',
]);
export interface AccountRef {
  readonly kind: AccountKind;
  readonly owner: string;
}
/** One leg of a transfer: positive debits, negative credits. */
export interface Leg {
  readonly account: AccountRef;
  readonly amountFen: bigint;
}
export interface Transfer {
  /** What happened, for example `order_paid`. Together with `ref` it names the fact that moves money once. */
  readonly kind: string;
  readonly ref: string;
  readonly at: Date;
  readonly entries: readonly Leg[];
}

/** A transfer no ledger may take: always a mistake of the caller, never of a person. */
export class LedgerRuleError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LedgerRuleError';
  }
}

/** A prepaid account holds less than the transfer takes from it. Nothing is posted; the caller's transaction must not commit. */
export class LedgerShortError extends Error {
  readonly account: AccountRef;
  constructor(account: AccountRef, shortFen: bigint) {
    super(`account ${account.kind} ${account.owner} is short of ${shortFen} fen`);
    this.name = 'LedgerShortError';
    this.account = account;
  }
}

const KEY_SEPARATOR = '\u0000';
export const accountKey = ({ kind, owner }: AccountRef): string => `${kind}${KEY_SEPARATOR}${owner}`;

/** Rule M2: at least two entries, none of zero, and together they sum to zero. Throws LedgerRuleError. */
export function checkTransfer({ kind, ref, entries }: Transfer): void {
  const name = `transfer ${kind} ${ref}`;
  if (kind === '' || ref === '') throw new LedgerRuleError('a transfer needs a kind and a ref');
  if (entries.length < 2) throw new LedgerRuleError(`${name}: needs at least two entries`);
  if (entries.some((entry) => entry.amountFen === 0n)) throw new LedgerRuleError(`${name}: has an entry of zero`);
  if (entries.some((entry) => entry.account.owner === ''))
    throw new LedgerRuleError(`${name}: an account has no owner`);
  const sum = entries.reduce((total, entry) => total + entry.amountFen, 0n);
  if (sum !== 0n) throw new LedgerRuleError(`${name}: entries sum to ${sum}, not to zero`);
}

/** The accounts of a transfer, each once, in the one order in which everybody locks them. */
export function accountsInLockOrder(entries: readonly Leg[]): AccountRef[] {
  const unique = new Map(entries.map((entry) => [accountKey(entry.account), entry.account]));
  return [...unique].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, account]) => account);
}

export interface AccountState {
  readonly id: string;
  readonly balanceFen: bigint;
  /** Entries so far; the next one gets this plus one. */
  readonly entryCount: bigint;
}
export interface ChainedEntry {
  readonly accountId: string;
  readonly amountFen: bigint;
  readonly previousFen: bigint;
  readonly currentFen: bigint;
  readonly accountSeq: bigint;
}

/**
 * Appends the legs to their accounts: every entry starts from the balance the one before it left.
 * @throws LedgerShortError when a prepaid account would end below nothing.
 */
export function chainEntries(
  states: ReadonlyMap<string, AccountState>,
  entries: readonly Leg[],
): { entries: ChainedEntry[]; after: AccountState[] } {
  const current = new Map(states);
  const chained = entries.map(({ account, amountFen }) => {
    const key = accountKey(account);
    const state = current.get(key);
    if (!state) throw new LedgerRuleError(`account ${account.kind} ${account.owner} is not locked`);
    const next = { id: state.id, balanceFen: state.balanceFen + amountFen, entryCount: state.entryCount + 1n };
    current.set(key, next);
    return {
      accountId: state.id,
      amountFen,
      previousFen: state.balanceFen,
      currentFen: next.balanceFen,
      accountSeq: next.entryCount,
    };
  });
  for (const { account } of entries) {
    const balanceFen = current.get(accountKey(account))?.balanceFen ?? 0n;
    if (prepaid.has(account.kind) && balanceFen > 0n) throw new LedgerShortError(account, balanceFen);
  }
  return { entries: chained, after: [...current.values()] };
}
