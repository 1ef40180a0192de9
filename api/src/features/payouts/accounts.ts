/** To whom a provider transfers: who a person is to it, and their real name as they told it. */
import type { PaymentProviderName } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Sql } from '../../platform/db.ts';

export interface PayoutAccount {
  readonly provider: PaymentProviderName;
  readonly openId: string;
}
/** Undefined: nobody who could be paid. `sql`: the transaction that is open, if one is, so that no second connection is asked for. */
export type AccountOf = (
  sql: Sql,
  person: { readonly id: string; readonly kind: string },
) => Promise<PayoutAccount | undefined>;

/** Who somebody is to WeChat. */
export type OpenIdOf = (sql: Sql, personId: string) => Promise<string | undefined>;

/** WeChat where the person is known to it, else the sandbox where it is switched on. Guests have no account anywhere. */
export function createAccounts(deps: {
  /** Undefined where WeChat Pay is not configured. */
  openIdOf: OpenIdOf | undefined;
  sandbox: boolean;
}): AccountOf {
  return async (sql, { id, kind }) => {
    if (kind === 'guest') return undefined;
    const openId = await deps.openIdOf?.(sql, id);
    if (openId !== undefined) return { provider: 'wechat', openId };
    return deps.sandbox ? { provider: 'sandbox', openId: id } : undefined;
  };
}

export async function realNamesOf(sql: Sql, personIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await sql<{ id: string; name: string }>`
    SELECT person_id AS id, real_name AS name FROM payout_accounts WHERE person_id = ANY(${personIds}::uuid[])`;
  return new Map(rows.map(({ id, name }) => [id, name]));
}
export async function keepRealName(sql: Sql, clock: Clock, personId: string, realName: string): Promise<void> {
  if (realName === '') await sql`DELETE FROM payout_accounts WHERE person_id = ${personId}`;
  else
    await sql`INSERT INTO payout_accounts (person_id, real_name, updated_at) VALUES (${personId}, ${realName}, ${clock.now()})
      ON CONFLICT (person_id) DO UPDATE SET real_name = excluded.real_name, updated_at = excluded.updated_at`;
}
