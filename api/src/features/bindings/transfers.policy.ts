/** Who takes which customer of a guide who leaves: in turn, so that nobody gets two more than another. Pure. */
export function receiverOf<Receiver>(receivers: readonly Receiver[], no: number): Receiver {
  const receiver = receivers[no % receivers.length];
  if (receiver === undefined) throw new Error('transfer: nobody takes');
  return receiver;
}
