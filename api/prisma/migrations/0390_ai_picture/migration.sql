-- Z7: the room says that its host's picture is generated; and that it has shown such a picture of a programme.
ALTER TABLE "rooms"
  ADD COLUMN "ai_picture" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "ai_shown" BOOLEAN NOT NULL DEFAULT false;
