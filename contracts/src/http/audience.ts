import { z } from 'zod';
import { Instant, OrgUnitRef } from './common.ts';
import { defineRoute } from './route.ts';

/** Unique people (rule Z8), on all nodes; at most about a second old. */
export const peopleNow = defineRoute({
  id: 'org.people-now',
  method: 'GET',
  path: '/org-units/people-now',
  tag: 'rooms',
  access: { staff: 'rooms:read' },
  summary:
    'People in the rooms of each unit of my scope at this moment, parents first; a person in several rooms or with several devices counts once in each unit',
  reply: z.object({
    at: Instant,
    /** Of my whole scope. */
    peopleNow: z.int(),
    items: z.array(z.object({ unit: OrgUnitRef, peopleNow: z.int() })),
  }),
});
