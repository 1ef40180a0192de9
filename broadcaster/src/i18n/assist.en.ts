import type { assistZh } from './assist.zh.ts';

export const assistEn: Readonly<Record<keyof typeof assistZh, string>> = {
  'assist.open': 'Assist',
  'assist.prepare': 'Prepare the bag',
  'assist.hint': 'While the host talks, you pin products, moderate the chat and start activities here.',
  'assist.none': 'Your store is not live now',
  'assist.none.hint': 'Lives of its guides appear here',
  'assist.badge': 'Assisting',
  'assist.waiting': 'Not live yet; the bag can be prepared',
  'assist.noPicture': 'The picture has not come yet',
  'assist.leave': 'Leave',
  'assist.connecting': 'Connecting to the room',
  'assist.over': 'The live is over',
  'assist.lost': 'The connection to the room is lost',
  'assist.replaced': 'The desk was opened elsewhere, and this one was disconnected.',
  'assist.picture': 'Picture of the live',
  'assist.listen': 'Listen',
  'assist.mute': 'Mute',
  'assist.notYours': 'Not a live of your store',
  'assist.notYours.hint': 'You can assist in the lives of your own store.',
};
