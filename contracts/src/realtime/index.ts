export * from './activities.ts';
export * from './chat.ts';
export * from './events.ts';
export * from './gifts.ts';
export * from './interaction.ts';
export * from './messages.ts';
export * from './snapshot.ts';
export * from './stage.ts';
