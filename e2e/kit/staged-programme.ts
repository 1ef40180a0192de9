/**
 * Headquarters on the air without a browser: its scheduled room is started by the API, the demo film is its picture (sent as
 * it is, so it costs no encoding), and what else a programme has is done by the API as well: two stores relay it, guides are
 * asked to stand beside it, products are explained, somebody talks.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import {
  endRoom,
  getBag,
  inviteCohost,
  listCohostCandidates,
  listOrgUnits,
  listRooms,
  openProgramme,
  pinProduct,
  pushRelays,
  startRoom,
} from '@walnut-live/contracts';
import type { RoomSession } from '../../live-client/src/room/index.ts';
import { dyingWithUs } from '../../scripts/processes.ts';
import { ROOT } from '../../scripts/setup/paths.ts';
import { consumer, enterRoom, staffMember } from './online-person.ts';
import type { TestProduct } from './product.ts';

const STORES_THAT_RELAY = ['hq.north.beijing', 'hq.north.tianjin'];

export interface StagedProgramme extends AsyncDisposable {
  readonly roomId: string;
  readonly title: string;
  /** Whose programme it is. */
  readonly unitName: string;
  /** The product of that place in the bag is explained from now on, and somebody says something about it. */
  explain(place: number, remark: string): Promise<void>;
  /** Off the air; its replay is then made. */
  end(): Promise<void>;
}

/** @param film File of the demo programme. @param guides Names of those who are asked to be co-hosts. */
export async function stageProgramme(
  product: TestProduct,
  film: string,
  guides: readonly string[],
): Promise<StagedProgramme> {
  const { origin, demoPassword, ports, controlToken } = product;
  const hq = await staffMember(origin, 'hq-operations', demoPassword);
  const scheduled = (await hq.call(listRooms, { query: { state: 'scheduled', mine: 'true' } })).items;
  const room = scheduled.find(({ orgUnit }) => orgUnit.kind === 'hq');
  if (!room) throw new Error('the seed scheduled no programme');
  const params = { id: room.id };
  await hq.call(openProgramme, { params, body: { openTo: [room.orgUnit.path] } });
  const { publish } = await hq.call(startRoom, { params, body: {} });

  const [command = '', ...args] = dyingWithUs('TERM', [process.execPath, join(ROOT, 'scripts/demo-feed/main.ts')]);
  const feed = spawn(command, args, {
    stdio: 'ignore',
    env: {
      ...process.env,
      MEDIA_CONTROL_URL: `http://127.0.0.1:${ports.media}`,
      CONTROL_TOKEN: controlToken,
      STREAM_ID: publish.streamId,
      PROGRAMME: film,
    },
  });

  const units = (await hq.call(listOrgUnits)).items;
  const orgUnitIds = units.filter(({ path }) => STORES_THAT_RELAY.includes(path)).map(({ id }) => id);
  await hq.call(pushRelays, { params, body: { orgUnitIds } });
  for (const name of guides) {
    const [candidate] = (await hq.call(listCohostCandidates, { params, query: { search: name } })).items;
    if (!candidate) throw new Error(`${name} cannot be asked`);
    await hq.call(inviteCohost, { params, body: { personId: candidate.person.id } });
  }

  const bag = (await hq.call(getBag, { params })).items;
  const viewer: RoomSession = await enterRoom(await consumer(origin, '小满'), room.id);
  return {
    roomId: room.id,
    title: room.title,
    unitName: room.orgUnit.name,
    async explain(place, remark) {
      await hq.call(pinProduct, { params, body: { productId: bag[place]?.product.id ?? null } });
      viewer.sendChat(remark);
    },
    end: async () => void (await hq.call(endRoom, { params, body: {} })),
    async [Symbol.asyncDispose]() {
      viewer.close();
      await ended(feed);
    },
  };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}
