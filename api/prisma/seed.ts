/**
 * Fills a migrated database with the demo brand: `DATABASE_URL=… DEMO_PASSWORD=… node prisma/seed.ts`. Safe to run at every
 * start. The last line of its output is a JSON document that says what to open and how to sign in.
 * With SHARE_SECRET it also makes a guide's share link.
 */

import { hashPassword, verifyPassword } from '../src/features/identity/index.ts';
import { createShareLinksService } from '../src/features/share-links/index.ts';
import { createLedger } from '../src/ledger/index.ts';
import { systemClock as clock, systemRandom as random } from '../src/platform/clock.ts';
import { createDb, type Db } from '../src/platform/db.ts';
import { createLogger } from '../src/platform/logger.ts';
import { accounts } from './seed/brand.ts';
import {
  demoHost,
  findFirstHash,
  writeBudgets,
  writeCatalogue,
  writeCoupons,
  writeDemoRoom,
  writeScheduledRooms,
  writeStaff,
  writeUnits,
} from './seed/write-brand.ts';
import { writeDemoDeals } from './seed/write-deals.ts';
import { writeGroupCampaign, writePreSale, writeShipping } from './seed/write-selling.ts';

const { DATABASE_URL, DEMO_PASSWORD, SHARE_SECRET } = process.env;
if (!DATABASE_URL || !DEMO_PASSWORD) {
  process.stderr.write('The seed needs DATABASE_URL and DEMO_PASSWORD.\n');
  process.exit(2);
}
const db = createDb({ url: DATABASE_URL, poolSize: 2, onError: () => {} });
try {
  const hashes = await passwordsToWrite(db, DEMO_PASSWORD);
  const room = await db.transaction(async (tx) => {
    const at = clock.now();
    await writeUnits(tx, at);
    await writeStaff(tx, at, hashes);
    await writeCatalogue(tx, at);
    await writeBudgets(tx, at, createLedger({ random }));
    await writeCoupons(tx, at);
    await writeShipping(tx, at);
    await writeGroupCampaign(tx, at, random);
    await writePreSale(tx, at, random);
    await writeScheduledRooms(tx, at);
    const demo = await writeDemoRoom(tx, { clock, random });
    await writeDemoDeals(tx, demo.id, { clock, random });
    return demo;
  });
  const report = {
    demoRoom: room,
    accounts: accounts.filter(({ shown }) => shown).map(({ role, name, username }) => ({ role, name, username })),
    consumerLinks: SHARE_SECRET ? [await guideLink(db, SHARE_SECRET, room.id)] : [],
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
} finally {
  await db.close();
}

/** New hashes when the accounts are new or the demo password is another one; hashing costs a while, so only then. */
async function passwordsToWrite(database: Db, password: string): Promise<ReadonlyMap<string, string> | undefined> {
  const known = await findFirstHash(database.sql);
  if (known && (await verifyPassword(password, known))) return undefined;
  const hashed = accounts.map(async ({ username }) => [username, await hashPassword(password, random)] as const);
  return new Map(await Promise.all(hashed));
}

async function guideLink(database: Db, secret: string, roomId: string): Promise<{ label: string; path: string }> {
  const never = () => Promise.reject(new Error('the seed only makes links'));
  const shareLinks = createShareLinksService({
    db: database,
    clock,
    random,
    secret,
    publicUrl: '',
    log: createLogger('silent', 'seed'),
    lockPerson: never,
    onTouch: never,
    onBadToken: () => {},
  });
  const { personId, name } = demoHost();
  const link = await shareLinks.create({ personId, name, kind: 'staff' }, { roomId, channel: 'copy' });
  return { label: `导购${name}分享的链接`, path: link.path };
}
