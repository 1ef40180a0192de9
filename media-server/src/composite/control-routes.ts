/** `/control/composites/*`: see contracts/src/media/control.ts. Behind the token check of the control routes. */
import { CompositeOrder } from '@walnut-live/contracts';
import express, { type Router } from 'express';
import { readControlBody } from '../control/requests.ts';
import type { Composites } from './composites.ts';

export function createCompositeControl(composites: Composites): Router {
  const router = express.Router({ mergeParams: true });
  router.put('/', (request, response) => {
    response.json(composites.declare(idOf(request), readControlBody(CompositeOrder, request.body)));
  });
  router.get('/', (request, response) => {
    response.json(composites.view(idOf(request)));
  });
  router.delete('/', (request, response) => {
    composites.remove(idOf(request));
    response.status(204).end();
  });
  return router;
}

/** Checked by the control routes. */
const idOf = (request: express.Request): string => String((request.params as Record<string, unknown>).id);
