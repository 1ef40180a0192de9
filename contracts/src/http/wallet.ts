import { z } from 'zod';
import { CoinTopUpId, PaymentId, PersonId } from '../ids.ts';
import { Fen } from '../money.ts';
import { Instant, PageQuery, PersonRef, text } from './common.ts';
import { defineRoute } from './route.ts';

/** The published rate: a coin is ten fen, always; the ledger keeps coins as money (rules M1, M2). */
export const FEN_PER_COIN = 10;
/** What can be bought at once; each at the one rate. */
export const COIN_PACKAGES = [
  { id: 'yuan-6', priceFen: 600, coins: 60 },
  { id: 'yuan-30', priceFen: 3_000, coins: 300 },
  { id: 'yuan-98', priceFen: 9_800, coins: 980 },
  { id: 'yuan-198', priceFen: 19_800, coins: 1_980 },
] as const;
const packageIds = COIN_PACKAGES.map(({ id }) => id);

/** A number of coins, never negative. */
export const Coins = z.int().min(0).max(1_000_000_000).meta({ description: 'coins, integer; one coin is ten fen' });

// ── adult check (rules G1, Z6) ──────────────────────────────────────────────────────────────────────────────────────

/** `minor`: the check was done and the person is under 18. */
export const AdultState = z.enum(['none', 'adult', 'minor']).meta({ id: 'AdultState' });
export type AdultState = z.infer<typeof AdultState>;
/** The wording that a person agrees to before their number is checked; a new wording needs a new consent. */
export const ADULT_CONSENT_WORDING = 1;
export const AdultCheck = z
  .object({ state: AdultState, checkedAt: Instant.nullable(), consentGivenAt: Instant.nullable() })
  .meta({ id: 'AdultCheck' });

export const getAdultCheck = defineRoute({
  id: 'adult-check.get',
  method: 'GET',
  path: '/me/adult-check',
  tag: 'wallet',
  access: 'consumer',
  summary: 'Whether I have shown that I am an adult, and when I agreed to the check',
  reply: AdultCheck,
});
export const checkAdult = defineRoute({
  id: 'adult-check.do',
  method: 'POST',
  path: '/me/adult-check',
  tag: 'wallet',
  access: 'consumer',
  summary:
    'Show by name and resident id number that I am an adult. The number is checked and forgotten: a keyed hash, the year of birth and the answer are kept',
  body: z.strictObject({
    name: text(30, 2),
    idNumber: z
      .string()
      .trim()
      .regex(/^\d{17}[\dXx]$/),
    /** The wording agreed to (rule Z6). */
    consentWording: z.literal(ADULT_CONSENT_WORDING),
  }),
  reply: AdultCheck,
  errors: ['identity_refused', 'rate_limited', 'provider_unavailable'],
});
export const withdrawAdultCheck = defineRoute({
  id: 'adult-check.withdraw',
  method: 'DELETE',
  path: '/me/adult-check',
  tag: 'wallet',
  access: 'consumer',
  summary:
    'Withdraw the consent: what was kept of the check is deleted; coins stay, top-ups and gifts need a new check',
  status: 204,
});

// ── wallet ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What somebody may give and has given; `used` counts the real person, whatever account they use. */
export const GiftUsage = z
  .object({
    perGiftCapCoins: Coins,
    day: z.object({ capCoins: Coins, usedCoins: Coins }),
    month: z.object({ capCoins: Coins, usedCoins: Coins }),
  })
  .meta({ id: 'GiftUsage' });
export type GiftUsage = z.infer<typeof GiftUsage>;

export const WalletMovement = z
  .object({
    id: z.string(),
    /** Kind of the ledger transfer, for example `coins_bought`, `gift_given`, `gift_taken_back`, `coins_given_back`. */
    kind: z.string(),
    /** Signed: coins that came (+) or went (−). */
    coins: z.int(),
    balanceCoins: Coins,
    at: Instant,
    gift: z.object({ name: z.string(), nameEn: z.string(), quantity: z.int(), roomTitle: z.string() }).nullable(),
  })
  .meta({ id: 'WalletMovement' });

export const getWallet = defineRoute({
  id: 'wallet.get',
  method: 'GET',
  path: '/wallet',
  tag: 'wallet',
  access: 'consumer',
  summary: 'My coins, what I may buy and give, and the movements, newest first',
  query: PageQuery,
  reply: z.object({
    coins: Coins,
    fenPerCoin: z.int(),
    packages: z.array(z.object({ id: z.string(), priceFen: Fen, coins: Coins })),
    adult: AdultCheck,
    usage: GiftUsage,
    /** How long a gift can be taken back. */
    coolingSeconds: z.int(),
    items: z.array(WalletMovement),
    nextCursor: z.string().nullable(),
  }),
});
export const topUpWallet = defineRoute({
  id: 'wallet.top-up',
  method: 'POST',
  path: '/wallet/top-ups',
  tag: 'wallet',
  access: 'consumer',
  idempotent: true,
  summary: 'Buy coins: a payment is prepared; the coins come when the provider reports it as captured',
  body: z.strictObject({
    packageId: z.enum(packageIds),
    /** Left out: chosen at the cashier. */
    provider: z.literal('sandbox').optional(),
  }),
  reply: z
    .object({
      topUpId: CoinTopUpId,
      coins: Coins,
      paymentId: PaymentId,
      amountFen: Fen,
      cashierUrl: z.string(),
      expiresAt: Instant,
    })
    .meta({ id: 'TopUp' }),
  status: 201,
  errors: ['adult_check_needed', 'adults_only', 'rate_limited', 'provider_unavailable'],
});

// ── for finance ─────────────────────────────────────────────────────────────────────────────────────────────────────

export const WalletSummary = z
  .object({
    person: PersonRef,
    phoneMasked: z.string().nullable(),
    coins: Coins,
    /** What of it can go back: bought and not given back yet. */
    refundableCoins: Coins,
    boughtCoins: Coins,
    /** Coins on their way back. */
    refundingCoins: Coins,
  })
  .meta({ id: 'Wallet' });
export const listWallets = defineRoute({
  id: 'wallets.list',
  method: 'GET',
  path: '/wallets',
  tag: 'wallet',
  access: { staff: 'wallets:refund' },
  summary: 'Wallets with coins, the fullest first; by name, or by phone number or top-up number in full',
  query: z.strictObject({ search: text(40).optional(), limit: z.coerce.number().int().min(1).max(100).default(20) }),
  reply: z.object({ items: z.array(WalletSummary) }),
});
export const refundWallet = defineRoute({
  id: 'wallets.refund',
  method: 'POST',
  path: '/wallets/:personId/refunds',
  tag: 'wallet',
  access: { staff: 'wallets:refund' },
  idempotent: true,
  summary: 'Give unused coins back as money, to the payments they were bought by; audited',
  params: z.strictObject({ personId: PersonId }),
  body: z.strictObject({ coins: Coins.min(1), reason: text(100) }),
  reply: WalletSummary,
  status: 202,
  errors: ['insufficient_coins', 'state_conflict', 'not_found'],
});
