/** Chains of forwarding, posters, and the library of what may be shared. */
import { z } from 'zod';
import { OrgUnitId, ProductId, RoomId, ShareLinkId } from '../ids.ts';
import { Fen } from '../money.ts';
import { ShareLinkView } from './attribution.ts';
import { Instant, OrgUnitRef, PageQuery, PersonRef, PictureUrl, page, text } from './common.ts';
import { pictureTypes } from './files.ts';
import { defineRoute } from './route.ts';

const linkParams = z.strictObject({ id: ShareLinkId });

/** One hand of a chain. The name is masked for everybody but staff who may read it. */
export const ChainHand = z
  .object({ linkId: ShareLinkId, name: z.string(), depth: z.int().min(0), at: Instant })
  .meta({ id: 'ChainHand' });
export const ShareChain = z
  .object({
    link: ShareLinkView,
    /** From the first hand down to the one before mine, at most 100; `above` of a link at depth 0 is empty. */
    above: z.array(ChainHand),
    /** What went on from here, by hands below mine: sums over the links of that step. */
    below: z.array(
      z.object({ step: z.int().min(1), links: z.int(), sharers: z.int(), visitors: z.int(), orders: z.int() }),
    ),
    /** Who handed on what came from this link, those that brought most first. */
    hands: z.array(ChainHand.extend({ visitors: z.int(), orders: z.int() })),
  })
  .meta({ id: 'ShareChain' });
export type ShareChain = z.infer<typeof ShareChain>;
export const getShareChain = defineRoute({
  id: 'share-links.chain',
  method: 'GET',
  path: '/share-links/:id/chain',
  tag: 'sharing',
  access: 'person',
  summary: 'Where a link stands in its chain of forwarding: for its sharer, and for staff who read reports of its room',
  params: linkParams,
  reply: ShareChain,
  errors: ['not_found'],
});

export const posterWidths = ['720', '1080'] as const;
export const getPoster = defineRoute({
  id: 'share-links.poster',
  method: 'GET',
  path: '/share-links/:id/poster.png',
  tag: 'sharing',
  access: 'person',
  summary:
    'The poster of my own link: cover, title, price (struck only with a basis, rule Z4), my name and a QR code that opens the link',
  params: linkParams,
  query: z.strictObject({
    width: z.enum(posterWidths).default('720'),
    lang: z.enum(['zh-CN', 'en']).default('zh-CN'),
  }),
  produces: ['image/png'],
  errors: ['not_found', 'rate_limited', 'unavailable'],
});

// ── content library (素材库) ────────────────────────────────────────────────────────────────────────────────────────

export const contentKinds = ['text', 'picture', 'voice', 'video'] as const;
export const ContentKind = z.enum(contentKinds).meta({ id: 'ContentKind' });
export type ContentKind = z.infer<typeof ContentKind>;
export const contentTypes = [...pictureTypes, 'video/mp4', 'audio/mp4', 'audio/mpeg'] as const;

export const Content = z
  .object({
    id: z.uuid(),
    kind: ContentKind,
    title: z.string(),
    body: z.string(),
    /** Of its picture, voice or video. */
    fileUrl: z.string().nullable(),
    mediaType: z.enum(contentTypes).nullable(),
    orgUnit: OrgUnitRef,
    room: z.object({
      id: RoomId,
      title: z.string(),
      state: z.enum(['scheduled', 'live', 'ended']),
      coverUrl: PictureUrl,
    }),
    product: z.object({ id: ProductId, title: z.string(), pictureUrl: PictureUrl, priceFen: Fen }).nullable(),
    /** A store's offer to hand on: whoever opens it can claim the coupon. */
    coupon: z
      .object({ kindId: z.uuid(), title: z.string(), offFen: Fen, minSpendFen: Fen, left: z.int(), open: z.boolean() })
      .nullable(),
    publishedAt: Instant,
  })
  .meta({ id: 'Content' });
export type Content = z.infer<typeof Content>;

