import { useOnline } from '../app/use-online.ts';
import { type StageView, stageView } from './stage-view.ts';
import { useRoom } from './use-room.ts';
import { useVideo } from './video/video-provider.tsx';

export const useStageView = (): StageView => {
  const connection = useRoom((state) => state.connection);
  const loaded = useRoom((state) => state.loaded);
  const stage = useRoom((state) => state.stage);
  const stream = useRoom((state) => state.stream);
  const showing = useRoom((state) => state.showing);
  const selfBanned = useRoom((state) => state.selfBanned);
  const { phase } = useVideo();
  const online = useOnline();
  return stageView({ room: { connection, loaded, stage, stream, selfBanned, showing }, video: phase, online });
};
