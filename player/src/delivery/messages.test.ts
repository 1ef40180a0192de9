import { CartProblem, carriers, InvoiceState, Parcel, ParcelState } from '@walnut-live/contracts';
import { findMessageProblems } from '@walnut-live/ui';
import { expect, it } from 'vitest';
import { deliveryI18n } from './messages.ts';

it('every text is there in both languages, with the same parameters, and every value of the contracts has one', () => {
  const { zh } = deliveryI18n.messages;
  expect(findMessageProblems(deliveryI18n.messages)).toEqual([]);
  const keys = [
    ...carriers.map((carrier) => `carrier.${carrier}`),
    ...ParcelState.options.map((state) => `parcel.state.${state}`),
    ...Parcel.shape.events.element.shape.event.options.map((event) => `parcel.event.${event}`),
    ...InvoiceState.options.map((state) => `invoice.state.${state}`),
    ...CartProblem.options.map((problem) => `cart.problem.${problem}`),
  ];
  expect(keys.filter((key) => !(key in zh))).toEqual([]);
});
