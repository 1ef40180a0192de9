-- Where a room's own picture comes from: the studio's camera, or an encoder that publishes by WHIP.
ALTER TABLE "rooms" ADD COLUMN "source" TEXT NOT NULL DEFAULT 'camera';
