/** The drawings come with the first sticker of a room. */
export { Sticker as default } from '@walnut-live/ui';
