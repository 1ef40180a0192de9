-- Rooms whose log is in Redis: the epoch its numbers are of, and how far it was copied into room_events.
CREATE TABLE "room_log_epochs" (
    "room_id" UUID NOT NULL,
    "epoch" INTEGER NOT NULL,
    "archived_seq" BIGINT NOT NULL,

    CONSTRAINT "room_log_epochs_pkey" PRIMARY KEY ("room_id")
);
