import { Address } from '@walnut-live/contracts';
import { readJson, type SafeStorage } from '@walnut-live/ui';

const KEY = 'walnut-live.address';

export type AddressDraft = Record<Exclude<keyof Address, 'regionCode'>, string> & Pick<Address, 'regionCode'>;
export const addressFields = ['recipient', 'phone', 'province', 'city', 'district', 'street'] as const;

export const emptyAddress: AddressDraft = {
  recipient: '',
  phone: '',
  province: '',
  city: '',
  district: '',
  street: '',
};

/** What was typed last on this device, complete or not. It leaves the device only with an order. */
export const loadAddress = (storage: SafeStorage): AddressDraft => {
  const stored = readJson<Record<string, unknown>>(storage, KEY);
  const draft = { ...emptyAddress };
  for (const field of addressFields) {
    const value = stored?.[field];
    if (typeof value === 'string') draft[field] = value;
  }
  return draft;
};

export const saveAddress = (storage: SafeStorage, draft: AddressDraft): void =>
  storage.setItem(KEY, JSON.stringify(draft));

export type AddressCheck = { ok: true; address: Address } | { ok: false; wrong: ReadonlySet<keyof Address> };

/** Checks by the contract, so that the server cannot see it differently. */
export const checkAddress = (draft: AddressDraft): AddressCheck => {
  const parsed = Address.safeParse(draft);
  if (parsed.success) return { ok: true, address: parsed.data };
  return { ok: false, wrong: new Set(parsed.error.issues.map((issue) => issue.path[0] as keyof Address)) };
};

/** `浙江省 杭州市 西湖区 文三路 1 号` */
export const addressLine = ({ province, city, district, street }: Omit<AddressDraft, 'recipient' | 'phone'>): string =>
  [province, city, district, street].filter(Boolean).join(' ');