export const ContentWithFigures = Content.extend({
  by: PersonRef,
  withdrawnAt: Instant.nullable(),
  /** People once (rule A7); orders that were paid, less what was refunded. */
  figures: z.object({
    sharers: z.int(),
    links: z.int(),
    visitors: z.int(),
    newCustomers: z.int(),
    orders: z.int(),
    netFen: Fen,
  }),
}).meta({ id: 'ContentWithFigures' });
export type ContentWithFigures = z.infer<typeof ContentWithFigures>;

const contentParams = z.strictObject({ id: z.uuid() });
export const listContents = defineRoute({
  id: 'contents.list',
  method: 'GET',
  path: '/contents',
  tag: 'sharing',
  access: 'person',
  summary: 'What I may share: published by my store, or a unit above it; with a room, by its unit or one above',
  query: PageQuery.extend({
    roomId: RoomId.optional(),
    /** Only offers that carry a coupon. */
    offers: z.enum(['1']).optional(),
  }),
  reply: page(Content),
});
export const getContent = defineRoute({
  id: 'contents.get',
  method: 'GET',
  path: '/contents/:id',
  tag: 'sharing',
  access: 'public',
  summary: 'A published item of the content library, as whoever comes by its link sees it',
  params: contentParams,
  reply: Content,
  errors: ['not_found'],
});
export const getContentFile = defineRoute({
  id: 'contents.file',
  method: 'GET',
  path: '/contents/:id/file',
  tag: 'sharing',
  access: 'public',
  summary: 'The picture, voice or video of a published item; takes a Range',
  params: contentParams,
  produces: contentTypes,
  errors: ['not_found'],
});
export const uploadContentFile = defineRoute({
  id: 'contents.upload',
  method: 'POST',
  path: '/content-files',
  tag: 'sharing',
  access: { staff: 'content:write' },
  summary:
    'Upload a picture, voice or video of up to 10 MB as the body of the request; what it is is read from its bytes',
  query: z.strictObject({ name: text(80) }),
  consumes: contentTypes,
  reply: z.object({ id: z.uuid(), mediaType: z.enum(contentTypes), bytes: z.int() }),
  status: 201,
  errors: ['body_too_large', 'unsupported_media_type', 'rate_limited'],
});
export const manageContents = defineRoute({
  id: 'contents.manage',
  method: 'GET',
  path: '/content-library',
  tag: 'sharing',
  access: { staff: 'reports:read' },
  summary: 'The library of my scope with what each item brought, withdrawn ones too',
  query: PageQuery,
  reply: page(ContentWithFigures),
});
export const publishContent = defineRoute({
  id: 'contents.publish',
  method: 'POST',
  path: '/contents',
  tag: 'sharing',
  access: { staff: 'content:write' },
  summary: 'Publish an item for a unit of my scope and everything below it; the word list reads it first; audited',
  body: z
    .strictObject({
      orgUnitId: OrgUnitId,
      kind: ContentKind,
      title: text(40),
      body: text(500, 0).default(''),
      fileId: z.uuid().nullable().default(null),
      roomId: RoomId,
      productId: ProductId.nullable().default(null),
      couponKindId: z.uuid().nullable().default(null),
    })
    .refine(({ kind, fileId }) => (kind === 'text') === (fileId === null), { path: ['fileId'], message: 'wrong_file' }),
  reply: Content,
  status: 201,
  errors: ['not_found', 'words_refused', 'invalid_request'],
});
export const withdrawContent = defineRoute({
  id: 'contents.withdraw',
  method: 'POST',
  path: '/contents/:id/withdraw',
  tag: 'sharing',
  access: { staff: 'content:write' },
  summary: 'Nobody sees or shares it any more; links to it lead to its room. Again = the same answer; audited',
  params: contentParams,
  body: z.strictObject({ reason: text(100) }),
  reply: z.object({ withdrawnAt: Instant }),
  errors: ['not_found'],
});
