/** The rows of quizzes and surveys. Every function runs on the statement source it is given. */
import type { Poll, QuizLeader } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import { type Score, shownOf } from './polls.policy.ts';

export interface PollRow {
  readonly id: string;
  readonly roomId: string;
  readonly orgPath: string;
  readonly kind: Poll['kind'];
  readonly state: Poll['state'];
  readonly question: string;
  readonly options: readonly string[];
  readonly rightNo: number | null;
  readonly multiple: boolean;
  readonly liveResults: boolean;
  readonly changeable: boolean;
  readonly openedAt: Date;
  readonly closesAt: Date | null;
  readonly closedAt: Date | null;
  readonly answers: number;
  readonly revision: number;
  readonly tally: readonly number[];
  readonly leaders: readonly QuizLeader[] | null;
}

/** As anybody may see it. */
export function toPoll(row: PollRow): Poll {
  const shown = shownOf(row);
  return {
    id: row.id,
    roomId: row.roomId,
    kind: row.kind,
    state: row.state,
    question: row.question,
    options: [...row.options],
    multiple: row.multiple,
    changeable: row.changeable,
    openedAt: row.openedAt.toISOString(),
    closesAt: row.closesAt?.toISOString() ?? null,
    closedAt: row.closedAt?.toISOString() ?? null,
    answers: row.answers,
    tally: shown.tally ? [...row.tally] : null,
    revision: row.revision,
    rightNo: shown.key ? row.rightNo : null,
    leaders: shown.key ? [...(row.leaders ?? [])] : [],
  };
}

/** Counted from the answers; of a closed one they are what stands in its row, because nobody answers any more. */
export async function readPolls(sql: Sql, ids: readonly string[]): Promise<PollRow[]> {
  return sql<PollRow>`
    SELECT p.id, p.room_id AS "roomId", p.org_path AS "orgPath", p.kind, p.state, p.question, p.options, p.right_no AS "rightNo",
      p.multiple, p.live_results AS "liveResults", p.changeable, p.opened_at AS "openedAt", p.closes_at AS "closesAt",
      p.closed_at AS "closedAt", p.leaders, s.answers, s.revision,
      coalesce(p.tally, ARRAY(SELECT count(a.person_id)::int FROM generate_series(1, cardinality(p.options)) o(no)
        LEFT JOIN poll_answers a ON a.poll_id = p.id AND o.no = ANY(a.choices) GROUP BY o.no ORDER BY o.no)) AS tally
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted(id, at) JOIN polls p ON p.id = wanted.id
    CROSS JOIN LATERAL (SELECT count(*)::int AS answers, coalesce(sum(1 + changes), 0)::int AS revision
      FROM poll_answers WHERE poll_id = p.id) s
    ORDER BY wanted.at`;
}
export const readPoll = async (sql: Sql, id: string): Promise<PollRow | undefined> => (await readPolls(sql, [id]))[0];

/** False when another one is open in the room. */
export async function insertPoll(
  sql: Sql,
  poll: Pick<PollRow, 'id' | 'roomId' | 'orgPath' | 'kind' | 'question' | 'options' | 'rightNo'> &
    Pick<PollRow, 'multiple' | 'liveResults' | 'changeable' | 'openedAt' | 'closesAt'> & { readonly openedBy: string },
): Promise<boolean> {
  const made = await sql`
    INSERT INTO polls (id, room_id, org_path, kind, state, question, options, right_no, multiple, live_results, changeable, opened_by,
      opened_at, closes_at)
    VALUES (${poll.id}, ${poll.roomId}, ${poll.orgPath}, ${poll.kind}, 'open', ${poll.question}, ${poll.options}::text[], ${poll.rightNo},
      ${poll.multiple}, ${poll.liveResults}, ${poll.changeable}, ${poll.openedBy}, ${poll.openedAt}, ${poll.closesAt})
    ON CONFLICT (room_id) WHERE state = 'open' DO NOTHING RETURNING id`;
  return made.length > 0;
}

/**
 * Writes one answer of a person, or the change of it where that is allowed. Undefined when it was not taken: an answer is
 * there already.
 */
export async function writeAnswer(
  sql: Sql,
  answer: {
    pollId: string;
    personId: string;
    choices: readonly number[];
    at: Date;
    takenMs: number;
    changeable: boolean;
  },
): Promise<boolean> {
  const taken = await sql`
    INSERT INTO poll_answers AS a (poll_id, person_id, choices, at, taken_ms)
    VALUES (${answer.pollId}, ${answer.personId}, ${answer.choices}::int[], ${answer.at}, ${answer.takenMs})
    ON CONFLICT (poll_id, person_id) DO UPDATE
      SET choices = excluded.choices, at = excluded.at, taken_ms = excluded.taken_ms, changes = a.changes + 1
      WHERE ${answer.changeable}::boolean AND a.choices <> excluded.choices
    RETURNING poll_id`;
  return taken.length > 0;
}

export async function choicesOf(sql: Sql, pollId: string, personId: string): Promise<number[] | null> {
  const [row] = await sql<{ choices: number[] }>`
    SELECT choices FROM poll_answers WHERE poll_id = ${pollId} AND person_id = ${personId}`;
  return row?.choices ?? null;
}

/**
 * What people got right in the quizzes of a room, the one that is being closed included. Without staff under their private
 * number, the banned and the switched-off.
 */
export async function scoresOf(sql: Sql, roomId: string, closingId: string, now: Date): Promise<Score[]> {
  return sql<Score>`
    SELECT a.person_id AS "personId", pe.name, count(*)::int AS right, sum(a.taken_ms)::int AS ms
    FROM polls p JOIN poll_answers a ON a.poll_id = p.id AND a.choices = ARRAY[p.right_no] JOIN people pe ON pe.id = a.person_id
    WHERE p.room_id = ${roomId} AND p.kind = 'quiz' AND (p.state = 'closed' OR p.id = ${closingId}) AND pe.active
      AND NOT EXISTS (SELECT 1 FROM room_moderation m WHERE m.room_id = p.room_id AND m.person_id = pe.id AND m.kind = 'ban'
        AND m.lifted_at IS NULL AND (m.until IS NULL OR m.until > ${now}))
      AND NOT EXISTS (SELECT 1 FROM people s JOIN staff_accounts sa ON sa.person_id = s.id AND sa.active
        WHERE s.id = pe.id OR (s.phone = pe.phone AND s.kind = 'staff'))
    GROUP BY a.person_id, pe.name`;
}
