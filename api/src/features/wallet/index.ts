/** The coin wallet: see wallet.service.ts for the model. */
import {
  COIN_PACKAGES,
  FEN_PER_COIN,
  fenToWire,
  type GiftUsage,
  getWallet,
  listWallets,
  refundWallet,
  topUpWallet,
} from '@walnut-live/contracts';
import { cutPage } from '../../platform/cursor.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { createLimit } from '../../platform/limits.ts';
import { encodeSeq } from './movements.ts';
import { coinsOfFen } from './wallet.policy.ts';
import { createWalletService, type WalletDeps } from './wallet.service.ts';

export { type CoinMove, TOP_UP_SECONDS, type WalletService } from './wallet.service.ts';

export const TOP_UP_EXPIRY_JOB = 'top-ups-expiry';
const EXPIRY_EVERY_MS = 5_000;
/** A person who changes their mind about the amount stays far below this. */
const TOP_UPS_PER_MINUTE = 20;

export function createWallet(
  deps: WalletDeps & {
    bind: Binder;
    jobs: Jobs;
    /** What this real person may give and has given, and for how long a gift can be taken back. */
    readGiftTerms: (subject: string | null) => Promise<{ usage: GiftUsage; coolingSeconds: number }>;
  },
) {
  const { bind, db, jobs, adults } = deps;
  const wallet = createWalletService(deps);
  const topUps = createLimit({ points: TOP_UPS_PER_MINUTE, seconds: 60 });

  bind(getWallet, async ({ principal: { personId }, query }) => {
    const [coins, { subject, ...adult }, found] = await Promise.all([
      wallet.balance(db.sql, personId),
      adults.standing(db.sql, personId),
      wallet.movements(personId, query.cursor, query.limit + 1),
    ]);
    const { usage, coolingSeconds } = await deps.readGiftTerms(subject);
    const { rows: shown, nextCursor } = cutPage(found, query.limit, (last) => encodeSeq(last.seq));
    return {
      coins: fenToWire(coins),
      fenPerCoin: FEN_PER_COIN,
      packages: [...COIN_PACKAGES],
      adult,
      usage,
      coolingSeconds,
      items: shown.map((row) => ({
        id: String(row.seq),
        kind: row.kind,
        coins: fenToWire(coinsOfFen(-row.amountFen)),
        balanceCoins: fenToWire(coinsOfFen(-row.currentFen)),
        at: row.at.toISOString(),
        gift:
          row.giftName === null
            ? null
            : {
                name: row.giftName,
                nameEn: row.giftNameEn ?? '',
                quantity: row.quantity ?? 1,
                roomTitle: row.roomTitle ?? '',
              },
      })),
      nextCursor,
    };
  });
  bind(
    topUpWallet,
    ({ tx, principal, body }) => wallet.topUp(tx, principal.personId, body),
    async ({ principal }) => void (principal && (await topUps.take(principal.personId))),
  );
  bind(listWallets, ({ query }) => wallet.list(query));
  bind(refundWallet, ({ tx, principal, params, body }) => wallet.refund(tx, principal, params.personId, body));

  jobs.every(TOP_UP_EXPIRY_JOB, EXPIRY_EVERY_MS, async () => void (await wallet.expireDue()));
  return wallet;
}
