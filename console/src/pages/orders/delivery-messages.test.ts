import { BulkShipLine, carriers, InvoiceState, Parcel, ParcelState } from '@walnut-live/contracts';
import { findMessageProblems } from '@walnut-live/ui';
import { expect, it } from 'vitest';
import { deliveryI18n } from './delivery-messages.ts';

it('every text is there in both languages, with the same parameters, and every value of the contracts has one', () => {
  const { zh } = deliveryI18n.messages;
  expect(findMessageProblems(deliveryI18n.messages)).toEqual([]);
  const events = Parcel.shape.events.element.shape.event.options;
  const keys = [
    ...carriers.map((carrier) => `carrier.${carrier}`),
    ...ParcelState.options.map((state) => `parcel.state.${state}`),
    ...events.map((event) => `parcel.event.${event}`),
    ...BulkShipLine.shape.result.options.map((result) => `bulk.result.${result}`),
    ...InvoiceState.options.map((state) => `invoice.state.${state}`),
  ];
  expect(keys.filter((key) => !(key in zh))).toEqual([]);
});
