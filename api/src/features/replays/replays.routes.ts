import {
  createClip,
  deleteClip,
  deleteReplay,
  getReplay,
  listProductClips,
  makeReplayFile,
  patchClip,
  playClip,
  replayChat,
  setReplayVisible,
} from '@walnut-live/contracts';
import type { Binder } from '../../platform/http.ts';
import type { ReplaysService } from './replays.service.ts';

export function bindReplayRoutes(bind: Binder, replays: ReplaysService): void {
  bind(getReplay, ({ principal, params }) => replays.get(principal, params.id));
  bind(replayChat, ({ principal, params, query }) => replays.chat(principal, params.id, query));
  bind(listProductClips, ({ principal, params }) => replays.clipsOfProduct(principal, params.id));
  bind(playClip, ({ principal, params }) => replays.playClip(principal, params.id));
  bind(createClip, ({ principal, params, body }) => replays.createClip(principal, params.id, body));
  bind(patchClip, ({ principal, params, body }) => replays.patchClip(principal, params.id, body));
  bind(deleteClip, ({ principal, params }) => replays.deleteClip(principal, params.id));
  bind(makeReplayFile, ({ principal, params, body }) => replays.file(principal, params.id, body.clipId));
  bind(setReplayVisible, ({ principal, params, body }) => replays.setVisible(principal, params.id, body.visible));
  bind(deleteReplay, ({ principal, params, body }) => replays.remove(principal, params.id, body.reason));
}
