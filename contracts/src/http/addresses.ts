/** A person's address book. */
import { z } from 'zod';
import { Instant } from './common.ts';
import { Address } from './orders.ts';
import { defineRoute } from './route.ts';
import { RegionCode } from './shipping.ts';

export const AddressId = z.uuid().meta({ description: 'id of an address (UUIDv7)' });
/** In one book. */
export const MAX_ADDRESSES = 20;

/** The names of province, city and district follow from the code of the district. */
const AddressWish = z.strictObject({
  ...Address.pick({ recipient: true, phone: true, street: true }).shape,
  regionCode: RegionCode,
  isDefault: z.boolean().default(false),
});
export const SavedAddress = z
  .object({
    id: AddressId,
    address: Address.extend({ regionCode: RegionCode }),
    isDefault: z.boolean(),
    updatedAt: Instant,
  })
  .meta({ id: 'SavedAddress' });
export type SavedAddress = z.infer<typeof SavedAddress>;

const params = z.strictObject({ id: AddressId });
export const listAddresses = defineRoute({
  id: 'addresses.list',
  method: 'GET',
  path: '/me/addresses',
  tag: 'orders',
  access: 'person',
  summary: 'My addresses, the default first',
  reply: z.object({ items: z.array(SavedAddress) }),
});
export const addAddress = defineRoute({
  id: 'addresses.add',
  method: 'POST',
  path: '/me/addresses',
  tag: 'orders',
  access: 'person',
  idempotent: true,
  summary: 'Keep an address; the first one is the default',
  body: AddressWish,
  reply: SavedAddress,
  status: 201,
  errors: ['limit_exceeded'],
});
export const changeAddress = defineRoute({
  id: 'addresses.change',
  method: 'PUT',
  path: '/me/addresses/:id',
  tag: 'orders',
  access: 'person',
  summary: 'Change an address of mine; orders keep theirs',
  params,
  body: AddressWish,
  reply: SavedAddress,
  errors: ['not_found'],
});
export const removeAddress = defineRoute({
  id: 'addresses.remove',
  method: 'DELETE',
  path: '/me/addresses/:id',
  tag: 'orders',
  access: 'person',
  summary: 'Forget an address of mine; if it was the default, the latest one is',
  params,
  status: 204,
  errors: ['not_found'],
});
