/**
 * Whose customer a person is (rules A1, A2): pure decisions.
 *
 * The first touch binds; the bond is kept as it is (no renewal by later touches) until it is no longer valid or, unprotected,
 * until somebody else's touch. A bond to HQ or a channel is never protected: the first store that reaches the customer has
 * them. Days: −1 = for ever, 0 = not at all, n = n × 24 hours.
 */
export interface AttributionPolicy {
  readonly version: number;
  readonly creditWindowSeconds: number;
  readonly protectDays: number;
  readonly validDays: number;
  readonly selfPurchaseCommission: boolean;
  /** Where rewards for the mere act of sharing may run (rule Z5). */
  readonly shareRewardChannels: readonly string[];
}
export interface Owner {
  readonly storeId: string;
  readonly guideId: string | null;
}
/** The last two are acts of staff. */
export type BindingReason =
  | 'sharer_store'
  | 'sharer_owner'
  | 'room_store'
  | 'first_order'
  | 'transferred'
  | 'hq_ruling';

export interface Binding extends Owner {
  readonly id: string;
  readonly boundAt: Date;
  /** Null = for ever. */
  readonly protectUntil: Date | null;
  readonly validUntil: Date | null;
}

const DAY_MS = 86_400_000;
const until = (days: number, from: Date): Date | null => (days < 0 ? null : new Date(from.getTime() + days * DAY_MS));

export function bindingTerms(
  policy: Pick<AttributionPolicy, 'protectDays' | 'validDays'>,
  unitKind: 'hq' | 'channel' | 'store',
  at: Date,
): { protectUntil: Date | null; validUntil: Date | null } {
  return {
    protectUntil: until(unitKind === 'store' ? policy.protectDays : 0, at),
    validUntil: until(policy.validDays, at),
  };
}

export const isValid = (binding: Pick<Binding, 'validUntil'>, at: Date): boolean =>
  binding.validUntil === null || binding.validUntil > at;
export const isProtected = (binding: Pick<Binding, 'protectUntil'>, at: Date): boolean =>
  binding.protectUntil === null || binding.protectUntil > at;

/** What a touch that speaks for `owner` does to the bond there is. */
export function decideBinding(current: Binding | undefined, owner: Owner, at: Date): 'bind' | 'keep' | 'replace' {
  if (!current) return 'bind';
  if (!isValid(current, at)) return 'replace';
  if (isProtected(current, at)) return 'keep';
  return current.storeId === owner.storeId && current.guideId === owner.guideId ? 'keep' : 'replace';
}

export interface Sharer {
  readonly id: string;
  readonly kind: 'guest' | 'consumer' | 'staff';
  /** Where a member of staff works; null for others. */
  readonly unit: { readonly id: string; readonly kind: 'hq' | 'channel' | 'store' } | null;
  /** Whose customer a consumer is, as far as that is valid now. */
  readonly owner: Owner | null;
}
/** For whom a sharer wins customers: their store and themselves, the store and guide they belong to, or the room's. */
export function ownerBySharer(
  sharer: Sharer,
  room: { orgUnitId: string; hostId: string },
): { owner: Owner; reason: BindingReason } {
  if (sharer.kind === 'staff' && sharer.unit?.kind === 'store')
    return { owner: { storeId: sharer.unit.id, guideId: sharer.id }, reason: 'sharer_store' };
  if (sharer.kind !== 'staff' && sharer.owner) return { owner: sharer.owner, reason: 'sharer_owner' };
  return { owner: { storeId: room.orgUnitId, guideId: room.hostId }, reason: 'room_store' };
}

/** Share links of these are opened inside WeChat, whatever anybody switches on. */
const insideWechat: ReadonlySet<string> = new Set(['wechat', 'moments']);
/** Rule Z5: whether a reward for the mere act of sharing may be given for a share by this channel, done where the sharer is. */
export const shareRewardsRun = (
  policy: Pick<AttributionPolicy, 'shareRewardChannels'>,
  share: { readonly channel: string; readonly insideWechat: boolean },
): boolean =>
  !share.insideWechat && !insideWechat.has(share.channel) && policy.shareRewardChannels.includes(share.channel);
