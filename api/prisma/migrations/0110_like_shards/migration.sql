-- Likes of a room are the sum of a few rows, so that nodes that count at the same time do not wait for one another.
CREATE TABLE "room_like_shards" (
    "room_id" UUID NOT NULL,
    "shard" SMALLINT NOT NULL,
    "likes" BIGINT NOT NULL,

    CONSTRAINT "room_like_shards_pkey" PRIMARY KEY ("room_id", "shard")
);
ALTER TABLE "room_like_shards" ADD CONSTRAINT "room_like_shards_likes" CHECK (likes >= 0);

INSERT INTO "room_like_shards" ("room_id", "shard", "likes") SELECT "id", 0, "likes" FROM "rooms" WHERE "likes" > 0;

ALTER TABLE "rooms" DROP CONSTRAINT "rooms_counts";
ALTER TABLE "rooms" DROP COLUMN "likes";
ALTER TABLE "rooms" ADD CONSTRAINT "rooms_counts" CHECK (viewers_total >= 0 AND viewers_peak >= 0);

CREATE FUNCTION likes_of(room uuid) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  AS 'SELECT coalesce(sum(likes), 0)::bigint FROM room_like_shards WHERE room_id = room';
