/** Following a guide. A file of its own: the player loads it, and nothing else of moderation. */
import { z } from 'zod';
import { PersonId } from '../ids.ts';
import { Empty } from './common.ts';
import { defineRoute } from './route.ts';

const guide = z.strictObject({ id: PersonId });
const FollowState = z.object({ following: z.boolean(), followers: z.int() });
export const getFollow = defineRoute({
  id: 'guides.follow.get',
  method: 'GET',
  path: '/guides/:id/follow',
  tag: 'rooms',
  access: 'person',
  summary: 'Whether I follow a guide, and how many do',
  params: guide,
  reply: FollowState,
});
export const followGuide = defineRoute({
  id: 'guides.follow',
  method: 'POST',
  path: '/guides/:id/follow',
  tag: 'rooms',
  access: 'consumer',
  summary: 'Follow a guide; again is the same',
  params: guide,
  body: Empty,
  reply: FollowState,
});
export const unfollowGuide = defineRoute({
  id: 'guides.follow.end',
  method: 'DELETE',
  path: '/guides/:id/follow',
  tag: 'rooms',
  access: 'consumer',
  summary: 'Follow them no more',
  params: guide,
  status: 204,
});
